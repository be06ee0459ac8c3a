"""Bad input about models: the doctor says what it is and what to do, and so does the timeline."""

import json
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.fake_turns import Asked, Fault, Kind, Reply, Turn
from tests.nexus.command_line import Terminal


def models(nexus: Terminal) -> dict[str, dict[str, str]]:
    """What the doctor says of each model."""
    typed = nexus("doctor", "--json")
    found = {check["part"]: check for check in json.loads(typed.out) if check["part"].startswith("Model")}
    assert typed.code == any(check["state"] == "broken" for check in found.values())
    return found


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
    with FakeOpenAI(obliging, tls=context) as server:
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
        return Fault(Kind.STATUS, 404) if asked.body["model"] == "small" else Reply(text="ready")

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
