"""What the status page is made of: updates, since when each component is recorded, who wants mail."""

from datetime import datetime
from typing import Protocol

from incidents.status_page import PublicUpdate
from incidents.value import Moment, Value
from nexus.store.audit import Deed


class Recorded(Value):
    """A component of the page, and since when it is recorded."""

    name: str
    since: Moment


class Subscriber(Value):
    """Somebody who wants mail.

    Attributes:
        address: of theirs.
        token: what their links hold: it confirms and ends the subscription.
        asked_at: when a confirmation was last asked for.
        confirmed_at: None while nobody has confirmed.
        sent_through: the place of the last update that was sent to them.
        wait_until: nothing is sent to them before.
    """

    address: str
    token: str
    asked_at: Moment
    confirmed_at: Moment | None = None
    sent_through: int = 0
    wait_until: Moment


class StatusPages(Protocol):
    """The page of each site. What it has told stays when the incident is deleted."""

    async def keep_component(self, site: str, name: str, since: datetime) -> None:
        """Keep since when a component is recorded; the first moment stays."""
        ...

    async def recorded(self, site: str) -> tuple[Recorded, ...]:
        """Every component that ever was recorded, by name."""
        ...

    async def keep_update(self, site: str, update: PublicUpdate) -> bool:
        """Keep an update, once for each key of its incident; one that is published gets its place.

        Drafts of its incident that are older are dropped then, for their time is over.
        """
        ...

    async def release(self, update: PublicUpdate, deed: Deed) -> PublicUpdate | None:
        """Publish a draft as it is given, with the deed of who did it; None if it is a draft no more."""
        ...

    async def drop(self, identity: str, deed: Deed) -> bool:
        """Give a draft up; False if it is a draft no more."""
        ...

    async def public_updates(self, incident: str) -> tuple[PublicUpdate, ...]:
        """All of an incident, in the order in which they came."""
        ...

    async def published(self, site: str, since: datetime) -> tuple[PublicUpdate, ...]:
        """What was published of a site after a moment, in the order of publication."""
        ...

    async def last_place(self, site: str) -> int:
        """The place of the last one that was published, 0 if there is none; costs one look at an index."""
        ...

    async def keep_subscriber(self, site: str, subscriber: Subscriber) -> None:
        """Keep a subscriber in place of one of that address."""
        ...

    async def subscriber(self, site: str, *, address: str = "", token: str = "") -> Subscriber | None:
        """The subscriber of an address or a token, or None."""
        ...

    async def subscribers(self, site: str, behind: int, now: datetime) -> tuple[Subscriber, ...]:
        """Those confirmed who have not been sent that place and need not wait any longer."""
        ...

    async def forget_unconfirmed(self, site: str, before: datetime) -> None:
        """Delete those who never confirmed and have waited since before a moment."""
        ...

    async def forget_subscriber(self, site: str, address: str) -> None:
        """Delete one."""
        ...
