"""A round of the investigation that can learn nothing new is not run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from evals.case import open_eval_case
from evals.run import run_case
from graph.rounds import is_idle, look_of, news
from incidents.facts import Facts
from incidents.findings import Category, Channel, Diagnosis, Reason, Suspect
from incidents.look import Look, Suspicion
from incidents.notes import Note
from incidents.reports import Task
from incidents.severity import Status
from nexus.config.settings import Settings
from tests.graph.harness import ScriptedEngine, bench, incident

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
WEB = Suspicion(service="web", category=Category.CODE, score=2.0, channels=(Channel.LOGS,))
SEEN = Look(telemetry=AT, suspects=(WEB,), affected=("web",), changes=("deploy-3",), alerts=("a firing",))
LATER = SEEN.model_copy(update={"telemetry": AT + timedelta(minutes=5)})


def test_more_of_the_same_is_nothing_new() -> None:
    assert news(SEEN, SEEN) == ()
    assert news(SEEN, LATER) == ()
    hotter = LATER.model_copy(update={"suspects": (WEB.model_copy(update={"score": 2.3}),)})
    assert news(SEEN, hotter) == ()


@pytest.mark.parametrize(
    "other",
    [
        {"suspects": (WEB.model_copy(update={"score": 4.0}),)},
        {"suspects": (WEB.model_copy(update={"change": "deploy-3"}),)},
        {"suspects": (WEB.model_copy(update={"channels": (Channel.LOGS, Channel.TRACES)}),)},
        {"suspects": ()},
        {"affected": ("db", "web")},
        {"affected": ()},
        {"down": ("web",)},
        {"quiet": True},
        {"changes": ("deploy-3", "flag-1")},
        {"silent": ("logs",)},
        {"alerts": ("a firing", "b firing")},
        {"alerts": ("a resolved",)},
        {"said": 1},
    ],
)
def test_anything_else_to_go_by_is_news(other: dict[str, object]) -> None:
    assert len(news(SEEN, LATER.model_copy(update=other))) == 1


def test_the_same_samples_ranked_a_little_later_are_nothing_new() -> None:
    assert news(SEEN, SEEN.model_copy(update={"suspects": ()})) == ()


def test_a_role_that_gave_no_report_is_asked_again() -> None:
    (told,) = news(SEEN.model_copy(update={"unheard": ("backend_architect",)}), LATER)
    assert "backend_architect" in told


def test_only_a_later_round_without_a_question_can_be_idle() -> None:
    suspect = Suspect(service="web", score=2, reasons=(Reason(channel=Channel.LOGS, text="new", score=2),))
    facts = Facts(at=AT, affected=("web",))
    first = incident().evolve(suspects=(suspect,), facts=facts)
    look = look_of(first, AT, ["deploy-3"])
    assert not is_idle(first, look)
    unknown = Diagnosis(service=None, category=Category.UNKNOWN, confidence="low", summary="")
    later = first.evolve(looked=look, diagnosis=unknown)
    assert is_idle(later, look_of(later, AT, ["deploy-3"]))
    assert not is_idle(later.evolve(question="what of the queue?"), look)
    noted = later.evolve(notes=(Note(at=AT, by="dana", text="the queue is full"),))
    assert not is_idle(noted, look_of(noted, AT, ["deploy-3"]))


async def test_a_recorded_incident_without_a_cause_is_investigated_once_and_handed_over(
    tmp_path: Path,
) -> None:
    case = open_eval_case(Path("evals/cases/shop-customer-export"))
    run = await run_case(case, Settings(log_level="error", home=tmp_path), "playbook")
    assert run.record is not None, run.error
    ended, told = run.record.incident, run.record.entries
    assert ended.status is Status.HANDED_OVER
    assert ended.impact.data_breach_suspected
    asked = [line for line in ended.usage_lines if line.task == Task.INVESTIGATE]
    assert len(asked) == len({line.role for line in asked}) > 1
    idle = [one.text for one in told if one.text.startswith("nobody is asked again")]
    assert len(idle) == 2
    assert "could change it" in idle[0]
    assert "2 later looks saw nothing new" in ended.end_reason


async def test_a_role_that_failed_is_asked_again_and_nobody_once_it_answered() -> None:
    engine = ScriptedEngine(knows=False, failing=frozenset({Task.INVESTIGATE}))
    at = bench(engine)
    await at.run(incident())
    rounds = [a.id for a in engine.asked if a.task is Task.INVESTIGATE]
    assert len({one.split("-")[0] for one in rounds}) == 3
    engine = ScriptedEngine(knows=False)
    at = bench(engine)
    await at.run(incident())
    rounds = [a.id for a in engine.asked if a.task is Task.INVESTIGATE]
    assert len({one.split("-")[0] for one in rounds}) == 1
