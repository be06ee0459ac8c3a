"""Implements `nexus.store.port.Intake`: a delivery finds what it belongs to by index, not by reading all."""

import json
from collections.abc import Iterable
from datetime import datetime

from incidents.alert import Alert, Label
from incidents.changes import Change
from incidents.disposition import LastWord
from incidents.heartbeat import Heartbeat, beaten
from incidents.join_rules import Candidate
from incidents.lessons import Lesson, Lessons
from nexus.store.deliveries import (
    AlertDelivery,
    Decide,
    DeliveryFilter,
    Disposition,
    Filed,
    FiledDelivery,
    Filing,
)
from nexus.store.records import incident_id
from nexus.store.relational.changes import is_kept, keep_changes
from nexus.store.relational.reads import outcome_of
from nexus.store.relational.rows import as_json, packed, sortable, unpacked
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run
from nexus.store.relational.writes import forgotten, intake_of, queued, register
from tools.redaction.redact import redact_secrets

#: No delivery has a higher number.
_NEWEST = 2**62
#: So many bodies are deleted in one transaction.
_AT_ONCE = 500


class AlertDeliveries(Tables):
    """Deliveries are decided one after the other, over all processes: that is what the transaction is for."""

    async def take_in(self, delivery: AlertDelivery, site: str, decide: Decide) -> Filed:
        """File a delivery with what becomes of it, in one transaction."""

        def work(run: Run) -> Filed:
            if delivery.replay_of is not None:
                run("forget_changes", delivery=delivery.replay_of)
            filing = decide(_View(run, site, delivery.received_at))
            for one in filing.opens:
                said = filing.severities.get(one.incident.id)
                register(run, one.incident, one.world, delivery.received_at, site, said)
            fresh = [
                event.incident
                for event in filing.events
                if queued(run, event, filing.severities.get(event.incident))
            ]
            for alert in filing.beats:
                _beaten(run, site, alert, delivery.received_at)
            for word in filing.words:
                _remember(run, site, word, delivery.received_at)
            kept, encoding = None, None
            if delivery.body is not None and filing.keeps_body:
                kept, encoding = packed(delivery.body, personal=True)
            number = _file(run, delivery, filing, kept, encoding)
            keep_changes(run, site, number, filing.changes)
            if kept is not None:
                run("add_body_bytes", bytes=len(kept))
            opened = (one.incident.id for one in filing.opens)
            return Filed(
                number=number, disposition=filing.disposition, incident=filing.incident,
                incidents=(*opened, *fresh),
            )  # fmt: skip

        return await self._database.atomically(work, alone=intake_of(site))

    async def deliveries(self, incident: str) -> tuple[FiledDelivery, ...]:
        """What was delivered to an incident, oldest first."""
        rows = await self._database.read("deliveries_of_incident", incident=incident)
        return tuple(_delivery(row) for row in rows)

    async def delivery(self, number: int) -> FiledDelivery | None:
        """A delivery with its outcomes."""
        rows = await self._database.read("delivery", number=number)
        if not rows:
            return None
        *row, headers = rows[0]
        found = _delivery(tuple(row)).model_copy(update={"headers": _headers(headers)})
        return await self._with_outcomes(found)

    async def filed(
        self, among: DeliveryFilter, limit: int = 100, before: int | None = None
    ) -> tuple[FiledDelivery, ...]:
        """Deliveries with outcomes, newest first."""
        rows = await self._database.read(
            "filed_deliveries", limit=limit, before=_NEWEST if before is None else before,
            sender=among.sender, incident=among.incident, disposition=among.disposition,
        )  # fmt: skip
        bare = [_delivery((*row[:8], None, None)) for row in rows]
        return tuple([await self._with_outcomes(one) for one in bare])

    async def open_candidates(self, site: str, opened_after: datetime) -> tuple[Candidate, ...]:
        """The open incidents of a site, with their keys."""
        rows = await self._database.read("open_candidates", site=site, opened_after=sortable(opened_after))
        return tuple(_candidate(*row) for row in rows)

    async def keyed_candidates(self, site: str, key: str) -> tuple[Candidate, ...]:
        """Those that have a key."""
        rows = await self._database.read("keyed_candidates", site=site, key=key)
        return tuple(_candidate(*row) for row in rows)

    async def heartbeats(self, site: str) -> tuple[Heartbeat, ...]:
        """The alerts of a site that always fire."""
        return await self._all(Heartbeat, "heartbeats", site=site)

    async def keep_heartbeat(self, site: str, beat: Heartbeat) -> None:
        """Keep what is known of one."""
        await self._database.atomically(lambda run: _keep_heartbeat(run, site, beat))

    async def forget_bodies(self, before: datetime, most_bytes: int) -> int:
        """Delete old bodies, and the oldest of too many."""

        def work(run: Run) -> int:
            old = run("old_bodies", before=sortable(before), limit=_AT_ONCE).fetchall()
            total = _forget(run, old)
            beyond = total - most_bytes
            for number, size in run("oldest_bodies", limit=_AT_ONCE).fetchall() if beyond > 0 else ():
                if beyond <= 0:
                    break
                old.append((number, size))
                _forget(run, [(number, size)])
                beyond -= size
            run("forget_words", before=sortable(before))
            return len(old)

        gone = 0
        while some := await self._database.atomically(work):
            gone += some
        return gone

    async def _with_outcomes(self, one: FiledDelivery) -> FiledDelivery:
        rows = await self._database.read("outcomes", number=one.number)
        return one.model_copy(update={"outcomes": tuple(outcome_of(row) for row in rows)})


class _View:
    """Implements `nexus.store.records.IntakeView` inside of a transaction."""

    def __init__(self, run: Run, site: str, at: datetime) -> None:
        self._run = run
        self._site = site
        self._at = at

    def last_words(self, fingerprints: Iterable[str]) -> dict[str, LastWord]:
        """By primary key, one after the other."""
        found = {}
        for fingerprint in fingerprints:
            row = self._run("last_word", site=self._site, fingerprint=fingerprint).fetchone()
            if row is not None:
                firing, starts_at, start_sent, ends_at, incident, is_open = row
                found[fingerprint] = LastWord(
                    fingerprint=fingerprint, firing=bool(firing), starts_at=datetime.fromisoformat(starts_at),
                    start_sent=bool(start_sent),
                    ends_at=datetime.fromisoformat(ends_at) if ends_at is not None else None,
                    incident=incident, open=bool(is_open),
                )  # fmt: skip
        return found

    def candidates(self, keys: Iterable[str], opened_after: datetime) -> tuple[Candidate, ...]:
        """By the index over the keys of open incidents."""
        rows = self._run(
            "candidates", keys=json.dumps(sorted(keys)), site=self._site, opened_after=sortable(opened_after)
        ).fetchall()
        return tuple(_candidate(*row) for row in rows)

    def takes_events(self, incident: str) -> bool | None:
        """By primary key."""
        row = self._run("takes_events", site=self._site, id=incident).fetchone()
        return bool(row[0]) if row is not None else None

    def lessons(self) -> Lessons:
        """All of the site; people teach few."""
        rows = self._run("lessons", site=self._site).fetchall()
        return Lessons(taught=tuple(Lesson.from_stored(body) for (body,) in rows))

    def knows(self, change: Change) -> bool:
        """By its time and its text."""
        return is_kept(self._run, self._site, change)

    def new_id(self) -> str:
        """The next of that day."""
        day = self._at.date()
        return incident_id(day, self._run("next_number", day=day.isoformat()).fetchone()[0])


def _candidate(incident: str, opened_at: str, keys: str) -> Candidate:
    return Candidate.model_construct(
        id=incident, opened_at=datetime.fromisoformat(opened_at), keys=frozenset(json.loads(keys))
    )


def _file(run: Run, delivery: AlertDelivery, filing: Filing, body: bytes | None, encoding: str | None) -> int:
    (number,) = run(
        "file_delivery", received_at=sortable(delivery.received_at), sender=delivery.sender,
        form=delivery.form, disposition=filing.disposition, reason=redact_secrets(filing.reason),
        incident=filing.incident, replay_of=delivery.replay_of, body=body, encoding=encoding,
        headers=_as_text(delivery.headers) if body is not None else None,
    ).fetchone()  # fmt: skip
    for position, one in enumerate(filing.outcomes):
        run(
            "file_outcome", delivery=number, position=position, disposition=one.disposition,
            reason=redact_secrets(one.reason), title=redact_secrets(one.title), service=one.service,
            fingerprint=one.fingerprint, incident=one.incident,
        )  # fmt: skip
    return int(number)


def _remember(run: Run, site: str, word: LastWord, at: datetime) -> None:
    run(
        "remember_word", site=site, fingerprint=word.fingerprint, firing=word.firing,
        starts_at=sortable(word.starts_at), start_sent=word.start_sent,
        ends_at=sortable(word.ends_at) if word.ends_at is not None else None, incident=word.incident,
        heard_at=sortable(at),
    )  # fmt: skip


def _beaten(run: Run, site: str, alert: Alert, now: datetime) -> None:
    row = run("heartbeat", site=site, fingerprint=alert.fingerprint).fetchone()
    _keep_heartbeat(run, site, beaten(alert, Heartbeat.from_stored(row[0]) if row else None, now))


def _keep_heartbeat(run: Run, site: str, beat: Heartbeat) -> None:
    run("keep_heartbeat", site=site, fingerprint=beat.fingerprint, body=as_json(beat))


def _forget(run: Run, bodies: list[tuple[int, int]]) -> int:
    """Delete these bodies; how many bytes are left of all."""
    run("forget_bodies", numbers=json.dumps([number for number, _ in bodies]))
    return forgotten(run, (size for _, size in bodies))


def _as_text(headers: Iterable[Label]) -> str | None:
    """The headers of a delivery as they are kept, without secrets; none without any."""
    kept = {one.name: redact_secrets(one.value) for one in headers}
    return json.dumps(kept) if kept else None


def _headers(kept: str | None) -> tuple[Label, ...]:
    return tuple(Label(name=name, value=value) for name, value in json.loads(kept or "{}").items())


def _delivery(row: tuple[str | None, ...]) -> FiledDelivery:
    number, received_at, sender, form, disposition, reason, incident, replay_of, body, encoding = row
    return FiledDelivery.model_validate(
        {
            "number": number, "received_at": received_at, "sender": sender, "form": form,
            "disposition": Disposition(str(disposition)), "reason": reason, "incident": incident,
            "replay_of": replay_of,
            # A column that is no text.
            "body": unpacked(body, encoding) if body is not None else None,  # type: ignore[arg-type]
        }
    )  # fmt: skip
