"""The people's door by itself: what is taken is in the inbox, what is refused leaves nothing."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from incidents.action import ActionKind, ActionState, Outcome
from incidents.actor import Actor, Via
from incidents.errors import Refused
from incidents.incident import Incident
from incidents.language import Language
from incidents.policy import ApprovalPolicy
from incidents.severity import Severity, Status
from nexus.service.commands import IncidentCommands
from nexus.store.memory import MemoryStore
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import begun
from tests.nexus.sample import ID, at
from tools.clock import VirtualClock

LIVE = WorldRef(kind=WorldKind.LIVE, path="/srv/nexus.yaml")
CASE = WorldRef(kind=WorldKind.CASE, path="cases/shop")
DANA, KIM, SAM = (Actor.named(name, Via.HTTP) for name in ("Dana Lee", "Kim", "Sam"))

Asked = Callable[[IncidentCommands], Coroutine[Any, Any, object]]


def door(store: MemoryStore, policy: ApprovalPolicy | None = None, minutes: float = 12) -> IncidentCommands:
    return IncidentCommands(store, lambda world: policy or ApprovalPolicy(), VirtualClock(at(minutes)))


async def kept(incident: Incident, world: WorldRef = LIVE) -> MemoryStore:
    store = MemoryStore()
    await store.register(incident, world, at(12), "shop" if world is LIVE else None)
    return store


async def inbox(store: MemoryStore, incident: str = ID) -> list[str]:
    return [event.kind for event in await store.events(incident)]


@pytest.mark.parametrize(
    ("text", "kinds", "told"),
    [
        ("Bitte kein Rollback", (ActionKind.ROLLBACK,), "Als Vorgabe verstanden: "),
        ("look at payment", (), "Diese Notiz gilt nur als Hinweis: "),
    ],
)
async def test_who_leaves_a_note_is_told_in_their_language_what_it_was_understood_as(
    text: str, kinds: tuple[ActionKind, ...], told: str
) -> None:
    store = await kept(sample.waiting().evolve(language=Language.DE))
    noted = await door(store).note(ID, actor=DANA, text=text)
    assert (noted.rules_out, noted.told.startswith(told), noted.verb) == (kinds, True, "note")
    assert await inbox(store) == ["note"]


async def test_what_is_known_is_not_settled() -> None:
    store = await kept(sample.waiting())
    with pytest.raises(Refused, match="nothing of A1 is unknown"):
        await door(store).settle(ID, "A1", done=True, actor=DANA)
    assert await inbox(store) == []


async def test_a_person_settles_what_is_unknown_and_an_earlier_outcome_stays() -> None:
    unknown = sample.proposal(state=ActionState.UNKNOWN)
    store = await kept(sample.waiting().evolve(proposals=(unknown,)))
    await begun(store, unknown, at(13))
    commands = door(store, minutes=14)
    assert await commands.under_way(ID) == (unknown.action.title,)
    told = await commands.settle(ID, "A1", done=True, actor=DANA, note="seen")
    assert (told.done, told.detail) == (True, "Dana Lee has looked: it was done: seen")
    assert told.said_by == "Dana Lee"
    assert await store.finished(unknown.execution_key) == told
    assert await inbox(store) == ["settle"]


async def test_what_the_target_answered_meanwhile_counts() -> None:
    unknown = sample.proposal(state=ActionState.UNKNOWN)
    store = await kept(sample.waiting().evolve(proposals=(unknown,)))
    await begun(store, unknown, at(13))
    answered = Outcome(done=True, detail="done after all", at=at(13.5))
    await store.finish(unknown.execution_key, answered)
    assert await door(store, minutes=14).settle(ID, "A1", done=False, actor=DANA) == answered


SAYINGS: tuple[tuple[Asked, str], ...] = (
    (lambda c: c.note(ID, actor=DANA, text="token=abcdef0123456789abcdef"), "note"),
    (lambda c: c.set_severity(ID, Severity.P1, actor=DANA), "severity"),
    (lambda c: c.stop(ID, actor=DANA, reason="enough"), "stop"),
)


@pytest.mark.parametrize(("say", "kind"), SAYINGS)
async def test_what_people_say_is_in_the_inbox_once(say: Asked, kind: str) -> None:
    store = await kept(sample.waiting())
    await say(door(store))
    with pytest.raises(Refused, match="said already"):
        await say(door(store))
    (event,) = await store.events(ID)
    assert (event.kind, event.at) == (kind, at(12))
    assert "abcdef0123456789" not in event.model_dump_json()


@pytest.mark.parametrize(("say", "kind"), SAYINGS)
async def test_to_what_has_ended_nothing_is_said(say: Asked, kind: str) -> None:
    store = await kept(sample.resolved())
    with pytest.raises(Refused, match="has ended"):
        await say(door(store))
    assert await inbox(store) == [], kind


async def test_everything_that_runs_is_stopped_however_much_it_is() -> None:
    store = MemoryStore()
    for count in range(250):
        incident = sample.opened(f"INC-2026-11-23-{count:03}", count)
        if count % 5 == 0:
            incident = incident.evolve(status=Status.HANDED_OVER, handed_over_at=at(count))
        await store.register(incident, LIVE, at(count), "shop")
    halted = await door(store).stop_all(actor_of=lambda _: DANA, reason="wrong cluster")
    stopped = [one.incident for one in halted]
    assert len(stopped) == 200
    assert not any(int(one[-3:]) % 5 == 0 for one in stopped)
    assert [await inbox(store, one) for one in stopped] == [["stop"]] * 200
    assert await inbox(store, "INC-2026-11-23-005") == []


async def test_a_live_incident_is_due_when_people_ask_a_recorded_one_never() -> None:
    live, recorded = await kept(sample.opened()), await kept(sample.opened(), CASE)
    taken = await live.lease(ID, "test", at(13), at(12))
    assert taken is not None
    await live.give_back(ID, taken, at(500))
    assert await live.due(at(20), 5, "shop") == ()
    assert await door(live).wake(ID)
    assert [due.incident for due in await live.due(at(12) + timedelta(seconds=1), 5, "shop")] == [ID]
    assert not await door(recorded).wake(ID)
