"""Questions are answered from the records, with citations; nothing is changed by asking."""

import json
import sqlite3
from pathlib import Path

import pytest

from agents.grounding import MARK
from nexus.service.answers import by_model, passages, ranked
from tests.agents.stage import incident as opened
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Fault, Kind, Reply, Script
from tests.nexus.command_line import Terminal


@pytest.fixture
def incident(nexus: Terminal, ended: Path) -> str:
    """An incident of the small case that has ended; its id."""
    nexus.goes_on_from(ended)
    (one,) = json.loads(nexus("incidents", "--json").out)
    assert one["status"] == "resolved"
    return str(one["id"])


def rows(nexus: Terminal) -> int:
    with sqlite3.connect(next(nexus.home.glob("*.db"))) as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        return sum(store.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables)  # noqa: S608


def test_without_a_model_the_fitting_lines_are_shown_with_their_ids(nexus: Terminal, incident: str) -> None:
    before = rows(nexus)
    typed = nexus("ask", incident, "Which deployment of checkout broke it?", "--json")
    assert typed.code == 0, typed.err
    said = json.loads(typed.out)
    assert said["engine"] == "playbook"
    assert any("checkout" in claim["text"] and "c2" in claim["text"] for claim in said["claims"])
    assert all(claim["evidence"] for claim in said["claims"])
    assert rows(nexus) == before


def test_what_the_records_do_not_hold_is_said(nexus: Terminal, incident: str) -> None:
    typed = nexus("ask", incident, "Zebras?")
    assert "Nothing in the evidence or the timeline speaks of that." in typed.out


def test_an_empty_question_and_an_unknown_incident_are_refused(nexus: Terminal, incident: str) -> None:
    assert nexus("ask", incident, " ").code == 2
    assert nexus("ask", "INC-2000-01-01-001", "what?").code == 2


def test_a_models_sentence_counts_only_with_its_record(nexus: Terminal, incident: str) -> None:
    def answer(asked: Asked) -> Reply:
        assert "# The question" in asked.text
        assert not asked.tools
        lines = [
            "checkout fails with 40 % errors [{0}]",
            "payment lost 93 % [{0}]",
            "It is fine.",
            "Unknown: users.",
        ]
        return Reply(text="\n".join(lines).format(_overview(asked)))

    with FakeOpenAI(answer) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        said = json.loads(nexus("ask", incident, "How bad is the error_ratio of checkout?", "--json").out)
    assert [claim["text"] for claim in said["claims"]] == [
        "checkout fails with 40 % errors",
        "Unknown: users.",
    ]
    assert said["note"].startswith("2 sentence(s) were left out")


def test_when_the_model_fails_the_records_answer_and_the_reason_is_said(
    nexus: Terminal, incident: str
) -> None:
    with FakeOpenAI(Script([Fault(Kind.STATUS, 401)])) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        said = json.loads(nexus("ask", incident, "Did checkout fail?", "--json").out)
    assert said["engine"] == "playbook"
    assert "refuses the API key (401)" in said["note"]
    assert said["claims"]


def test_ranking_prefers_rare_words_and_finds_nothing_without_any() -> None:
    assert ranked("what?", passages((), ()), 5) == ()
    case = opened()
    said = by_model("q", "It failed at 10 % [E-00000001]", {"E-00000001": "10 %"}, case)
    assert said.claims[0].evidence == ("E-00000001",)


@pytest.mark.parametrize("line", ["Unknown: a hacker has it", "A hacker has 10 % of it [E-00000001]"])
def test_an_answer_that_no_record_carries_is_told_as_an_opinion(line: str) -> None:
    said = by_model("q", line, {"E-00000001": "10 %"}, opened())
    assert all(claim.text.startswith(f"({MARK}") for claim in said.claims)


def _overview(asked: Asked) -> str:
    blocks = asked.text.split('<data source="')[1:]
    return next(block.split('"')[0] for block in blocks if "checkout" in block and "40 %" in block)


def ledger(nexus: Terminal, incident: str) -> dict[str, dict[str, object]]:
    """What each role used, as `show` tells it."""
    body = json.loads(nexus("show", incident, "--json").out)
    return {line["role"]: line for line in body["ledger"]["roles"]}


def test_what_an_answer_costs_is_in_the_ledger_and_the_next_model_is_asked(
    nexus: Terminal, incident: str
) -> None:
    with (
        FakeOpenAI(Script([Fault(Kind.STATUS, 404)])) as gone,
        FakeOpenAI(Script([Reply(text="Unknown: it.")])) as up,
    ):
        nexus.set("NEXUS_LLM_BASE_URL", gone.base_url)
        nexus.set("NEXUS_LLM_MODEL", "large")
        nexus.set("NEXUS_LLM_FALLBACK", f"small@{up.base_url}")
        nexus.set("NEXUS_LLM_PRICE_IN", "10")
        said = json.loads(nexus("ask", incident, "Did checkout fail?", "--json").out)
        asked = ledger(nexus, incident)["ask"]
        assert said["engine"] == "llm"
        assert (len(gone.requests), len(up.requests)) == (1, 1)
        assert asked["usage"]["model_calls"] == 2  # type: ignore[index]
        assert asked["usage"]["tokens_in"] == 100  # type: ignore[index]
        assert asked["limits"]["cost"] > 0  # type: ignore[index]
        shown = nexus("show", incident).out
        assert "Ask" in shown
        assert "120 of" in shown
        nexus.set("NEXUS_BUDGET_ROLE_TOKENS", "100")
        spent = json.loads(nexus("ask", incident, "Did checkout fail?", "--json").out)
        assert "budget of 100 tokens is spent" in spent["note"]
        assert (len(gone.requests), len(up.requests)) == (1, 1)


def test_while_an_incident_is_open_the_cost_of_an_answer_comes_by_its_inbox(
    nexus: Terminal, waiting: Path
) -> None:
    nexus.goes_on_from(waiting)
    (one,) = json.loads(nexus("incidents", "--json").out)
    with FakeOpenAI(Script([Reply(text="Unknown: it.")])) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        assert nexus("ask", one["id"], "Did checkout fail?").code == 0
    assert "ask" not in ledger(nexus, one["id"])
    assert nexus("resume", "--approve", "all").code == 0
    assert ledger(nexus, one["id"])["ask"]["works"] == 1
