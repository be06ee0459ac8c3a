"""How values become rows."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel

from incidents.events import EVENT, Event
from incidents.incident import Incident
from nexus.store.records import Summary


def as_json(value: BaseModel) -> str:
    """A value as the home writes it."""
    return value.model_dump_json()


def event(body: str) -> Event:
    """An event of the inbox."""
    return EVENT.validate_json(body, extra="ignore")


def sortable(moment: datetime) -> str:
    """Of one width, so that the order of the text is the order of the time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def columns(incident: Incident, clock: datetime) -> dict[str, str | int | None]:
    """The columns of an incident."""
    return {
        "id": incident.id,
        "status": incident.status,
        "severity": incident.severity,
        "closed": incident.closed,
        "clock": sortable(clock),
        "engine": incident.engine,
        "summary": as_json(Summary.of(incident, clock)),
        "body": as_json(incident),
    }


def summaries(rows: Iterable[tuple[str, ...]]) -> tuple[Summary, ...]:
    """The summaries as they were stored: a list needs no whole incident."""
    return tuple(Summary.from_stored(summary) for (summary,) in rows)
