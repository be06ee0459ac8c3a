"""The trace: who asked what, what came back, what it cost; from what the store holds."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from nexus.cli.terminal.trace import trace_view
from nexus.service.cost_trace import Trace
from tests.fake_answers import obliging
from tests.fake_openai import FakeOpenAI
from tests.nexus.command_line import Terminal


def traced(nexus: Terminal, incident: str) -> Trace:
    return Trace.model_validate_json(nexus("trace", incident, "--json").out)


def test_every_models_work_names_its_prompt_questions_and_cost(nexus: Terminal, case: Path) -> None:
    with FakeOpenAI(obliging) as server:
        nexus.set("NEXUS_LLM_BASE_URL", server.base_url)
        nexus.set("NEXUS_LLM_MODEL", "local-model")
        typed = nexus("run", "--world", case, "--approve", "all", "--engine", "llm", "--json")
        sent = len(server.requests)
    incident = str(json.loads(typed.out)["id"])
    trace = traced(nexus, incident)
    work = [one for step in trace.steps for one in step.work]
    spoken = [one.spent for one in work if one.spent.engine == "llm"]
    assert [step.step for step in trace.steps][:3] == ["triage", "investigation", "mitigation"]
    assert all(one.model == "local-model" and one.prompt_version for one in spoken)
    assert sum(one.spent.usage.model_calls for one in work) == trace.usage.model_calls == sent
    assert sum(total.usage.tokens_in for total in trace.totals) == trace.usage.tokens_in
    assert any(asked.tool == "overview" and asked.answer for one in work for asked in one.asked)
    shown = nexus("trace", incident).out
    assert "Backend Architect · investigate" in shown
    assert "local-model · prompt" in shown


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal_and_the_playbook_has_one_too(nexus: Terminal, ended: Path, width: int) -> None:
    nexus.goes_on_from(ended)
    (incident,) = json.loads(nexus("incidents", "--json").out)
    trace = traced(nexus, incident["id"])
    screen = StringIO()
    Console(file=screen, width=width, force_terminal=True, color_system=None).print(trace_view(trace))
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any("by playbook" in line for line in lines)
    assert any(line.startswith("├── investigation") for line in lines)


def test_an_incident_without_work_says_so() -> None:
    screen = StringIO()
    empty = Trace.model_validate({"incident": "INC-1", "title": "t", "steps": (), "totals": (), "usage": {}})
    Console(file=screen, width=80).print(trace_view(empty))
    assert "No role has finished" in screen.getvalue()
