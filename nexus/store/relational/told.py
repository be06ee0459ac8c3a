"""What was told of an incident, for those who look."""

from collections.abc import Sequence
from typing import Any

from nexus.store.outbox import KeptAttempt, MessageDelivery
from nexus.store.records import Message
from nexus.store.relational.table import Tables

#: The columns of a delivery as every statement of it brings them: the part `delivery_columns`.
_NAMES = (
    "number", "message", "content", "destination", "saying", "repeat", "urgency", "state", "next_at", "tries",
    "uncertain", "reference", "reason",
)  # fmt: skip


class ToldReads(Tables):
    """Messages, and their deliveries with every attempt."""

    async def messages(self, incident: str) -> tuple[Message, ...]:
        """Everything that was sent, oldest first."""
        return await self._all(Message, "messages", incident=incident)

    async def deliveries_of(self, incident: str) -> tuple[MessageDelivery, ...]:
        """Every delivery of an incident with its attempts."""
        tried: dict[int, list[KeptAttempt]] = {}
        for delivery, at, outcome, reason in await self._database.read("attempts_of", incident=incident):
            kept = KeptAttempt.model_validate({"at": at, "outcome": outcome, "reason": reason})
            tried.setdefault(int(delivery), []).append(kept)
        rows = await self._database.read("deliveries_of", incident=incident)
        every = [delivery_of(row) for row in rows]
        return tuple(one.model_copy(update={"attempts": tuple(tried.get(one.number, ()))}) for one in every)

    async def told_at(self, site: str, reference: str) -> str | None:
        """The incident of which something was told there."""
        for (incident,) in await self._database.read("told_at", site=site, reference=reference):
            return str(incident)
        return None


def delivery_of(row: Sequence[Any]) -> MessageDelivery:
    """A delivery out of the columns that every statement of it brings."""
    values = dict(zip(_NAMES, row, strict=True))
    return MessageDelivery.model_validate(values | {"content": Message.from_stored(values["content"])})
