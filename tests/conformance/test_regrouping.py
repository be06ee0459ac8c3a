"""One suite for what people correct of what belongs together, on every store, through their door."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.events import apply_event
from incidents.actor import Actor, Via
from incidents.alert import Alert
from incidents.catalogue import Catalogue, Service
from incidents.correlate import correlate
from incidents.disposition import word_of
from incidents.errors import Refused, UnknownName, UsageError
from incidents.incident import Incident
from incidents.join_rules import Candidate, Rule
from incidents.notes import Note
from incidents.policy import ApprovalPolicy
from incidents.severity import Status, Step
from nexus.service.regrouping import IncidentRegrouping
from nexus.service.views import Regrouped
from nexus.store.deliveries import AlertDelivery, Disposition, Filing, IntakeView, Opening
from nexus.store.port import IncidentStore
from nexus.store.records import WorldKind, WorldRef
from tests.conformance.test_leases import leased
from tests.graph.harness import RUNBOOK
from tools.clock import VirtualClock

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
LIVE = WorldRef(kind=WorldKind.LIVE, path="/srv/nexus.yaml")
ANA = Actor.named("ana", Via.CLI)
CATALOGUE = Catalogue(
    services=(
        Service(name="web", depends_on=("checkout",)), Service(name="checkout"), Service(name="mail")
    )
)  # fmt: skip


def alert(service: str, fingerprint: str = "") -> Alert:
    return Alert(
        source="alertmanager", title=f"{service} fails", service=service, starts_at=NOW, received_at=NOW,
        fingerprint=fingerprint or f"{service}-1234567",
    )  # fmt: skip


async def opened(store: IncidentStore, *alerts: Alert, world: WorldRef = LIVE) -> str:
    identity = await store.next_id(NOW.date())
    incident = Incident.opened(identity, alerts, NOW, "playbook", None)
    await store.register(incident, world, NOW, "default")
    return identity


async def driven(store: IncidentStore, identity: str) -> Incident:
    """The incident after what waits in its inbox was taken in, and its timeline written."""
    incident = await store.load(identity)
    assert incident is not None
    events = await store.events(identity)
    for event in events:
        update = apply_event(incident, event, ApprovalPolicy(), RUNBOOK, NOW)
        incident = update.incident
        for line in update.entries:
            await store.write(line)
    number = await leased(store, identity)
    await store.save(incident, NOW, number)
    await store.mark_handled(tuple(event.id for event in events))
    await store.give_back(identity, number, None)
    return incident


async def told(store: IncidentStore, identity: str) -> str:
    return "\n".join(line.text for line in await store.entries(identity))


def door(store: IncidentStore, minutes: float = 0) -> IncidentRegrouping:
    return IncidentRegrouping(
        store, VirtualClock(NOW + timedelta(minutes=minutes)), lambda _: ApprovalPolicy()
    )


async def split(store: IncidentStore, identity: str, *named: str) -> Regrouped:
    return await door(store).split(identity, named, actor=ANA, reason="another team's")


async def test_alerts_go_out_into_an_incident_of_their_own_and_both_say_so(store: IncidentStore) -> None:
    one = await opened(store, alert("checkout"), alert("mail"))
    done = await split(store, one, "mail")
    assert done.split_into is not None
    rest, new = await driven(store, one), await driven(store, done.split_into)
    assert [a.service for a in rest.alerts] == ["checkout"]
    assert ([a.service for a in new.alerts], new.split_from, new.open) == (["mail"], one, True)
    assert rest.step is Step.TRIAGE
    assert f"ana took mail fails out into {new.id}: another team's" in await told(store, one)
    assert f"split from {one} by ana: another team's" in await told(store, new.id)


async def test_what_was_joined_and_split_stays_apart_from_then_on(store: IncidentStore) -> None:
    one = await opened(store, alert("web"), alert("checkout"))
    await split(store, one, "checkout-1234")
    lessons = await store.lessons("default")
    assert await store.lessons("another site") == type(lessons)()
    there = Candidate.of(await driven(store, one))
    (placed,) = correlate(
        [alert("checkout", "new")], [there], CATALOGUE, lessons, NOW.min.replace(tzinfo=UTC)
    )
    assert (placed.opens, placed.rule) == (0, Rule.NOTHING_SHARED)
    assert f"ana separated them on 2026-03-12 in {one}: another team's" in placed.reason


async def test_a_merged_incident_is_closed_and_the_other_goes_on_with_what_it_had(
    store: IncidentStore,
) -> None:
    one, other = await opened(store, alert("checkout")), await opened(store, alert("mail"))
    number = await leased(store, other)
    kept = await store.load(other)
    assert kept is not None
    noted = kept.evolve(notes=(Note(at=NOW, by="kim", text="the queue is full"),))
    await store.save(noted, NOW, number)
    await store.give_back(other, number, None)
    done = await door(store).merge(one, other, actor=ANA, reason="one broker")
    assert (done.merged, done.alerts, done.lessons) == (other, ("mail-1234567",), 1)
    goes_on, ended = await driven(store, one), await driven(store, other)
    assert (ended.status, ended.merged_into, ended.open) == (Status.MERGED, one, False)
    assert [a.service for a in goes_on.alerts] == ["checkout", "mail"]
    assert [note.text for note in goes_on.notes] == ["the queue is full"]
    assert f"ana merged {other} into it: one broker. Its timeline: `nexus show {other}`" in await told(
        store, one
    )
    assert f"merged into {one} by ana: one broker" in await told(store, other)
    new, there = alert("mail", "new"), Candidate.of(await opened_again(store))
    (placed,) = correlate(
        [new], [there], CATALOGUE, await store.lessons("default"), NOW.min.replace(tzinfo=UTC)
    )
    assert (placed.rule, placed.incident) == (Rule.LESSON, there.id)


async def opened_again(store: IncidentStore) -> Incident:
    incident = await store.load(await opened(store, alert("checkout", "another")))
    assert incident is not None
    return incident


async def test_a_merge_is_undone_by_a_split_and_a_split_by_a_merge(store: IncidentStore) -> None:
    one, other = await opened(store, alert("checkout")), await opened(store, alert("mail"))
    before = await store.load(one), await store.load(other)
    await door(store).merge(one, other, actor=ANA, reason="one broker")
    await driven(store, one), await driven(store, other)
    done = await split(store, one, other)
    assert done.split_into == other
    after = await driven(store, one), await driven(store, other)
    assert [i.alerts for i in after] == [i.alerts for i in before if i is not None]
    assert (after[1].open, after[1].merged_into) == (True, None)
    new = (await split(store, one := await opened(store, alert("web"), alert("mail")), "mail")).split_into
    assert new is not None
    await driven(store, one), await driven(store, new)
    await door(store).merge(one, new, actor=ANA, reason="one fault after all")
    assert {a.service for a in (await driven(store, one)).alerts} == {"web", "mail"}


async def test_what_makes_no_sense_is_refused_and_changes_nothing(store: IncidentStore) -> None:
    one, other = await opened(store, alert("checkout"), alert("mail")), await opened(store, alert("web"))
    for wrong, error in (
        (split(store, one, "checkout", "mail"), Refused),
        (split(store, one, "payment"), UnknownName),
        (split(store, one), UsageError),
        (split(store, one, other), Refused),
        (door(store).merge(one, one, actor=ANA, reason="x"), UsageError),
        (door(store).merge(one, other, actor=ANA, reason=" "), UsageError),
        (door(store).merge(one, "INC-2026-01-01-001", actor=ANA, reason="x"), UnknownName),
    ):
        with pytest.raises(error):
            await wrong
    assert await store.events(one) == await store.events(other) == ()
    await door(store).merge(one, other, actor=ANA, reason="x")
    with pytest.raises(Refused, match="merged into"):
        await door(store).merge(other, one, actor=ANA, reason="x")


async def test_what_is_told_of_a_moved_alert_is_told_to_the_incident_that_has_it(
    store: IncidentStore,
) -> None:
    mail, known = alert("mail"), alert("checkout")
    incident = Incident.opened(await store.next_id(NOW.date()), (known, mail), NOW, "playbook", None)
    words = tuple(word_of(one, incident.id) for one in (known, mail))
    opening = Opening(incident=incident, world=LIVE)
    filing = Filing(disposition=Disposition.OPENED, opens=(opening,), words=words)
    await store.take_in(AlertDelivery(received_at=NOW), "default", lambda view: filing)

    async def found() -> tuple[dict[str, tuple[str | None, bool]], set[str]]:
        """Whom each alert belongs to and whether it takes alerts; who a new one of mail is compared with."""
        seen: list[tuple[dict[str, tuple[str | None, bool]], set[str]]] = []

        def look(view: IntakeView) -> Filing:
            last = view.last_words([mail.fingerprint, known.fingerprint])
            young = view.candidates({"service:mail"}, NOW - timedelta(minutes=1))
            belongs = {name: (word.incident, word.open) for name, word in last.items()}
            seen.append((belongs, {one.id for one in young}))
            return Filing(disposition=Disposition.IGNORED)

        await store.take_in(AlertDelivery(received_at=NOW), "default", look)
        return seen[0]

    new = (await split(store, incident.id, "mail")).split_into
    assert new is not None
    await driven(store, incident.id), await driven(store, new)
    stays = {known.fingerprint: (incident.id, True)}
    assert await found() == ({mail.fingerprint: (new, True), **stays}, {new})
    await door(store).merge(incident.id, new, actor=ANA, reason="one fault")
    await driven(store, incident.id), await driven(store, new)
    assert await found() == ({mail.fingerprint: (incident.id, True), **stays}, {incident.id})
    await door(store, 5).split(incident.id, [new], actor=ANA, reason="two after all")
    await driven(store, incident.id), await driven(store, new)
    assert await found() == ({mail.fingerprint: (new, True), **stays}, {new})
