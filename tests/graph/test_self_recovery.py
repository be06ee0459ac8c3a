"""What ends without a change by us: watched before it counts as over, and told when it comes and goes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from graph.self_recovery import FLAPS, SelfRecovery, self_recovery
from incidents.alert import SILENCE, Alert, AlertStatus
from incidents.events import AlertsArrived, Event
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.severity import Severity, Status
from tests.graph.harness import RUNBOOK, ScriptedEngine, alert, bench, incident
from tests.graph.worlds import ALERT

LASTS = RUNBOOK.watch.lasts


def spell(number: int, *, over: bool = True) -> tuple[Alert, ...]:
    """One firing of the alert, every two minutes for ten seconds, and its end."""
    begun = ALERT + timedelta(minutes=2 * number)
    fires = alert().model_copy(update={"starts_at": begun, "received_at": begun})
    ended = begun + timedelta(seconds=10)
    gone = fires.model_copy(
        update={"status": AlertStatus.RESOLVED, "ends_at": ended, "received_at": ended + timedelta(seconds=5)}
    )
    return (fires, gone) if over else (fires,)


def arriving(one: Alert) -> Callable[[Incident, datetime], Event]:
    """The event that brings it."""
    name = f"{one.starts_at}{one.status}"
    return lambda _i, now: AlertsArrived(id=name, incident="INC-1", at=now, alerts=(one,))


def standing(spells: int, *, firing: bool = False, since: datetime | None = None) -> Incident:
    """An incident whose alert came and went so often."""
    alerts = [one for n in range(spells) for one in spell(n)] + list(
        spell(spells, over=False) if firing else ()
    )
    return incident().evolve(alerts=alerts, calm_since=since, severity=Severity.P2)


@pytest.mark.parametrize(
    ("incident_now", "quiet", "minutes", "expected"),
    [
        (standing(1), True, 5, SelfRecovery.WATCHED),
        (standing(1), False, 5, SelfRecovery.NO),
        (standing(0, firing=True), True, 5, SelfRecovery.NO),
        (standing(1, since=ALERT), True, LASTS.total_seconds() / 60, SelfRecovery.OVER),
        (standing(1, since=ALERT), False, LASTS.total_seconds() / 60, SelfRecovery.NO),
        (standing(1, firing=True, since=ALERT), True, 5, SelfRecovery.WATCHED),
        (standing(1, firing=True, since=ALERT), True, LASTS.total_seconds() / 60, SelfRecovery.NO),
        (standing(FLAPS), True, 5, SelfRecovery.OVER),
        (standing(FLAPS - 1), True, 5, SelfRecovery.WATCHED),
        (standing(FLAPS - 1, firing=True), True, 99, SelfRecovery.NO),
        (standing(1, since=ALERT), True, LASTS.total_seconds() / 60 - 1 / 60, SelfRecovery.WATCHED),
        (standing(1, firing=True, since=ALERT).evolve(recheck=True), True, 99, SelfRecovery.WATCHED),
        (standing(FLAPS, firing=True, since=ALERT), True, 5, SelfRecovery.OVER),
        (standing(FLAPS, firing=True), True, 99, SelfRecovery.OVER),
        (standing(FLAPS, firing=True, since=ALERT).evolve(ever_deviated=True), True, 5, SelfRecovery.WATCHED),
        (standing(FLAPS, firing=True, since=ALERT), False, 5, SelfRecovery.NO),
        (standing(1).evolve(severity=Severity.P3), False, 5, SelfRecovery.WATCHED),
    ],
)
def test_calm(incident_now: Incident, quiet: bool, minutes: float, expected: SelfRecovery) -> None:
    now = ALERT + timedelta(minutes=minutes)
    assert self_recovery(incident_now, Facts(at=now, quiet=quiet), False, now, RUNBOOK) is expected


def silence(*, firing: bool) -> Incident:
    """One that a heartbeat stays away, or is back."""
    alerts = [
        one.model_copy(update={"source": "nexus", "fingerprint": f"{SILENCE}dog", "service": None})
        for one in spell(0, over=not firing)
    ]
    return incident().evolve(alerts=alerts, severity=Severity.P1)


@pytest.mark.parametrize("quiet", [True, False, None])
def test_a_heartbeat_that_is_back_ends_its_silence_whatever_else_is_measured(quiet: bool | None) -> None:
    facts, later = Facts(at=ALERT, quiet=quiet), ALERT + LASTS
    assert self_recovery(silence(firing=True), facts, False, ALERT, RUNBOOK) is SelfRecovery.NO
    back = silence(firing=False)
    assert self_recovery(back, facts, False, ALERT, RUNBOOK) is SelfRecovery.WATCHED
    watched = back.evolve(calm_since=ALERT)
    assert self_recovery(watched, facts, False, later, RUNBOOK) is SelfRecovery.OVER


@pytest.mark.parametrize(
    ("hurt", "expected"), [(False, SelfRecovery.WATCHED), (True, SelfRecovery.NO), (None, SelfRecovery.NO)]
)
def test_what_deviates_inside_only_is_watched(hurt: bool | None, expected: SelfRecovery) -> None:
    facts = Facts(at=ALERT, quiet=False, customers_affected=hurt)
    assert self_recovery(standing(1), facts, False, ALERT, RUNBOOK) is expected
    assert self_recovery(standing(1, firing=True, since=ALERT), facts, False, ALERT, RUNBOOK) is expected
    assert self_recovery(standing(1, firing=True), facts, False, ALERT, RUNBOOK) is SelfRecovery.NO


def test_without_data_every_role_has_to_agree() -> None:
    facts = Facts(at=ALERT)
    assert self_recovery(standing(1), facts, False, ALERT, RUNBOOK) is SelfRecovery.NO
    assert self_recovery(standing(1), facts, True, ALERT, RUNBOOK) is SelfRecovery.WATCHED


def test_a_spell_lasts_as_long_as_its_sender_says() -> None:
    redelivered = standing(2).evolve(alerts=(*standing(2).alerts, spell(1)[1]))
    assert redelivered.firing_periods == (timedelta(seconds=10), timedelta(seconds=10))
    unsaid = spell(0)[1].model_copy(update={"ends_at": None})
    assert unsaid.since == unsaid.received_at


async def test_an_alert_that_came_and_went_once_less_just_ended() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), fault="fine")
    coming = [one for n in range(FLAPS - 1) for one in spell(n)][1:]
    at.people.events = [(one.received_at + timedelta(minutes=5), arriving(one)) for one in coming]
    ended = await at.run(incident())
    assert ended.end_reason == "the alerts ended and no signal deviates"


async def test_an_alert_that_comes_and_goes_ends_as_a_task_about_itself() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), fault="fine")
    coming = [one for n in range(FLAPS) for one in spell(n)][1:]
    at.people.events = [(one.received_at + timedelta(minutes=5), arriving(one)) for one in coming]
    ended = await at.run(incident())
    assert ended.status is Status.FALSE_ALARM
    assert f"came and went {FLAPS} times" in ended.end_reason
    assert len(ended.backlog) == 1
    assert ended.proposals == ()
    told = await at.told()
    assert any("came back" in text for text in told)


@pytest.mark.parametrize("knows", [True, False])
async def test_what_recovers_while_it_is_investigated_is_neither_mended_nor_handed_over(knows: bool) -> None:
    at = bench(ScriptedEngine(knows=knows), minutes=2, turns=(timedelta(minutes=1), "fine"))
    gone = alert("resolved", ALERT + timedelta(minutes=3))
    at.people.events = [(gone.received_at, arriving(gone))]
    ended = await at.run(incident())
    assert ended.status is Status.RESOLVED
    assert at.world.calls == []
    assert not ended.pending
    assert ended.ended_at is not None
    assert ended.mitigated_at is not None
    assert ended.ended_at - ended.mitigated_at >= LASTS
    assert ended.post_mortem is not None


async def test_while_nobody_is_hurt_people_are_called_after_another_look() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, proposes=False), fault="fine", minutes=1)
    minor = incident().evolve(alerts=(alert().model_copy(update={"severity": "ticket"}),))
    ended = await at.run(minor)
    assert ended.status is Status.HANDED_OVER
    assert ended.investigations == RUNBOOK.bounds.investigations
    gone = alert("resolved", ALERT + timedelta(minutes=6))
    at = bench(ScriptedEngine(severity=Severity.P2, proposes=False), fault="fine", minutes=1)
    at.people.events = [(gone.received_at, arriving(gone))]
    assert (await at.run(minor)).status is Status.FALSE_ALARM


async def test_what_comes_back_at_the_end_of_its_watch_is_watched_anew() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), fault="fine")
    gone = alert("resolved", ALERT + timedelta(minutes=6))
    began = gone.received_at + LASTS - timedelta(seconds=1)
    back = alert().model_copy(update={"starts_at": began, "received_at": began, "service": "checkout"})
    over = back.model_copy(
        update={"status": AlertStatus.RESOLVED, "received_at": began + timedelta(minutes=9)}
    )
    at.people.events = [(one.received_at, arriving(one)) for one in (gone, back, over)]
    ended = await at.run(incident())
    assert ended.status is Status.FALSE_ALARM
    assert ended.ended_at is not None
    assert ended.ended_at >= began + LASTS


async def test_what_fires_through_all_of_its_watch_is_investigated() -> None:
    at = bench(ScriptedEngine(severity=Severity.P2, knows=False), fault="fine")
    gone = alert("resolved", ALERT + timedelta(minutes=6))
    began = gone.received_at + timedelta(minutes=2)
    back = alert().model_copy(update={"starts_at": began, "received_at": began, "service": "checkout"})
    at.people.events = [(one.received_at, arriving(one)) for one in (gone, back)]
    ended = await at.run(incident())
    assert ended.status is Status.HANDED_OVER
    assert ended.investigations == RUNBOOK.bounds.investigations
