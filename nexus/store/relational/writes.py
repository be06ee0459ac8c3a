"""What several transactions do alike: register an incident, save it, put an event in its inbox."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from incidents.errors import Refused
from incidents.events import Event, from_a_person
from incidents.join_rules import incident_keys, keys_of
from incidents.severity import Severity
from nexus.store.leases import stale
from nexus.store.records import WorldRef
from nexus.store.relational.events import events_of
from nexus.store.relational.rows import as_json, body_of, columns, redacted_text, sortable
from nexus.store.relational.transactions import NotThere, Run
from nexus.store.search import Searchable, texts_of

if TYPE_CHECKING:
    from incidents.incident import Incident


def register(
    run: Run,
    incident: "Incident",
    world: WorldRef,
    clock: datetime,
    site: str | None,
    alerted: Severity | None = None,
) -> None:
    """Keep a new incident; `alerted`: how severe its alerts say that it is.

    Raises:
        Refused: the id is taken.
    """
    new = run(
        "register",
        world=as_json(world),
        world_kind=world.kind,
        opened_at=sortable(incident.opened_at),
        site=site,
        wake_at=sortable(clock) if site is not None else None,
        alerted=alerted,
        **columns(incident, clock, as_json(incident)),  # at once: nobody has any part of a new one dumped
    ).rowcount
    if not new:
        raise Refused(f"There is an incident {incident.id} already")
    keep_searchable(run, incident.id, texts_of(incident))
    if incident.open:
        run("note_keys", incident=incident.id, keys=json.dumps(sorted(incident_keys(incident))))


def save(run: Run, incident: "Incident", clock: datetime, number: int) -> None:
    """Keep an incident as it stands.

    Raises:
        StaleLease: the lease of that number is not in force.
    """
    if not run("save", number=number, **columns(incident, clock, body_of(incident))).rowcount:
        raise stale(incident.id, number)
    keep_searchable(run, incident.id, texts_of(incident))
    note_alerts(run, incident)


def keep_searchable(run: Run, incident: str, texts: Iterable[Searchable]) -> None:
    """What words find of it from now on; a text that is as it was is not written again."""
    for one in texts:
        run("keep_searchable", incident=incident, kind=one.kind, ref=one.ref, text=redacted_text(one.text))


def hold(run: Run, incident: str, number: int) -> None:
    """What follows in this transaction happens under a lease that is in force.

    Raises:
        NotThere: there is no such incident.
        StaleLease: it is not.
    """
    if not run("holds", id=incident, number=number).fetchone():
        raise stale(incident, number) if run("was_closed", id=incident).fetchone() else NotThere


def note_alerts(run: Run, incident: "Incident") -> None:
    """By what a further alert finds the incident, as long as it takes any."""
    if not incident.open:
        run("erase_incident_keys", incident=incident.id)
        return
    if incident.split_into:  # its alerts went elsewhere, with the keys that they alone had
        waiting = events_of(run("events", incident=incident.id, handled=0))
        unread = [alert for event in waiting for alert in getattr(event, "alerts", ())]
        run("forget_keys", incident=incident.id, keys=json.dumps(sorted(incident_keys(incident, unread))))
    keys = json.dumps(sorted(incident_keys(incident)))
    run("forget_causes", incident=incident.id, keys=keys)
    run("note_keys", incident=incident.id, keys=keys)


def queued(run: Run, fresh: Event, alerted: Severity | None = None) -> bool:
    """Whether an event is new; whoever drives its incident is woken for it, the sooner the more severe."""
    told = {"kind": fresh.kind, "at": sortable(fresh.at), "alerts": len(getattr(fresh, "alerts", ()))}
    if not run("add_event", id=fresh.id, incident=fresh.incident, body=as_json(fresh), **told).rowcount:
        return False
    if fresh.kind == "reopen":
        (body,) = run("load", id=fresh.incident).fetchone()
        from incidents.incident import Incident  # noqa: PLC0415 - the one event that needs it whole

        opened = Incident.from_stored(body).evolve(closed=False)
        run("reopen", incident=fresh.incident, body=as_json(opened))
    values = {"at": sortable(fresh.at), "person": from_a_person(fresh), "alerted": alerted}
    run("wake", incident=fresh.incident, **values)
    if fresh.kind in {"alerts", "matched", "taken_in"}:
        keys = frozenset[str]().union(*(keys_of(alert) for alert in fresh.alerts))
        run("note_keys", incident=fresh.incident, keys=json.dumps(sorted(keys)))
    return True


def intake_of(site: str) -> str:
    """The name under which what decides on the deliveries of a site goes one after the other."""
    return f"intake of {site}"


def forgotten(run: Run, sizes: Iterable[int]) -> int:
    """Bodies of deliveries are deleted: how many bytes are left of all."""
    return int(run("add_body_bytes", bytes=-sum(sizes)).fetchone()[0])
