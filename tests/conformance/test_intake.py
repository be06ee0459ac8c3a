"""One suite for deliveries: each is filed with what becomes of it, all or nothing, one after the other."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from incidents.alert import Label
from incidents.changes import Change, ChangeKind, SentBy
from incidents.disposition import AlertDisposition, AlertOutcome, LastWord
from incidents.events import AlertsArrived, AlertsMatched
from incidents.findings import Window
from incidents.incident import Incident
from incidents.join_rules import UNASSIGNED, Candidate
from incidents.match import Match
from incidents.severity import Severity, Status
from nexus.store.deliveries import (
    AlertDelivery,
    Decide,
    DeliveryFilter,
    Disposition,
    Filed,
    Filing,
    IntakeView,
    Opening,
)
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_leases import leased
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at

SITE = "shop"
WORLD = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
BODY = b'{"alerts": []}' * 20


def delivery(minutes: float = 0, sender: str = "alertmanager") -> AlertDelivery:
    return AlertDelivery(received_at=at(minutes), sender=sender, form="am", body=BODY)


def word(fingerprint: str = "a1b2c3d4", incident: str | None = ID, *, firing: bool = True) -> LastWord:
    return LastWord(
        fingerprint=fingerprint, firing=firing, starts_at=at(-2), ends_at=None if firing else at(1),
        incident=incident,
    )  # fmt: skip


def outcome(disposition: AlertDisposition, incident: str | None = None) -> AlertOutcome:
    return AlertOutcome(
        disposition=disposition, reason="because", title="t", service="checkout", fingerprint="a1b2c3d4",
        incident=incident,
    )  # fmt: skip


def opening(minutes: float = 0, title: str = "opened") -> Decide:
    def decide(view: IntakeView) -> Filing:
        fresh = sample.opened(view.new_id(), minutes).evolve(title=title)
        return Filing(
            disposition=Disposition.OPENED, incident=fresh.id, opens=(Opening(incident=fresh, world=WORLD),),
            words=(word(incident=fresh.id),), outcomes=(outcome(AlertDisposition.OPENED, fresh.id),),
        )  # fmt: skip

    return decide


def once(minutes: float = 0) -> Decide:
    """Open an incident, unless one works on the condition."""

    def decide(view: IntakeView) -> Filing:
        known = view.last_words(["a1b2c3d4"])
        return Filing(disposition=Disposition.KNOWN) if known else opening(minutes)(view)

    return decide


def joining(fingerprint: str, minutes: float, incident: str = ID) -> Decide:
    """Tell an incident of one more alert."""
    alert = sample.alert().model_copy(update={"fingerprint": fingerprint})
    event = AlertsArrived(id=f"alerts:{fingerprint}", incident=incident, at=at(minutes), alerts=(alert,))
    return lambda view: Filing(
        disposition=Disposition.JOINED, incident=incident, events=(event,),
        outcomes=(outcome(AlertDisposition.JOINED, incident),), words=(word(fingerprint, incident),),
    )  # fmt: skip


def ignoring(view: IntakeView) -> Filing:
    return Filing(disposition=Disposition.IGNORED, outcomes=(outcome(AlertDisposition.NOTED),))


def knowing(view: IntakeView) -> Filing:
    return Filing(
        disposition=Disposition.KNOWN, incident=ID, outcomes=(outcome(AlertDisposition.REPEATED, ID),)
    )


async def opened(store: IncidentStore, *, minutes: float = 0) -> str:
    filed = await store.take_in(delivery(minutes), SITE, opening(minutes))
    assert filed.incident is not None
    assert filed.incidents == (filed.incident,)
    return filed.incident


async def looked(store: IncidentStore, look: Callable[[IntakeView], None], site: str = SITE) -> None:
    """What a delivery would be decided by."""

    def decide(view: IntakeView) -> Filing:
        look(view)
        return ignoring(view)

    await store.take_in(delivery(9), site, decide)


async def test_a_delivery_opens_an_incident_that_is_due_at_once(store: IncidentStore) -> None:
    assert await opened(store) == ID
    assert await store.world_of(ID) == WORLD
    assert [one.incident for one in await store.due(at(0), 9, SITE)] == [ID]
    (kept,) = await store.deliveries(ID)
    assert (kept.number, kept.body, kept.sender, kept.form) == (1, BODY, "alertmanager", "am")


def severe(decide: Decide, severity: Severity) -> Decide:
    """The same, of alerts whose senders say how severe it is."""

    def decided(view: IntakeView) -> Filing:
        filing = decide(view)
        told = {filing.incident: severity} if filing.incident else {}
        return filing.model_copy(update={"severities": told})

    return decided


async def order(store: IncidentStore, minutes: float = 20) -> list[tuple[str, bool]]:
    """What is due, in its order, and whether it goes before everything else."""
    return [(one.incident[-3:], one.first) for one in await store.due(at(minutes), 9, SITE)]


async def turned(store: IncidentStore, incident: str, minutes: float, *, ends: bool = True) -> int:
    """A turn that finds it to be a P3."""
    number, known = await leased(store, incident, minutes), await store.load(incident)
    assert known is not None
    await store.save(known.evolve(severity=Severity.P3), at(minutes), number)
    if ends:
        await store.give_back(incident, number, at(minutes))
    return number


async def test_what_alerts_say_of_severity_counts_until_a_turn_has_heard_it(store: IncidentStore) -> None:
    for minutes, said in enumerate((None, Severity.P2, Severity.P1, Severity.P0)):
        decide = severe(opening(minutes), said) if said else opening(minutes)
        await store.take_in(delivery(minutes), SITE, decide)
    assert await order(store) == [("004", True), ("003", False), ("001", False), ("002", False)]
    # A turn that ended before it classified leaves the order as it is.
    worst = "INC-2026-11-23-004"
    await store.give_back(worst, await leased(store, worst, 5), at(6))
    assert (await order(store))[0] == ("004", True)
    await turned(store, worst, 6)
    assert await order(store) == [("003", False), ("001", False), ("002", False), ("004", False)]


async def test_one_that_a_worse_alert_joins_goes_before_the_others(store: IncidentStore) -> None:
    await opened(store)
    await opened(store, minutes=1)
    second = "INC-2026-11-23-002"
    number = await turned(store, second, 2, ends=False)
    await store.take_in(delivery(3), SITE, severe(joining("x", 3, second), Severity.P0))
    await store.take_in(delivery(3), SITE, severe(joining("y", 3, second), Severity.P1))
    # It came while the turn went on, which has not heard it.
    await store.give_back(second, number, at(60))
    assert await order(store) == [("002", True), ("001", False)]
    number = await leased(store, second, 21)
    await store.mark_handled(("alerts:x", "alerts:y"))
    await store.give_back(second, number, at(15))
    assert await order(store) == [("001", False), ("002", False)]


async def test_an_event_is_filed_once_and_wakes_the_incident(store: IncidentStore) -> None:
    await opened(store)
    await store.give_back(ID, await leased(store), at(60))
    filed = await store.take_in(delivery(5), SITE, joining("x", 5))
    assert (filed.disposition, filed.incident, filed.incidents) == (Disposition.JOINED, ID, (ID,))
    assert [event.id for event in await store.events(ID)] == ["alerts:x"]
    assert [one.incident for one in await store.due(at(5), 9, SITE)] == [ID]
    assert (await store.take_in(delivery(6), SITE, joining("x", 6))).incidents == ()
    assert len(await store.events(ID)) == 1


async def test_of_what_tells_nothing_new_a_row_is_kept_and_no_body(store: IncidentStore) -> None:
    await opened(store)
    filed = await store.take_in(delivery(1), SITE, knowing)
    kept = await store.delivery(filed.number)
    assert kept is not None
    assert (kept.body, kept.disposition, kept.incident) == (None, Disposition.KNOWN, ID)
    assert kept.outcomes == (outcome(AlertDisposition.REPEATED, ID),)
    assert [one.number for one in await store.deliveries(ID)] == [1]


async def test_the_last_word_is_remembered_and_whether_its_incident_takes_alerts_still(
    store: IncidentStore,
) -> None:
    await opened(store)

    def before(view: IntakeView) -> None:
        assert view.last_words(["a1b2c3d4", "other"]) == {
            "a1b2c3d4": word().model_copy(update={"open": True})
        }
        (near,) = view.candidates({"service:checkout", "service:payment"}, at(-60))
        assert near == Candidate.of(sample.opened())

    await looked(store, before)
    await looked(store, lambda view: _nothing(view), site="elsewhere")
    await saved(store, sample.opened().evolve(status=Status.RESOLVED), at(1))

    def afterwards(view: IntakeView) -> None:
        assert view.last_words(["a1b2c3d4"]) == {"a1b2c3d4": word()}
        assert view.candidates({"service:checkout"}, at(-60)) == ()

    await looked(store, afterwards)


def _nothing(view: IntakeView) -> None:
    assert view.last_words(["a1b2c3d4"]) == {}
    assert view.candidates({"service:checkout", "alert:a1b2c3d4"}, at(-60)) == ()


async def test_candidates_share_a_key_and_are_young_or_have_the_very_alert(store: IncidentStore) -> None:
    first, second = await opened(store), await opened(store, minutes=5)

    def look(view: IntakeView) -> None:
        def found(minutes: float, *keys: str) -> set[str]:
            return {one.id for one in view.candidates(keys, at(minutes))}

        assert found(-1, "service:checkout") == {first, second}
        assert found(0, "service:checkout") == {second}
        assert found(9, "service:checkout") == set()
        assert found(9, "alert:a1b2c3d4") == {first, second}
        assert found(-1, "service:payment") == found(-1) == set()

    await looked(store, look)


async def test_an_incident_has_the_keys_of_what_waits_and_of_its_latest_cause(store: IncidentStore) -> None:
    await opened(store)
    await store.take_in(delivery(1), SITE, joining("x", 1))
    for service in ("payment", "database"):
        known = sample.opened().evolve(diagnosis=sample.DIAGNOSIS.model_copy(update={"service": service}))
        await saved(store, known, at(2))

    def look(view: IntakeView) -> None:
        assert not view.candidates({"cause:payment"}, at(-1))
        (one,) = view.candidates({"alert:x"}, at(-1))
        assert {"alert:x", "alert:a1b2c3d4", "cause:database"} <= one.keys

    await looked(store, look)


async def test_what_is_open_is_listed_with_its_keys_while_it_takes_alerts(store: IncidentStore) -> None:
    first, second = await opened(store), await opened(store, minutes=5)
    found = await store.open_candidates(SITE, at(-1))
    assert [one.id for one in found] == [first, second]
    assert found[0] == Candidate.of(sample.opened())
    assert [one.id for one in await store.open_candidates(SITE, at(0))] == [second]
    assert await store.open_candidates("elsewhere", at(-1)) == ()
    key = sorted(found[0].keys)[0]
    assert key in found[0].keys & found[1].keys
    assert await store.keyed_candidates(SITE, key) == found
    assert await store.keyed_candidates(SITE, "service:none") == ()
    assert await store.keyed_candidates("elsewhere", key) == ()
    await saved(store, sample.opened().evolve(status=Status.RESOLVED), at(1))
    assert [one.id for one in await store.open_candidates(SITE, at(-1))] == [second]


async def test_an_incident_is_unassigned_until_its_alerts_are_matched(store: IncidentStore) -> None:
    lost = sample.alert().model_copy(update={"service": None, "matched_by": Match(named="kasse")})

    def decide(view: IntakeView) -> Filing:
        fresh = Incident.opened(view.new_id(), (lost,), at(0), "playbook", None)
        return Filing(disposition=Disposition.OPENED, opens=(Opening(incident=fresh, world=WORLD),))

    await store.take_in(delivery(0), SITE, decide)

    async def keys() -> frozenset[str]:
        (one,) = await store.open_candidates(SITE, at(-1))
        return one.keys

    assert UNASSIGNED in await keys()
    known = lost.model_copy(update={"service": "payment", "matched_by": Match(service="payment")})
    event = AlertsMatched(id="m", incident=ID, at=at(1), alerts=(known,))
    assert await store.add_event(event)
    assert "service:payment" in await keys()
    matched = Incident.opened(ID, (known,), at(0), "playbook", None)
    await saved(store, matched, at(2))
    assert UNASSIGNED not in await keys()


async def test_an_error_takes_everything_back_and_nothing_of_its_neighbours(
    stores: Callable[[], IncidentStore],
) -> None:
    store = stores()

    def breaks(view: IntakeView) -> Filing:
        view.new_id()
        raise RuntimeError("no")

    results = await asyncio.gather(
        store.take_in(delivery(0), SITE, opening(0)),
        store.take_in(delivery(1), SITE, breaks),
        store.take_in(delivery(2), SITE, joining("x", 2, "INC-nobody")),
        store.take_in(delivery(3), SITE, opening(3)),
        return_exceptions=True,
    )
    assert [isinstance(one, BaseException) for one in results] == [False, True, True, False]
    assert isinstance(results[0], Filed)
    assert isinstance(results[3], Filed)
    assert (results[0].incident, results[3].incident) == (ID, "INC-2026-11-23-002")
    assert len(await store.filed(DeliveryFilter())) == 2


async def test_of_many_at_once_that_belong_together_one_opens(stores: Callable[[], IncidentStore]) -> None:
    doors = [stores(), stores()]
    filed = await asyncio.gather(
        *(doors[n % 2].take_in(delivery(n / 60), SITE, once(n / 60)) for n in range(20))
    )
    assert sorted(one.disposition for one in filed) == ["known"] * 19 + ["opened"]


async def test_lists_are_newest_first_in_pages_and_filtered(store: IncidentStore) -> None:
    await opened(store)
    await store.take_in(delivery(1, "grafana"), SITE, ignoring)
    await store.take_in(delivery(2), SITE, joining("x", 2))

    async def numbers(limit: int = 9, before: int | None = None, **among: object) -> list[int]:
        chosen = DeliveryFilter.model_validate(among)
        return [one.number for one in await store.filed(chosen, limit, before)]

    assert await numbers() == [3, 2, 1]
    assert await numbers(limit=2) == [3, 2]
    assert await numbers(before=2) == [1]
    assert await numbers(sender="grafana") == [2]
    assert await numbers(incident=ID) == [3, 1]
    assert await numbers(disposition=AlertDisposition.JOINED) == [3]
    (first, *_) = await store.filed(DeliveryFilter())
    assert (first.body, first.outcomes) == (None, (outcome(AlertDisposition.JOINED, ID),))
    for minutes in (3, 4):
        await store.take_in(delivery(minutes), SITE, knowing)
    told = await store.outcomes(ID)
    assert [(one.disposition, one.delivery, one.times) for one in told] == [
        ("opened", 1, 1), ("joined", 3, 1), ("repeated", 4, 2),
    ]  # fmt: skip
    assert await store.outcomes("INC-nobody") == ()
    assert await store.delivery(6) is None


async def test_what_could_not_be_read_is_filed_with_its_reason_and_without_secrets(
    store: IncidentStore,
) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    filing = Filing(disposition=Disposition.UNREADABLE, reason=f"title: {secret!r} is no title")
    sent = delivery().model_copy(update={"body": f"aws_access_key_id={secret}".encode()})
    filed = await store.take_in(sent, SITE, lambda view: filing)
    kept = await store.delivery(filed.number)
    assert kept is not None
    assert kept.disposition is Disposition.UNREADABLE
    assert kept.reason.startswith("title: ")
    assert kept.body is not None
    assert secret not in kept.reason + kept.body.decode()


async def test_the_headers_that_tell_what_a_body_is_are_kept_with_it(store: IncidentStore) -> None:
    secret = "AKIA" + "IOSFODNN7EXAMPLE"
    headers = (Label(name="ce-id", value="1"), Label(name="ce-source", value=f"/x?key={secret}"))
    await store.take_in(delivery().model_copy(update={"headers": headers}), SITE, ignoring)
    kept = await store.delivery(1)
    assert kept is not None
    assert [one.name for one in kept.headers] == ["ce-id", "ce-source"]
    assert secret not in str(kept.headers)
    await store.forget_bodies(at(5), 10_000)
    bare = await store.delivery(1)
    assert bare is not None
    assert (bare.body, bare.headers) == (None, ())


async def test_bodies_go_by_age_and_beyond_their_size_and_the_rows_stay(store: IncidentStore) -> None:
    for n in range(4):
        unlike = bytes((n * 37 + k * k) % 251 for k in range(300))
        sent = delivery(n * 10).model_copy(update={"body": unlike})
        await store.take_in(sent, SITE, ignoring)

    async def kept() -> list[bool]:
        return [(one := await store.delivery(n)) is not None and one.body is not None for n in range(1, 5)]

    assert await store.forget_bodies(at(5), 10_000) == 1
    assert await kept() == [False, True, True, True]
    assert await store.forget_bodies(at(5), 650) == 1
    assert await kept() == [False, False, True, True]
    assert await store.forget_bodies(at(5), 650) == 0
    assert len(await store.filed(DeliveryFilter())) == 4


async def test_what_is_old_and_over_is_forgotten_and_what_an_incident_works_on_is_not(
    store: IncidentStore,
) -> None:
    await opened(store)
    remembering = Filing(
        disposition=Disposition.IGNORED, words=(word("over", None, firing=False), word("nobody's", None))
    )
    await store.take_in(delivery(1), SITE, lambda view: remembering)
    await store.forget_bodies(at(5), 10_000)

    def look(view: IntakeView) -> None:
        assert set(view.last_words(["a1b2c3d4", "over", "nobody's"])) == {"a1b2c3d4"}

    await looked(store, look)


async def test_alerts_wait_until_somebody_works_on_them(store: IncidentStore) -> None:
    assert (await store.waiting(SITE, at(9))).alerts == 0
    await opened(store)
    await opened(store, minutes=3)
    waiting = await store.waiting(SITE, at(9))
    assert (waiting.alerts, waiting.since) == (2, at(0))
    assert (await store.waiting("elsewhere", at(9))).alerts == 0
    assert await store.waiting(None, at(9)) == waiting
    await leased(store)
    assert (await store.waiting(SITE, at(9))).since == at(3)
    await store.take_in(delivery(1), SITE, joining("x", 1))
    waiting = await store.waiting(SITE, at(9))
    assert (waiting.alerts, waiting.since) == (2, at(1))
    await store.mark_handled(("alerts:x",))
    assert (await store.waiting(SITE, at(9))).alerts == 1


@pytest.mark.parametrize("disposition", [Disposition.KNOWN, Disposition.IGNORED])
async def test_deliveries_go_with_their_incident(store: IncidentStore, disposition: Disposition) -> None:
    await opened(store)
    await store.take_in(delivery(1), SITE, knowing if disposition is Disposition.KNOWN else ignoring)
    taken = await leased(store)
    await store.save(sample.opened().evolve(status=Status.RESOLVED, closed=True), at(1), taken)
    await store.erase(ID, taken)
    await store.erase_deliveries(datetime.now(UTC) + timedelta(days=1))
    assert await store.filed(DeliveryFilter()) == ()
    await looked(store, lambda view: _nothing(view))


def change(identity: str, minutes: float, **more: object) -> Change:
    made = Change(time=at(minutes), id=identity, service="checkout", kind=ChangeKind.DEPLOY, version_to="2.0")
    return made.model_copy(update=more)


def changing(*told: Change) -> Decide:
    """Keep what is told of changes."""
    return lambda view: Filing(disposition=Disposition.IGNORED, changes=told)


FAR = Window(start=at(-600), end=at(600))


async def test_what_is_told_of_changes_is_kept_with_its_sender_and_delivery(store: IncidentStore) -> None:
    late, early = change("71", 4, healthy=True, environment="production"), change("70", 2)
    await store.take_in(delivery(5, "github"), SITE, changing(late, early))
    await store.take_in(delivery(6, "argocd"), "elsewhere", changing(change("x", 3)))
    sent = {"sent": SentBy(sender="github", delivery=1)}
    assert await store.changes(SITE, FAR) == tuple(one.model_copy(update=sent) for one in (early, late))
    within = Window(start=at(2), end=at(4))
    assert [one.id for one in await store.changes(SITE, within)] == ["70"]

    def look(view: IntakeView) -> None:
        assert view.knows(late)
        assert not view.knows(late.model_copy(update={"healthy": False}))
        assert not view.knows(change("x", 3))

    await looked(store, look)


async def test_a_replay_takes_the_place_of_what_its_delivery_told(store: IncidentStore) -> None:
    await store.take_in(delivery(5), SITE, changing(change("71", 4)))

    def read_again(view: IntakeView) -> Filing:
        assert not view.knows(change("71", 4))
        return Filing(disposition=Disposition.IGNORED, changes=(change("71", 4, service="payment"),))

    def breaks(view: IntakeView) -> Filing:
        raise RuntimeError("no")

    again = delivery(6).model_copy(update={"replay_of": 1})
    with pytest.raises(RuntimeError):
        await store.take_in(again, SITE, breaks)
    assert [one.service for one in await store.changes(SITE, FAR)] == ["checkout"]
    await store.take_in(again, SITE, read_again)
    assert [one.service for one in await store.changes(SITE, FAR)] == ["payment"]


async def test_changes_go_with_their_delivery(store: IncidentStore) -> None:
    await store.take_in(delivery(5), SITE, changing(change("71", 4)))
    await store.erase_deliveries(at(5))
    assert len(await store.changes(SITE, FAR)) == 1
    await store.erase_deliveries(at(6))
    assert await store.changes(SITE, FAR) == ()


async def test_whether_an_incident_takes_events_is_known_by_its_id_and_site(store: IncidentStore) -> None:
    seen: list[bool | None] = []

    def asks(view: IntakeView) -> Filing:
        seen[:] = [view.takes_events(ID), view.takes_events("INC-2019-01-01-001")]
        return Filing(disposition=Disposition.IGNORED)

    await store.register(sample.waiting(), WORLD, at(0), site=SITE)
    await store.take_in(delivery(1), SITE, asks)
    assert seen == [True, None]
    await store.take_in(delivery(2), "another", asks)
    assert seen == [None, None]
    await saved(store, sample.waiting().evolve(status=Status.RESOLVED, ended_at=at(3)), at(3))
    await store.take_in(delivery(4), SITE, asks)
    assert seen == [False, None]
