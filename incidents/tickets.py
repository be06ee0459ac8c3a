"""Tickets in a team's own tracker, one for each action item: what is known, what comes next. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from incidents.value import Moment, Value

#: A tracker's search may not know yet what was made a moment ago: it is looked for again after this long,
#: and only what is not there then is made once more.
SETTLES = timedelta(minutes=1)
#: A try that has said nothing for so long has lost its process.
LOST = timedelta(minutes=2)
#: What failed is tried again after this long, twice as long with each further try, and at last once a day.
AGAIN, RARELY = timedelta(minutes=1), timedelta(days=1)


class Making(StrEnum):
    """How far the making of a ticket is."""

    WANTED = "wanted"
    TRYING = "trying"
    UNKNOWN = "unknown"
    FAILED = "failed"
    REFUSED = "refused"
    MADE = "made"


class Outside(StrEnum):
    """How a ticket stands in its tracker, in our words."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"
    DROPPED = "dropped"
    GONE = "gone"


class Ticket(Value):
    """The ticket of one action item, as far as it is known.

    Attributes:
        item: the action item's id.
        tracker: the kind of tracker and where in it, such as `github acme/shop`.
        key: what the ticket is found by in the tracker.
        tries: how often its making was begun.
        looked_at: when it was looked for since the last try, and was not there.
        reference: how the tracker calls it.
        word: how it stands, in the tracker's own word.
        read_at: when the tracker was asked how it stands; of one that is not made, in vain.
        version: counts every change of this row.
    """

    item: str
    incident: str
    tracker: str
    key: str
    by: str = Field(description="who asked for it; Nexus: the settings say that it is made by itself")
    asked_at: Moment
    making: Making = Making.WANTED
    tries: int = Field(default=0, ge=0)
    tried_at: Moment | None = None
    looked_at: Moment | None = None
    reason: str = ""
    reference: str = ""
    url: str = ""
    outside: Outside | None = None
    word: str = ""
    read_at: Moment | None = None
    version: int = Field(default=0, ge=0)

    def changed(self, **changes: object) -> "Ticket":
        """The next version of it."""
        return Ticket.model_validate(dict(self) | changes | {"version": self.version + 1})


class Next(StrEnum):
    """What is to be done about a ticket now."""

    CREATE = "create"
    LOOK = "look"
    NOTHING = "nothing"


def next_step(ticket: Ticket, now: datetime) -> Next:
    """What comes next, so that no crash makes two: what may be there is looked for before it is made."""
    since = now - ticket.tried_at if ticket.tried_at is not None else timedelta.max
    if ticket.read_at is not None and ticket.making is not Making.MADE and now < ticket.read_at + AGAIN:
        return Next.NOTHING  # it could not be looked for a moment ago
    match ticket.making:
        case Making.WANTED:
            return Next.CREATE
        case Making.TRYING if since >= LOST:
            return Next.LOOK
        case Making.UNKNOWN:
            return _after_unknown(ticket, now)
        case Making.FAILED if since >= min(AGAIN * 2 ** min(ticket.tries, 12), RARELY):
            return Next.CREATE
        case _:
            return Next.NOTHING


def _after_unknown(ticket: Ticket, now: datetime) -> Next:
    looked, tried = ticket.looked_at, ticket.tried_at or now
    if looked is not None and looked >= tried + SETTLES:
        return Next.CREATE
    return Next.LOOK if looked is None or now >= tried + SETTLES else Next.NOTHING
