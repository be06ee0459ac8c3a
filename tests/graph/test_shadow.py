"""In shadow everything runs and nobody is asked: what stood is kept, and it ends by itself."""

from datetime import timedelta

import pytest

from agents.engine import Assignment
from graph.shadow_end import LONGEST, ends_at
from incidents.action import Action, ActionKind, ActionState, Approval, Arguments, Verdict
from incidents.changes import Change, ChangeKind, Deed
from incidents.errors import ActionRefused, ApprovalRefused
from incidents.events import AlertsArrived, Resolved
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy, decide, permit
from incidents.reports import ProposedAction, Task
from incidents.severity import Severity, Status
from incidents.shadow import Shadow
from tests.graph.harness import RUNBOOK, Bench, ScriptedEngine, alert, bench, incident
from tests.graph.worlds import ALERT
from tools.chronicle import chronicle

WHOLE = Shadow(whole=True)
LASTS = RUNBOOK.watch.lasts


def in_shadow(shadow: Shadow = WHOLE) -> Incident:
    return incident().evolve(shadow=shadow)


def ends_after(at: Bench, minutes: float) -> None:
    """Its alert ends so long after it began."""
    gone = alert("resolved", ALERT + timedelta(minutes=minutes))
    at.people.events = [
        (gone.received_at, lambda _i, now: AlertsArrived(id="gone", incident="INC-1", at=now, alerts=(gone,)))
    ]


async def test_a_change_stands_and_nobody_is_asked_or_called() -> None:
    at = bench(minutes=1)
    ends_after(at, 10)
    ended = await at.run(in_shadow())
    (stood,) = ended.proposals
    assert stood.state is ActionState.SHADOW
    assert stood.proposed_at == ended.rests_since
    assert not at.heard.pages, "nobody is called"
    assert at.world.calls == []
    assert ended.status is Status.RESOLVED
    assert ended.post_mortem is not None, "everything runs"
    assert ended.ended_at == ALERT + timedelta(minutes=10) + LASTS


async def test_the_same_incident_outside_of_it_asks() -> None:
    at = bench(minutes=1)
    ends_after(at, 10)
    asked = await at.run(incident())
    assert asked.proposals[0].state is not ActionState.SHADOW
    assert at.heard.pages


async def test_what_finds_no_cause_is_left_to_nobody() -> None:
    at = bench(ScriptedEngine(knows=False), minutes=1)
    ends_after(at, 60)
    ended = await at.run(in_shadow())
    assert ended.proposals == ()
    assert ended.handed_over_at is None
    assert not at.heard.pages
    assert any("found no cause" in text and "Nobody is asked or called" in text for text in await at.told())


async def test_alerts_that_do_not_end_are_over_after_a_day() -> None:
    at = bench(minutes=1)
    ended = await at.run(in_shadow())
    assert ended.ended_at == ALERT + LONGEST
    assert not ended.open
    assert ended.status is Status.HANDED_OVER, "nothing says that it was resolved"
    assert "for a day" in ended.end_reason
    assert ended.closed


async def test_once_all_is_said_no_update_is_written_any_more() -> None:
    at = bench(ScriptedEngine(severity=Severity.P0), minutes=1)
    ended = await at.run(in_shadow())
    assert ended.rests_since is not None
    spoken = [job for job in at.engine.asked if job.task in {Task.STATUS_UPDATE, Task.BRIEF}]
    assert len(spoken) < 10, "a day has 96 quarters of an hour"


def by_people(minutes: float, version: str) -> Change:
    when = ALERT + timedelta(minutes=minutes)
    return Change(
        time=when, id="c2", service="checkout", kind=ChangeKind.DEPLOY, version_to=version, author="kim",
        summary="back",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("people", "deed", "said"),
    [
        ((), Deed.NONE, "people changed nothing"),
        ((by_people(9, "1.0"),), Deed.SAME, "people made the same change 6m later"),
        ((by_people(9, "0.9"),), Deed.OTHER, "people made another change 6m later"),
        ((by_people(1, "1.0"),), Deed.SAME, "people made the same change 2m before it stood"),
    ],
)
async def test_what_people_did_stands_beside_it(people: tuple[Change, ...], deed: Deed, said: str) -> None:
    at = bench(minutes=1, people=people)
    ends_after(at, 10)
    ended = await at.run(in_shadow())
    did = ended.proposals[0].people_did
    assert did is not None
    assert did.deed is deed
    told = await at.told()
    assert [text for text in told if said in text], [text for text in told if "people" in text]


async def test_who_was_not_there_reads_that_nobody_was_called_and_what_people_did() -> None:
    at = bench(minutes=1, people=(by_people(9, "1.0"),))
    ends_after(at, 10)
    ended = await at.run(in_shadow())
    told = [row.what for row in chronicle(ended, await at.store.entries("INC-1"))]
    assert "Severity P1; in shadow nobody is called" in told
    assert "Roll back checkout to 1.0: stands in shadow" in told
    assert "Release 1.0 of checkout goes live: back" in told
    assert not [one for one in told if one.startswith("Customers")]


async def test_a_change_feed_that_is_silent_is_said_and_nothing_is_taken_for_it() -> None:
    at = bench(minutes=1)
    ends_after(at, 10)

    def falls_silent(job: Assignment) -> None:
        at.world.silent_changes |= job.task is Task.MITIGATE

    at.engine.before = falls_silent
    ended = await at.run(in_shadow())
    assert ended.proposals[0].people_did is None
    assert any(text.startswith("what people did meanwhile is not known: ") for text in await at.told())


async def test_a_person_may_end_it_as_any_other() -> None:
    at = bench(minutes=1)
    when = ALERT + timedelta(minutes=40)
    at.people.events = [
        (when, lambda _i, now: Resolved(id="r", incident="INC-1", at=now, by="dana", note="rolled back"))
    ]
    ended = await at.run(in_shadow())
    assert ended.status is Status.RESOLVED
    assert ended.proposals[0].state is ActionState.SHADOW
    assert ended.proposals[0].people_did is not None


class Twofold(ScriptedEngine):
    """Proposes a rollback and, behind it, a flag."""

    def _proposals(self, assignment: Assignment) -> tuple[ProposedAction, ...]:
        flag = Action(
            kind=ActionKind.FEATURE_FLAG,
            service="checkout",
            arguments=Arguments(flag="bundles", enabled=False),
        )
        behind = ProposedAction(action=flag, reason="it came then", expected_effect="errors fall")
        first = super()._proposals(assignment)
        return (*first, behind) if first else ()


async def test_the_next_change_outside_of_it_is_put_to_people() -> None:
    at = bench(Twofold(), minutes=1)
    asked = await at.run(in_shadow(Shadow(kinds=(ActionKind.ROLLBACK,))))
    first, second = asked.proposals[:2]
    assert first.state is ActionState.SHADOW
    assert second.action.kind is ActionKind.FEATURE_FLAG
    assert second.state is ActionState.EXPIRED, "people were asked, and nobody answered"
    assert any(text.startswith("A2: ") for text in at.heard.pages.values())
    assert not any(text.startswith("A1: ") for text in at.heard.pages.values())


@pytest.mark.parametrize("shadow", [Shadow(kinds=(ActionKind.ROLLBACK,)), Shadow(services=("checkout",))])
async def test_where_nothing_is_outside_of_it_people_are_called(shadow: Shadow) -> None:
    at = bench(minutes=1)
    held = await at.run(in_shadow(shadow))
    assert [one.state for one in held.proposals] == [ActionState.SHADOW]
    assert held.in_peoples_hands
    assert "in shadow (A1)" in held.end_reason
    assert any("people's hands" in text for text in at.heard.pages.values())


async def test_a_decision_on_it_does_not_count() -> None:
    at = bench(minutes=1)
    ends_after(at, 10)
    (stood,) = (await at.run(in_shadow())).proposals
    said = Approval(
        action="A1", digest=stood.digest, verdict=Verdict.APPROVE, by="dana", at=stood.proposed_at
    )
    with pytest.raises(ApprovalRefused, match="stands in shadow: nobody is asked"):
        decide(stood, said, ApprovalPolicy())
    with pytest.raises(ActionRefused, match="not approved"):
        permit(stood.model_copy(update={"approvals": (said,)}), ApprovalPolicy(), stood.proposed_at)


def test_one_that_came_back_is_watched_anew() -> None:
    said = ALERT + timedelta(minutes=4)
    gone = alert("resolved", ALERT + timedelta(minutes=9))
    over = in_shadow().evolve(rests_since=said, alerts=(alert(), gone))
    assert ends_at(over, RUNBOOK) == gone.since + LASTS
    again = alert().model_copy(update={"starts_at": ALERT + timedelta(minutes=12)})
    back = over.evolve(alerts=(*over.alerts, again))
    assert ends_at(back, RUNBOOK) == ALERT + LONGEST
