"""One suite for the store: SQLite and the twin in memory answer alike."""

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from incidents.action import Outcome, Verdict
from incidents.change_limits import Limits
from incidents.errors import ActionRefused, ApprovalRefused, Refused, UnknownName, Withdrawn
from incidents.events import ApprovalRevoked, DecisionMade, NoteAdded, Stopped, TimerFired
from incidents.severity import Severity, Status
from nexus.store.lists import IncidentFilter
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.records import Message, MessageKind, WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.leasing import begun, saved
from tests.nexus.sample import ID, at

if TYPE_CHECKING:
    from tools.ports import EvidenceStore

WORLD = WorldRef(kind=WorldKind.CASE, path="cases/shop-bad-release")


def _answers_every_port(store: Store, twin: MemoryStore) -> "tuple[tuple[IncidentStore, EvidenceStore], ...]":
    """Checked by mypy alone; the store's port holds the graph's."""
    return ((store, store), (twin, twin))


@pytest.fixture
async def known(store: IncidentStore) -> IncidentStore:
    await store.register(sample.opened(), WORLD, at(0))
    return store


async def test_ids_count_within_their_day(store: IncidentStore) -> None:
    first = [await store.next_id(date(2026, 11, 23)) for _ in range(2)]
    assert first == ["INC-2026-11-23-001", "INC-2026-11-23-002"]
    assert await store.next_id(date(2026, 11, 24)) == "INC-2026-11-24-001"


async def test_an_incident_comes_back_as_it_was_saved(known: IncidentStore) -> None:
    assert await known.load(ID) == sample.opened()
    await saved(known, sample.resolved(), at(47.5))
    assert await known.load(ID) == sample.resolved()
    assert await known.clock_of(ID) == at(47.5)
    assert await known.world_of(ID) == WORLD
    assert await known.load("INC-2026-11-23-999") is None


async def test_an_id_is_registered_once(known: IncidentStore) -> None:
    with pytest.raises(Refused, match=ID):
        await known.register(sample.opened(minutes=5), WORLD, at(5))
    assert await known.load(ID) == sample.opened()


async def test_what_belongs_to_no_incident_is_refused_with_the_nearest_id(known: IncidentStore) -> None:
    other = "INC-2026-11-23-010"
    event = TimerFired(id="t", incident=other, at=at(1))
    message = Message(incident=other, kind=MessageKind.PAGE, key="k", at=at(0), title="", text="x")
    for asked in (
        known.save(sample.opened(other), at(0), 1),
        known.world_of(other),
        known.clock_of(other),
        known.add_event(event),
        known.write(sample.ENTRIES[0].model_copy(update={"incident": other})),
        known.put(sample.evidence(incident=other), b""),
        known.begin(sample.proposal(incident=other), at(0), 1),
        known.record_approval(sample.decision("d", incident=other)),
        known.add_tasks(other, sample.TASKS),
        known.send(message),
    ):
        with pytest.raises(UnknownName, match=f"did you mean {ID}"):
            await asked


async def test_the_list_is_newest_first_and_says_what_waits(known: IncidentStore) -> None:
    await known.register(sample.opened("INC-2026-11-23-002", minutes=20.0001), WORLD, at(20))
    await known.register(sample.opened("INC-2026-11-23-003", minutes=20), WORLD, at(20))
    await saved(known, sample.waiting(), at(12))
    listed = await known.page()
    assert [line.id[-3:] for line in listed] == ["002", "003", "001"]
    assert (listed[-1].severity, listed[-1].waiting, listed[-1].updated_at) == (Severity.P0, 1, at(12))
    assert listed[-1].services == ("checkout", "web")


@pytest.mark.parametrize("closed", [True, False])
async def test_open_are_those_that_still_owe_work(known: IncidentStore, closed: bool) -> None:
    await saved(known, sample.opened().evolve(status=Status.RESOLVED, closed=closed), at(50))
    assert [line.id for line in await known.page(IncidentFilter(not_closed=True))] == ([] if closed else [ID])


async def test_the_timeline_is_by_time_and_holds_each_entry_once(known: IncidentStore) -> None:
    early, late, *_ = sample.ENTRIES
    written = [late, early, late, late.model_copy(update={"text": "changed"})]
    assert [await known.write(entry) for entry in written] == [True, True, False, False]
    assert await known.entries(ID) == (early, late)
    assert await known.entries("INC-2026-11-23-999") == ()


async def test_milliseconds_do_not_disturb_the_order(known: IncidentStore) -> None:
    whole = sample.ENTRIES[0]
    later = whole.model_copy(update={"id": "later", "at": whole.at.replace(microsecond=5000)})
    await known.write(later)
    await known.write(whole)
    assert await known.entries(ID) == (whole, later)


async def test_an_event_arrives_once_and_stays_until_it_is_handled(known: IncidentStore) -> None:
    timer = TimerFired(id="t1", incident=ID, at=at(15))
    note = NoteAdded(id="n1", incident=ID, at=at(14), by="Dana", text="look at payment")
    assert [await known.add_event(e) for e in (timer, note, timer)] == [True, True, False]
    assert await known.events(ID) == (timer, note)
    await known.mark_handled(("t1", "not there"))
    assert await known.events(ID) == (note,)
    assert await known.events(ID, unhandled_only=False) == (timer, note)
    assert await known.add_event(timer) is False


async def test_evidence_is_kept_once_with_its_bytes(known: IncidentStore) -> None:
    body = b"\x00\xff" * 1000
    await known.put(sample.evidence(0), body)
    await known.put(sample.evidence(0), b"other")
    await known.put(sample.evidence(1), b"")
    assert await known.evidence(ID) == (sample.evidence(0), sample.evidence(1))
    assert await known.body(ID, sample.EVIDENCE[0]) == body
    assert await known.body(ID, sample.EVIDENCE[1]) == b""
    assert await known.body(ID, "E-none") is None
    asked = {sample.EVIDENCE[0]: body, sample.EVIDENCE[1]: b""}
    assert await known.bodies(ID, ["E-none", *asked]) == asked
    assert await known.bodies("INC-none", list(asked)) == {}


async def test_a_decision_is_kept_and_queued_together(known: IncidentStore) -> None:
    await known.record_approval(sample.decision("d1"))
    assert await known.approvals(ID) == (sample.approval(),)
    assert await known.events(ID) == (sample.decision("d1"),)


@pytest.mark.parametrize("name", ["Dana Lee", "dana lee", " Dana  Lee ", "DANA LEE"])
async def test_one_person_decides_once_however_the_name_is_written(known: IncidentStore, name: str) -> None:
    await known.record_approval(sample.decision("d1"))
    with pytest.raises(ApprovalRefused, match="has already decided on A1"):
        await known.record_approval(sample.decision("d2", by=name))
    assert len(await known.approvals(ID)) == len(await known.events(ID)) == 1
    await known.record_approval(sample.decision("d3", by="Sam"))
    assert [one.by for one in await known.approvals(ID)] == ["Dana Lee", "Sam"]


async def test_the_same_person_may_decide_on_another_digest(known: IncidentStore) -> None:
    await known.record_approval(sample.decision("d1"))
    other = sample.approval(digest="f" * 64)
    await known.record_approval(DecisionMade(id="d2", incident=ID, at=at(14), approval=other))
    assert len(await known.approvals(ID)) == 2


async def test_a_change_is_begun_once_and_its_first_outcome_stays(known: IncidentStore) -> None:
    proposal = sample.proposal()
    key = proposal.execution_key
    assert not await known.spent(proposal.digest)
    assert [await begun(known, proposal, at(15)), await begun(known, proposal, at(16))] == [True, False]
    assert await known.spent(proposal.digest)
    (open_one,) = await known.unfinished(ID)
    assert (open_one.key, open_one.action, open_one.begun_at) == (key, sample.ROLLBACK, at(15))
    assert await known.finished(key) is None
    outcome = Outcome(done=True, detail="2 of 2 instances", at=at(16))
    await known.finish(key, outcome)
    await known.finish(key, outcome.model_copy(update={"done": False}))
    assert await known.finished(key) == outcome
    assert await known.unfinished(ID) == ()
    assert await known.finished("never") is None
    with pytest.raises(UnknownName, match="intent 'never'"):
        await known.finish("never", outcome)


async def test_the_backlog_takes_a_task_once(known: IncidentStore) -> None:
    await known.register(sample.opened("INC-2026-11-23-002"), WORLD, at(1))
    await known.add_tasks(ID, sample.TASKS)
    await known.add_tasks(ID, sample.TASKS[:1])
    await known.add_tasks("INC-2026-11-23-002", sample.TASKS[1:])
    assert await known.backlog(ID) == sample.TASKS
    assert await known.backlog() == (*sample.TASKS, sample.TASKS[1])


async def test_a_message_is_sent_once_in_its_kind(known: IncidentStore) -> None:
    page = Message(incident=ID, kind=MessageKind.PAGE, key="stalled", at=at(9), title="", text="help")
    said = page.model_copy(update={"kind": MessageKind.CHANNEL})
    assert [await known.send(m) for m in (page, said, page)] == [True, True, False]
    assert await known.messages(ID) == (page, said)


async def test_many_at_once_get_ids_of_their_own(store: IncidentStore) -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC).date()
    ids = await asyncio.gather(*(store.next_id(day) for _ in range(50)))
    assert len(set(ids)) == 50


async def test_nothing_begins_after_a_stop_or_a_rejection_that_nobody_has_read_yet(
    known: IncidentStore,
) -> None:
    proposal = sample.proposal()
    no = sample.approval("Sam", verdict=Verdict.REJECT)
    await known.record_approval(DecisionMade(id="no", incident=ID, at=at(14), approval=no))
    with pytest.raises(Withdrawn, match="Sam rejected it before it began"):
        await begun(known, proposal, at(15))
    await known.mark_handled(("no",))
    taken_back = ApprovalRevoked(
        id="back", incident=ID, at=at(15), by="Kim", action=proposal.id, digest=proposal.digest
    )
    await known.add_event(taken_back)
    with pytest.raises(Withdrawn, match="Kim took the approval of A1 back before it began"):
        await begun(known, proposal, at(15))
    await known.mark_handled(("back",))
    await known.add_event(Stopped(id="stop", incident=ID, at=at(15), by="ana", reason="smoke"))
    with pytest.raises(Withdrawn, match="ana stopped the agents"):
        await begun(known, proposal, at(16))
    assert await known.unfinished(ID) == ()
    await known.mark_handled(("stop",))
    assert await begun(known, proposal, at(17))
    with pytest.raises(ApprovalRefused, match="has begun"):
        await known.record_approval(sample.decision("late"))
    assert len(await known.approvals(ID)) == 1


async def test_two_live_incidents_never_change_one_service(store: IncidentStore) -> None:
    other = "INC-2026-11-23-002"
    live = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
    await store.register(sample.opened(), live, at(0))
    await store.register(sample.opened().model_copy(update={"id": other}), live, at(0))
    mine, theirs = sample.proposal(), sample.proposal(incident=other)
    limits = Limits(changes_per_hour=2)
    assert await begun(store, theirs, at(1), limits)
    with pytest.raises(ActionRefused, match=other):
        await begun(store, mine, at(2), limits)
    assert await store.unfinished(ID) == ()
    await saved(store, sample.resolved().model_copy(update={"id": other}), at(3))
    assert await begun(store, mine, at(4), limits)
    assert not await begun(store, mine, at(5), limits)  # the same key again is no further change


async def test_an_hour_has_its_limit_of_changes_in_live_worlds_only(store: IncidentStore) -> None:
    limits = Limits(changes_per_hour=1)
    await store.register(sample.opened(), WORLD, at(0))
    recorded = "INC-2026-11-23-002"
    for number in (recorded, "INC-2026-11-23-003", "INC-2026-11-23-004"):
        world = WORLD if number == recorded else WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
        await store.register(sample.resolved().model_copy(update={"id": number}), world, at(0))
    await begun(store, sample.proposal(incident=recorded), at(1))
    await begun(store, sample.proposal(incident="INC-2026-11-23-003"), at(2), limits)
    with pytest.raises(ActionRefused, match="limit is 1"):
        await begun(store, sample.proposal(incident="INC-2026-11-23-004"), at(61), limits)
    assert await begun(store, sample.proposal(incident="INC-2026-11-23-004"), at(62), limits)
