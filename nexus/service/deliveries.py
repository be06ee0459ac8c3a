"""What anyone may look at of deliveries: what was sent, and what became of each alert, in words."""

from dataclasses import dataclass
from typing import Self

from incidents.alert import Label
from incidents.disposition import AlertOutcome
from incidents.errors import UnknownName
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.store.deliveries import DeliveryFilter, Disposition, FiledDelivery
from nexus.store.port import IncidentStore

__all__ = ["DeliveryFilter", "DeliveryQueries", "DeliveryView"]


class DeliveryView(Value):
    """A delivery as the doors show it.

    Attributes:
        reason: why it could not be read, or was refused.
        replay_of: the number of the delivery that was read again.
        alerts: what became of each alert, change and notice in it.
        headers: those by which the body is told; none in lists.
        body: without secrets; None where it is not kept, and in lists.
    """

    number: int
    received_at: Moment
    sender: str | None
    disposition: Disposition
    reason: str
    incident: str | None
    replay_of: int | None
    alerts: tuple[AlertOutcome, ...]
    headers: tuple[Label, ...] = ()
    body: str | None = None

    @classmethod
    def of(cls, one: FiledDelivery) -> Self:
        """The view of what the store keeps."""
        return cls(
            number=one.number, received_at=one.received_at, sender=one.sender, disposition=one.disposition,
            reason=one.reason, incident=one.incident, replay_of=one.replay_of, alerts=one.outcomes,
            headers=one.headers,
            body=one.body.decode(errors="replace") if one.body is not None else None,
        )  # fmt: skip


class DeliveryPage(Value):
    """Deliveries, newest first; `next` is the number to go on before, null at the end."""

    items: tuple[DeliveryView, ...]
    next: int | None


@dataclass(frozen=True)
class DeliveryQueries:
    """The door of everyone who only looks."""

    store: IncidentStore

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home.store)

    async def page(
        self, among: DeliveryFilter, limit: int, before: int | None = None
    ) -> tuple[DeliveryView, ...]:
        """So many deliveries, newest first; `before` is the number of the last one of the page before."""
        return tuple(DeliveryView.of(one) for one in await self.store.filed(among, limit, before))

    async def find(self, number: int) -> FiledDelivery:
        """One delivery as it is kept.

        Raises:
            UnknownName: there is none of that number (any more).
        """
        one = await self.store.delivery(number)
        if one is None:
            newest = await self.store.filed(DeliveryFilter(), limit=5)
            raise UnknownName("delivery", str(number), (str(known.number) for known in newest))
        return one
