"""The intake of the store's twin in memory."""
# ruff: noqa: SLF001 - the view of a transaction is a part of the store

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from incidents.changes import Change, SentBy
from incidents.disposition import LastWord, ToldOutcome
from incidents.errors import Refused
from incidents.events import AlertsTakenOut
from incidents.findings import Window
from incidents.heartbeat import Heartbeat, beaten
from incidents.incident import Incident
from incidents.join_rules import Candidate
from incidents.lessons import Lesson, Lessons
from incidents.severity import Severity
from nexus.store.deliveries import (
    AlertDelivery,
    Decide,
    DeliveryFilter,
    Filed,
    FiledDelivery,
    Filing,
)
from nexus.store.lists import Waiting
from nexus.store.memory_credentials import MemoryCredentials
from nexus.store.memory_dead_letters import MemoryDeadLetters
from nexus.store.memory_files import MemoryFiles
from nexus.store.memory_leading import MemoryLeading
from nexus.store.memory_leases import Waiting as WaitingRow
from nexus.store.memory_workers import MemoryWorkers
from nexus.store.records import WorldRef, incident_id
from tools.redaction.tree import redact_body, redact_value


class MemoryIntake(MemoryWorkers, MemoryLeading, MemoryFiles, MemoryDeadLetters, MemoryCredentials):
    """Implements `nexus.store.port.Intake` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[date, int] = defaultdict(int)
        self._worlds: dict[str, WorldRef] = {}
        self._deliveries: dict[int, FiledDelivery] = {}
        self._delivered = 0
        self._words: dict[tuple[str, str], tuple[LastWord, datetime]] = {}
        self._changes: dict[int, tuple[str, tuple[Change, ...]]] = {}
        self._heartbeats: dict[tuple[str, str], Heartbeat] = {}
        self._lessons: dict[tuple[str, frozenset[str]], Lesson] = {}

    def _taught(self, site: str) -> Lessons:
        return Lessons(taught=tuple(one for (where, _), one in self._lessons.items() if where == site))

    def _move_words(self, event: AlertsTakenOut) -> None:
        for key, (word, at) in self._words.items():
            if word.incident == event.incident and (event.merged or word.fingerprint in event.fingerprints):
                self._words[key] = word.model_copy(update={"incident": event.into}), at

    def _next_id(self, day: date) -> str:
        self._numbers[day] += 1
        return incident_id(day, self._numbers[day])

    def _register(
        self, incident: Incident, world: WorldRef, clock: datetime, site: str | None,
        alerted: Severity | None = None,
    ) -> None:  # fmt: skip
        if incident.id in self._incidents:
            raise Refused(f"There is an incident {incident.id} already")
        self._incidents[incident.id] = (redact_value(incident), clock)
        self._worlds[incident.id] = world
        wake_at = clock if site is not None else None
        self._waiting[incident.id] = WaitingRow(site=site, wake_at=wake_at, alerted=alerted)
        self._writes += 1

    async def take_in(self, delivery: AlertDelivery, site: str, decide: Decide) -> Filed:
        """File a delivery with what becomes of it."""
        numbers, told = dict(self._numbers), dict(self._changes)
        if delivery.replay_of is not None:
            self._changes.pop(delivery.replay_of, None)
        try:
            filing = decide(_View(self, site, delivery.received_at))
            for one in filing.opens:
                said = filing.severities.get(one.incident.id)
                self._register(one.incident, one.world, delivery.received_at, site, said)
        except BaseException:
            self._numbers, self._changes = defaultdict(int, numbers), told
            raise
        opened = (one.incident.id for one in filing.opens)
        fresh = [
            event.incident
            for event in filing.events
            if self._queued(event, filing.severities.get(event.incident))
        ]
        for alert in filing.beats:
            known = self._heartbeats.get((site, alert.fingerprint))
            self._heartbeats[site, alert.fingerprint] = beaten(alert, known, delivery.received_at)
        for word in filing.words:
            self._words[site, word.fingerprint] = word, delivery.received_at
        number = self._file(delivery, filing)
        if filing.changes:
            self._changes[number] = site, tuple(map(redact_value, filing.changes))
        return Filed(
            number=number, disposition=filing.disposition, incident=filing.incident,
            incidents=(*opened, *fresh),
        )  # fmt: skip

    def _file(self, delivery: AlertDelivery, filing: Filing) -> int:
        self._delivered += 1
        body = (
            redact_body(delivery.body, personal=True)
            if delivery.body is not None and filing.keeps_body
            else None
        )
        kept = FiledDelivery(
            **dict(delivery), number=self._delivered, disposition=filing.disposition, reason=filing.reason,
            incident=filing.incident, outcomes=filing.outcomes,
        )  # fmt: skip
        if body is None:
            kept = kept.model_copy(update={"headers": ()})
        self._deliveries[self._delivered] = redact_value(kept.model_copy(update={"body": None})).model_copy(
            update={"body": body}
        )
        return self._delivered

    async def deliveries(self, incident: str) -> tuple[FiledDelivery, ...]:
        """What an incident was told by the monitoring, oldest first."""
        return tuple(
            one.model_copy(update={"outcomes": (), "headers": ()})
            for one in self._deliveries.values()
            if one.incident == incident and one.disposition != "known"
        )

    async def delivery(self, number: int) -> FiledDelivery | None:
        """A delivery with its outcomes."""
        return self._deliveries.get(number)

    async def filed(
        self, among: DeliveryFilter, limit: int = 100, before: int | None = None
    ) -> tuple[FiledDelivery, ...]:
        """Deliveries with outcomes, newest first."""
        found = [
            one.model_copy(update={"body": None, "headers": ()})
            for number, one in sorted(self._deliveries.items(), reverse=True)
            if (before is None or number < before) and _matches(one, among)
        ]
        return tuple(found[:limit])

    async def open_candidates(self, site: str, opened_after: datetime) -> tuple[Candidate, ...]:
        """The open incidents of a site, with their keys."""
        found = (
            self._candidate(one)
            for one, _ in self._incidents.values()
            if one.open and one.opened_at > opened_after and self._waiting[one.id].site == site
        )
        return tuple(sorted(found, key=lambda one: (one.opened_at, one.id)))

    async def keyed_candidates(self, site: str, key: str) -> tuple[Candidate, ...]:
        """Those that have a key."""
        ever = datetime.min.replace(tzinfo=UTC)
        return tuple(one for one in await self.open_candidates(site, ever) if key in one.keys)

    async def outcomes(self, incident: str) -> tuple[ToldOutcome, ...]:
        """What became of the alerts of an incident."""
        told: dict[tuple[str, str, str], ToldOutcome] = {}
        for number, delivery in self._deliveries.items():
            for one in (one for one in delivery.outcomes if one.incident == incident):
                key = one.fingerprint, one.disposition, one.reason
                before = told.get(key, ToldOutcome(**dict(one), delivery=number, times=0))
                told[key] = before.model_copy(update={"times": before.times + 1})
        return tuple(told.values())

    async def changes(self, site: str, window: Window) -> tuple[Change, ...]:
        """What senders told of a window, oldest first."""
        found = [
            change.model_copy(update={"sent": SentBy(sender=sender, delivery=number)})
            for number, (where, changes) in self._changes.items()
            for sender in (self._deliveries[number].sender or "",)
            for change in changes
            if where == site and window.start <= change.time < window.end
        ]
        return tuple(sorted(found, key=lambda one: one.time))

    async def heartbeats(self, site: str) -> tuple[Heartbeat, ...]:
        """The alerts of a site that always fire."""
        return tuple(beat for (where, _), beat in sorted(self._heartbeats.items()) if where == site)

    async def keep_heartbeat(self, site: str, beat: Heartbeat) -> None:
        """Keep what is known of one."""
        self._heartbeats[site, beat.fingerprint] = beat

    async def forget_bodies(self, before: datetime, most_bytes: int) -> int:
        """Delete old bodies, and the oldest of too many."""
        sizes = {one.number: len(one.body) for one in self._deliveries.values() if one.body is not None}
        beyond = sum(sizes.values()) - most_bytes
        gone = 0
        for number, size in sizes.items():
            old = self._deliveries[number].received_at < before
            if old or beyond > 0:
                gone_with_it = {"body": None, "headers": ()}
                self._deliveries[number] = self._deliveries[number].model_copy(update=gone_with_it)
                beyond, gone = beyond - size, gone + 1
        for key, (word, at) in list(self._words.items()):
            if at < before and (word.incident is None or not word.firing):
                del self._words[key]
        return gone

    async def waiting(self, site: str | None, now: datetime) -> Waiting:
        """How many alerts wait for a hand."""
        fresh = [
            row.wake_at
            for key, row in self._waiting.items()
            if row.site is not None and site in (None, row.site) and row.number == 0
            and row.wake_at is not None and row.wake_at <= now
            and not self._incidents[key][0].closed
        ]  # fmt: skip
        joined = [
            (event.at, len(event.alerts))
            for event in self._inbox.values()
            if event.kind == "alerts" and event.id not in self._handled
            and (theirs := self._waiting[event.incident].site) is not None and site in (None, theirs)
        ]  # fmt: skip
        since = min([*fresh, *(at for at, _ in joined)], default=None)
        return Waiting(alerts=len(fresh) + sum(many for _, many in joined), since=since)

    async def erase_deliveries(self, before: datetime) -> None:
        """Delete what reached no incident."""
        self._deliveries = {
            number: one
            for number, one in self._deliveries.items()
            if one.incident is not None or one.received_at >= before
        }
        self._forget_changes()

    def _erase_deliveries_of(self, incident: str) -> None:
        self._deliveries = {n: one for n, one in self._deliveries.items() if one.incident != incident}
        self._words = {key: row for key, row in self._words.items() if row[0].incident != incident}
        self._forget_changes()

    def _forget_changes(self) -> None:
        """A delivery's go with it."""
        self._changes = {n: told for n, told in self._changes.items() if n in self._deliveries}

    def _candidate(self, incident: Incident) -> Candidate:
        told = (e for e in self._inbox.values() if e.incident == incident.id and e.id not in self._handled)
        sent = [e.alerts for e in told if e.kind in {"alerts", "matched", "taken_in"}]
        return Candidate.of(incident, [alert for alerts in sent for alert in alerts])


@dataclass(frozen=True)
class _View:
    """Implements `nexus.store.records.IntakeView`."""

    store: MemoryIntake
    site: str
    at: datetime

    def last_words(self, fingerprints: Iterable[str]) -> dict[str, LastWord]:
        """The last words, each with whether its incident takes alerts still."""
        words = (self.store._words.get((self.site, one)) for one in fingerprints)
        return {
            word.fingerprint: word.model_copy(update={"open": self._is_open(word)})
            for word, _ in (row for row in words if row is not None)
        }

    def candidates(self, keys: Iterable[str], opened_after: datetime) -> tuple[Candidate, ...]:
        """The open incidents with one of these keys."""
        wanted, found = frozenset(keys), []
        for one, _ in self.store._incidents.values():
            known = self.store._candidate(one)
            if (
                one.open
                and self._site_of(one) == self.site
                and (
                    (wanted & known.keys and one.opened_at > opened_after)
                    or any(key.startswith(("alert:", "condition:")) for key in wanted & known.keys)
                )
            ):
                found.append(known)
        return tuple(found)

    def takes_events(self, incident: str) -> bool | None:
        """Whether an incident of the site is open."""
        row = self.store._incidents.get(incident)
        return row[0].open if row is not None and self._site_of(row[0]) == self.site else None

    def lessons(self) -> Lessons:
        """What people taught."""
        return self.store._taught(self.site)

    def knows(self, change: Change) -> bool:
        """By all that it says."""
        told = redact_value(change)
        return any(where == self.site and told in changes for where, changes in self.store._changes.values())

    def new_id(self) -> str:
        """The next of that day."""
        return self.store._next_id(self.at.date())

    def _site_of(self, incident: Incident) -> str | None:
        return self.store._waiting[incident.id].site

    def _is_open(self, word: LastWord) -> bool:
        row, key = self.store._incidents.get(word.incident or ""), f"alert:{word.fingerprint}"
        return row is not None and row[0].open and key in self.store._candidate(row[0]).keys


def _matches(one: FiledDelivery, among: DeliveryFilter) -> bool:
    incidents = {one.incident, *(outcome.incident for outcome in one.outcomes)}
    return (
        among.sender in (None, one.sender)
        and (among.incident is None or among.incident in incidents)
        and (among.disposition is None or among.disposition in {o.disposition for o in one.outcomes})
    )
