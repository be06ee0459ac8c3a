"""Whole incidents with a model behind the real wire: a local OpenAI-compatible server, streamed and not."""

import json
import re
from pathlib import Path

import pytest

from tests.fake_answers import at_random, evil, obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Turn
from tests.nexus.command_line import Terminal

KEY = "sk-planted-0123456789abcdef"


def run(nexus: Terminal, case: Path, server: FakeOpenAI, **settings: str) -> dict[str, object]:
    """One incident to its end under the model's engine."""
    nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
    nexus.set("NEXUS_LLM_MODEL", "local-model")
    nexus.set("OPENAI_API_KEY", KEY)
    for name, value in settings.items():
        nexus.set(name, value)
    typed = nexus("run", "--world", case, "--approve", "all", "--engine", "auto", "--json")
    body: dict[str, object] = json.loads(typed.out)
    assert typed.code == (3 if body["status"] == "handed_over" else 0), typed.err
    return body


def engines(body: dict[str, object]) -> set[str]:
    timeline = body["timeline"]
    assert isinstance(timeline, list)
    return {entry["engine"] for entry in timeline if entry["kind"] in {"finding", "update"}} - {"code", ""}


@pytest.mark.parametrize("streaming", ["true", "false"])
def test_an_incident_runs_to_its_end_with_a_model(nexus: Terminal, case: Path, streaming: str) -> None:
    with FakeOpenAI(obliging, key=KEY) as server:
        body = run(nexus, case, server, NEXUS_LLM_STREAMING=streaming)
        assert {bool(asked.body.get("stream")) for asked in server.requests} == {streaming == "true"}
    assert body["status"] == "resolved"
    assert engines(body) == {"llm"}
    usage = body["usage"]
    assert isinstance(usage, dict)
    assert usage["model_calls"] == len(server.requests)
    assert usage["tokens"] > 0


def of_task(server: FakeOpenAI, task: str) -> list[Asked]:
    return [asked for asked in server.requests if f"Task: {task}." in asked.text]


def test_what_code_asked_stands_in_the_brief_and_is_not_offered_again(nexus: Terminal, case: Path) -> None:
    with FakeOpenAI(obliging) as server:
        body = run(nexus, case, server)
        confirming, proposing = of_task(server, "verify"), of_task(server, "mitigate")
        looking = of_task(server, "investigate")
    assert confirming, "roles confirm the recovery"
    for asked in confirming:
        for tool in ("recovery", "overview", "endpoints"):
            assert re.search(rf"^E-[0-9a-f]{{8}} · {tool} · .*\n<data source=", asked.text, re.MULTILINE), (
                tool
            )
            assert tool not in asked.tools
        assert "evidence" in asked.tools, "what came before can be read"
    assert all({"suspects", "changes"}.isdisjoint(asked.tools) for asked in looking)
    kinds = re.compile(r"you may propose only: ([a-z_, ]+)\.")
    for asked in proposing:
        allowed = kinds.search(asked.text)
        enum = re.search(r'"kind": \{"enum": \[([^\]]*)\]', json.dumps(asked.tools["MitigationReport"]))
        assert (allowed[1] if allowed else None) == (enum[1].replace('"', "") if enum else None)
    assert any(kinds.search(asked.text) for asked in proposing)
    assert body["status"] == "resolved"


def test_who_chooses_what_customers_read_knows_what_is_said_in_any_case(nexus: Terminal, case: Path) -> None:
    with FakeOpenAI(obliging) as server:
        body = run(nexus, case, server)
        asked = of_task(server, "status_update")
    timeline = body["timeline"]
    assert isinstance(timeline, list)
    told = [entry["text"] for entry in timeline if entry["kind"] == "update" and entry["engine"] == "llm"]
    always = [re.findall(r"\(said in any case\): (.*?)(?= - |\n|$)", one.text) for one in asked]
    assert len(told) == len(asked) > 0
    # What is done stands as it was shown; what users notice is measured once more.
    assert all(said[-1] in text for said, text in zip(always, told, strict=True))
    assert all("Code measures once more when it publishes" in one.text for one in asked)


def test_a_model_that_nobody_named_is_the_first_that_the_endpoint_lists(nexus: Terminal, case: Path) -> None:
    with FakeOpenAI(obliging) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        typed = nexus("run", "--world", case, "--approve", "none", "--json")
        assert typed.code == 3, typed.err
        assert engines(json.loads(typed.out)) == {"llm"}
        assert len({asked.body["model"] for asked in server.requests}) == 1


class Dying:
    """Answers some requests, then its server is gone."""

    def __init__(self, answers: int) -> None:
        self.left = answers
        self.server: FakeOpenAI | None = None

    def __call__(self, asked: Asked) -> Turn:
        self.left -= 1
        if self.left == 0 and self.server is not None:
            self.server.close()
        return obliging(asked)


def test_with_the_server_gone_in_the_middle_the_playbook_finishes(nexus: Terminal, case: Path) -> None:
    dying = Dying(answers=7)
    with FakeOpenAI(dying) as server:
        dying.server = server
        body = run(nexus, case, server, NEXUS_LLM_TIMEOUT="2", NEXUS_LLM_ASSIGNMENT_SECONDS="4")
    assert engines(body) == {"llm", "playbook"}
    timeline = body["timeline"]
    assert isinstance(timeline, list)
    assert any(entry["kind"] == "handover" for entry in timeline)
    assert body["status"] != "open"


@pytest.mark.parametrize("answers", [evil, at_random])
def test_the_worst_models_there_are_execute_nothing_outside_the_inventory(
    nexus: Terminal, case: Path, answers: Answerer
) -> None:
    with FakeOpenAI(answers) as server:
        body = run(nexus, case, server)
    assert body["status"] != "open"
    actions = body["actions"]
    assert isinstance(actions, list)
    assert {action["target"] for action in actions} <= {
        "web",
        "checkout",
        "catalogue",
        "payment",
        "orders-db",
    }
    versions = {action["arguments"].get("version") for action in actions} - {None}
    assert versions <= {"0.9", "1.0", "2.0", "3.0", "3.1"}


def test_the_key_stays_in_the_header(nexus: Terminal, case: Path) -> None:
    nexus.set("NEXUS_LOG_LEVEL", "debug")
    with FakeOpenAI(obliging, key=KEY) as server:
        run(nexus, case, server)
        assert KEY not in json.dumps([asked.body for asked in server.requests])
    for path in nexus.home.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_a_spent_budget_pages_a_person_once_and_the_playbook_finishes(nexus: Terminal, case: Path) -> None:
    with FakeOpenAI(obliging) as server:
        body = run(nexus, case, server, NEXUS_BUDGET_TOKENS="900", NEXUS_LLM_PRICE_OUT="5")
        assert 5 <= len(server.requests) <= 20
    assert body["status"] in {"resolved", "handed_over"}
    assert engines(body) == {"llm", "playbook"}
    paged = (nexus.home / "incidents" / str(body["id"]) / "pages.md").read_text()
    assert paged.count("budget of 900 tokens is spent") == 1
    timeline, ledger = body["timeline"], body["ledger"]
    assert isinstance(timeline, list)
    assert isinstance(ledger, dict)
    assert sum("the models stop" in entry["text"] for entry in timeline) == 1
    assert ledger["incident"]["limits"]["tokens"] == 900
    assert ledger["incident"]["usage"] == {name: body["usage"][name] for name in ledger["incident"]["usage"]}  # type: ignore[index]
    shown = nexus("show", str(body["id"])).out
    assert "of 900" in shown
    assert "of 300,000" in shown
