"""Implements `nexus.store.port.Intake`: a delivery finds its incident by index, not by reading all."""

import json

from incidents.events import stored_event
from incidents.incident import Incident
from nexus.store.records import AlertDelivery, Candidates, Decide, Disposition, Filed, incident_id
from nexus.store.sqlite.database import Run
from nexus.store.sqlite.rows import packed, sortable, unpacked
from nexus.store.sqlite.table import Tables
from nexus.store.sqlite.writes import queued, register


class AlertDeliveries(Tables):
    """Deliveries are decided one after the other, over all processes: that is what the transaction is for."""

    async def take_in(self, delivery: AlertDelivery, among: Candidates, decide: Decide) -> Filed:
        """File a delivery with what becomes of it, in one transaction."""

        def work(run: Run) -> Filed:
            known = run("delivery", id=delivery.id).fetchone()
            if known is not None:
                return Filed(disposition=Disposition.KNOWN, incident=known[0])
            filed = _decided(run, delivery, among, decide)
            said = b"" if filed.disposition is Disposition.KNOWN else delivery.body  # it says nothing new
            body, encoding = packed(said)
            run(
                "file_delivery", id=delivery.id, incident=filed.incident, disposition=filed.disposition,
                received_at=sortable(delivery.received_at), sender=delivery.sender, body=body,
                encoding=encoding,
            )  # fmt: skip
            return filed

        return await self._database.atomically(work)

    async def deliveries(self, incident: str) -> tuple[AlertDelivery, ...]:
        """What was delivered to an incident, oldest first."""
        rows = await self._database.read("deliveries", incident=incident)
        return tuple(
            AlertDelivery.model_validate(
                {
                    "id": identity,
                    "received_at": received_at,
                    "sender": sender,
                    "body": unpacked(body, encoding),  # type: ignore[arg-type]  # a column that is no text
                }
            )
            for identity, received_at, sender, body, encoding in rows
        )


def _decided(run: Run, delivery: AlertDelivery, among: Candidates, decide: Decide) -> Filed:
    found = _found(run, among)
    waiting = [] if found is None else run("events", incident=found.id, handled=0).fetchall()
    day = delivery.received_at.date()
    filing = decide(
        found,
        tuple(stored_event(body) for (body,) in waiting),
        lambda: incident_id(day, run("next_number", day=day.isoformat()).fetchone()[0]),
    )
    if filing.opens is not None:
        opened = filing.opens.incident
        register(run, opened, filing.opens.world, delivery.received_at, among.site)
        return Filed(disposition=filing.disposition, incident=opened.id)
    if filing.event is not None:
        fresh = queued(run, filing.event)
        disposition = filing.disposition if fresh else Disposition.KNOWN
        return Filed(disposition=disposition, incident=filing.event.incident)
    return Filed(disposition=filing.disposition, incident=found.id if found is not None else None)


def _found(run: Run, among: Candidates) -> Incident | None:
    """The youngest that knows one of the conditions, else the youngest nearby."""
    for query, values in (
        ("incident_by_fingerprint", {"fingerprints": json.dumps(sorted(among.fingerprints))}),
        (
            "incident_by_service",
            {"services": json.dumps(sorted(among.services)), "opened_after": sortable(among.opened_after)},
        ),
    ):
        row = run(query, site=among.site, **values).fetchone()
        if row is not None:
            return Incident.from_stored(row[0])
    return None
