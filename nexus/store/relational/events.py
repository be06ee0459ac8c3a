"""Events as their rows hold them."""

from collections.abc import Iterable

from pydantic import ValidationError

from incidents.errors import UnreadableEvent
from incidents.events import Event, stored_event
from nexus.store.relational.rows import broken_form


def event_of(identity: str, body: str) -> Event:
    """An event as it was kept.

    Raises:
        UnreadableEvent: it is none that this version knows.
    """
    try:
        return stored_event(body)
    except ValidationError as error:
        raise UnreadableEvent(identity, broken_form(error)) from None


def events_of(rows: Iterable[tuple[str, ...]]) -> tuple[Event, ...]:
    """The events of these rows (id, body); raises like `event_of`."""
    # All rows first: a cursor that an error leaves in the middle keeps its connection from writing.
    return tuple(event_of(identity, body) for identity, body in tuple(rows))
