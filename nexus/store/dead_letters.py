"""Dead letters: events that are set aside, since they break every turn or cannot be read."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from incidents.value import Moment, Value

if TYPE_CHECKING:
    from incidents.events import Event
    from nexus.store.audit import Deed


class DeadLetter(Value):
    """An event that was set aside; it is kept as it came and can be replayed.

    Attributes:
        event: its id.
        kind: what it is, such as `note`; `unknown` where that cannot be read.
        by: who sent it, as far as that can be told.
    """

    incident: str
    event: str
    kind: str = "unknown"
    by: str = ""
    why: str
    set_aside_at: Moment

    @property
    def named(self) -> str:
        """As people read it."""
        return f"the event {self.event} ({self.kind}{f' of {self.by}' if self.by else ''})"


class DeadLetters(Protocol):
    """What comes after an event that is set aside is heard."""

    async def count_try(self, event: str) -> None:
        """An event is about to be handed to a turn by itself, since earlier turns broke off."""
        ...

    async def suspect(self, incident: str, tries: int) -> str | None:
        """The oldest waiting event that was handed to that many turns by itself, or None."""
        ...

    async def set_aside(
        self, incident: str, event: str, number: int, why: str, at: datetime
    ) -> DeadLetter | None:
        """Take an event out of what waits, under the lease of that number; None if it waits no more.

        Raises:
            StaleLease: the lease is not in force.
        """
        ...

    async def replay(self, incident: str, event: str, deed: "Deed | None" = None) -> "Event":
        """Put an event that was set aside into the inbox again, under a new id.

        Raises:
            UnknownName: it is not among the incident's.
            UnreadableEvent: it cannot be read now either; nothing was changed.
        """
        ...


def replayed(event: "Event") -> "Event":
    """The same under an id of its own: the first counts as handled."""
    return event.model_copy(update={"id": f"{event.id}:again"})


def described(kept: object) -> dict[str, str]:
    """Kind and sender of an event's plain objects, whatever else of them can be read."""
    if not isinstance(kept, dict):
        return {}
    approval, alerts = kept.get("approval"), kept.get("alerts")
    first = alerts[0] if isinstance(alerts, list) and alerts else None
    senders = (
        kept.get("by"),
        approval.get("by") if isinstance(approval, dict) else None,
        first.get("source") if isinstance(first, dict) else None,
    )
    by = next((one for one in senders if isinstance(one, str)), "")
    return {"kind": str(kept.get("kind", "unknown")), "by": by}
