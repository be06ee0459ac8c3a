"""Bad input about models: the doctor says what it is and what to do, and so does the timeline."""

import json
from pathlib import Path

import pytest

from tests.agents.llm.wire.wire_server import Raw, WireServer, called, message
from tests.certificates import self_signed
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Answerer, Asked, Call, Fault, Kind, Reply, Turn
from tests.nexus.command_line import Terminal


def models(nexus: Terminal) -> dict[str, dict[str, str]]:
    """What the doctor says of each model."""
    typed = nexus("doctor", "--json")
    found = {check["part"]: check for check in json.loads(typed.out) if check["part"].startswith("Model")}
    assert typed.code == any(check["state"] == "broken" for check in found.values())
    return found


TRIAL = {"summary": "It fails.", "services": [{"service": "checkout", "grade": "bad"}], "false_alarm": False}


def trial(asked: Asked) -> Turn:
    """A model that does the doctor's trial."""
    if "look" in asked.tools:
        return Reply(calls=(Call("look", {"service": "checkout"}),), tokens_out=40)
    return Reply(calls=(Call("TrialReport", TRIAL),), tokens_out=60)


def handovers(nexus: Terminal, case: Path) -> str:
    """What the timeline of an incident, which goes on as far as it can without people, says of its models."""
    typed = nexus("run", "--world", case, "--json")
    body = json.loads(typed.out)
    assert [action["state"] for action in body["actions"]] == ["proposed"]
    return "\n".join(entry["text"] for entry in body["timeline"] if entry["kind"] == "handover")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(Kind.STATUS, 401), "refuses the API key (401); check the key"),
        (Fault(Kind.STATUS, 404), "does not know this model or path (404); check the model's name"),
        (Fault(Kind.STATUS, 400, code="context_length_exceeded"), "too long; name a model with a longer"),
        (Fault(Kind.HTML), "the base URL must be that of an OpenAI-compatible API"),
    ],
    ids=["401", "404", "400", "html"],
)
def test_what_an_endpoint_refuses_is_said_with_what_to_do(nexus: Terminal, fault: Fault, said: str) -> None:
    with FakeOpenAI(lambda _: fault) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "large")
        (check,) = models(nexus).values()
    assert check["state"] == "broken"
    assert said in check["found"]
    assert "go on with the playbook" in check["advice"]


def test_a_model_without_an_endpoint(nexus: Terminal, case: Path) -> None:
    nexus.set("NEXUS_LLM_MODEL", "large")
    (check,) = models(nexus).values()
    assert check["state"] == "broken"
    assert "named without an endpoint; set NEXUS_LLM_BASE_URL" in check["found"]
    assert "named without an endpoint; set NEXUS_LLM_BASE_URL" in handovers(nexus, case)
    refused = nexus("run", "--world", case, "--engine", "llm")
    assert (refused.code, "named without an endpoint" in refused.err) == (2, True)


def test_a_certificate_that_nobody_knows(nexus: Terminal, case: Path, tmp_path: Path) -> None:
    context, certificate = self_signed(tmp_path)
    with FakeOpenAI(trial, tls=context) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "large")
        (check,) = models(nexus).values()
        assert "certificate is not trusted (self-signed?); give its authority" in check["found"]
        assert "certificate is not trusted (self-signed?); give its authority" in handovers(nexus, case)
        nexus.set("NEXUS_LLM_CA_FILE", str(certificate))
        (check,) = models(nexus).values()
        assert check["state"] == "ok"


def test_every_model_of_the_chain_is_asked(nexus: Terminal) -> None:
    def answer(asked: Asked) -> Turn:
        return Fault(Kind.STATUS, 404) if asked.body["model"] == "small" else trial(asked)

    with FakeOpenAI(answer) as first, FakeOpenAI(lambda _: Fault(Kind.STATUS, 401)) as second:
        nexus.set("NEXUS_LLM_BASE_URL", first.base_url)
        nexus.set("NEXUS_LLM_MODEL", "large")
        nexus.set("NEXUS_LLM_MODEL_LIGHT", "small")
        nexus.set("NEXUS_LLM_FALLBACK", f"other@{second.base_url}")
        found = models(nexus)
    assert {part: check["state"] for part, check in found.items()} == {
        "Model large": "ok",
        "Model small": "broken",
        "Model other": "broken",
    }
    assert "(404)" in found["Model small"]["found"]
    assert second.base_url in found["Model other"]["found"]
    assert "go on with the other models" in found["Model other"]["advice"]


def prose(_: Asked) -> Turn:
    return Reply(text="The checkout service seems fine to me.")


def wrong_report(asked: Asked) -> Turn:
    call = (
        Call("look", {"service": "checkout"})
        if "look" in asked.tools
        else Call("TrialReport", {"summary": 7})
    )
    return Reply(calls=(call,))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (prose, "calls no tool and fills in no report: it writes text instead"),
        (wrong_report, "its report does not fit the schema (summary: "),
    ],
    ids=["prose", "wrong"],
)
def test_a_model_that_answers_and_cannot_work_is_broken(
    nexus: Terminal, answers: Answerer, said: str
) -> None:
    with FakeOpenAI(answers) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        (check,) = models(nexus).values()
    assert check["state"] == "broken"
    assert said in check["found"]


def test_what_a_model_showed_is_said_and_what_is_used_when(nexus: Terminal) -> None:
    with FakeOpenAI(trial) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        nexus.set("NEXUS_LLM_MODEL_DEEP", "larger")
        nexus.set("NEXUS_LLM_FALLBACK", "last")
        nexus.set("NEXUS_BUDGET_TOKENS", "70000")
        found = {check["part"]: check for check in json.loads(nexus("doctor", "--json").out)}
    assert "calls tools and fills in a report; about " in found["Model local-model"]["found"]
    assert found["Model local-model"]["found"].endswith("its context is not told")
    assert found["Tiers"]["found"].startswith("light: local-model, standard: local-model, deep: larger")
    assert found["Fallback"]["found"] == f"last at {server.base_url}, then the playbook"
    assert "P2 70000 tokens" in found["Budgets"]["found"]


def test_a_model_without_tools_is_said_to_be_asked_in_text_and_a_short_context_is_a_doubt(
    nexus: Terminal,
) -> None:
    def answers(asked: Asked) -> Raw:
        if asked.body.get("tools"):
            return Raw({"error": "this model does not support tools"}, 400)
        done = "Answer to look" in asked.text
        call = (
            {"tool": "TrialReport", "arguments": TRIAL}
            if done
            else {"tool": "look", "arguments": {"service": "a"}}
        )
        return Raw(message(content=json.dumps(call)))

    listed = Raw({"data": [{"id": "bge-small"}, {"id": "local-model", "max_model_len": 4096}]})
    with WireServer(answers, models=listed) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        (check,) = models(nexus).values()
    assert check["part"] == "Model local-model"  # the first that chats
    assert check["state"] == "ok"
    assert (
        "knows no tools: they stand in the text, and a schema binds its JSON (response_format)"
        in check["found"]
    )
    assert "4096 tokens of context" in check["found"]
    assert "4096 tokens of context are few: an incident needs about 16000" in check["advice"]


def test_a_model_that_is_not_there_is_named_with_those_that_are(nexus: Terminal) -> None:
    refused = Raw({"error": {"message": "model 'mistrall' not found", "type": "not_found_error"}}, 404)
    with WireServer(
        lambda _: refused, models=Raw({"models": [{"name": "mistral"}, {"name": "qwen"}]})
    ) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "mistrall")
        (check,) = models(nexus).values()
    assert "it says: model 'mistrall' not found; it lists mistral, qwen" in check["found"]


def test_a_model_that_reports_at_once_can_work_too(nexus: Terminal) -> None:
    raw = Raw(message("tool_calls", tool_calls=[called("TrialReport", TRIAL)]))
    with WireServer(lambda _: raw) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        (check,) = models(nexus).values()
    assert check["state"] == "ok"


def test_a_failure_that_repeats_is_told_once_with_how_often_and_booked_to_its_model(
    nexus: Terminal, case: Path
) -> None:
    with FakeOpenAI(lambda asked: Reply(text=f"I wonder, {asked.number} times.", tokens_in=50)) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "chatterbox")
        body = json.loads(nexus("run", "--world", case, "--json").out)
        shown = nexus("show", body["id"]).out
    (told,) = [entry["text"] for entry in body["timeline"] if entry["kind"] == "handover"]
    (failure,) = body["ledger"]["failures"]
    assert told.endswith(f"({failure['times']} times)")
    assert failure["times"] > 3
    assert (failure["model"], failure["fault"]) == ("chatterbox", "no_report")
    totals = {one["by"]: one for one in body["ledger"]["totals"]}
    assert totals["chatterbox"]["failed"] == failure["times"]
    assert totals["chatterbox"]["usage"]["tokens_in"] == body["usage"]["tokens_in"] > 0
    assert totals["playbook"]["usage"]["tokens_in"] == 0
    assert "chatterbox" in shown
    assert "Failed" in shown
