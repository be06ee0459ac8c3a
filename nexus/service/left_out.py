"""Alerts that a sender left out of a notification are fetched from it, where `nexus.yaml` says how.

A notification that is too long says how many alerts it leaves out. They are asked for once it is answered,
and taken in as deliveries of their own; what cannot be fetched is a line among the deliveries.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from incidents.errors import AlertError, NexusError
from nexus.service.intake import AlertIntake, IntakeResult
from tools.alerts.formats import LARGEST
from tools.alerts.reading import AlertGroup, Reading
from tools.live.alertmanager import Alertmanager

log = structlog.get_logger(__name__)

#: So many alerts of one group are fetched at most, so many of them in one delivery.
MOST, AT_ONCE = 5_000, 500


@dataclass
class LeftOutAlerts:
    """The alerts that senders of one live world left out."""

    intake: AlertIntake
    _asking: dict[AlertGroup, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether any sender is being asked."""
        return bool(self._asking)

    async def done(self) -> None:
        """Wait until nobody is asked any more."""
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    @asynccontextmanager
    async def fetching(self) -> AsyncIterator[None]:
        """Fetch what deliveries leave out while the block lasts."""
        self.intake.left_out = self._begin
        try:
            yield
        finally:
            self.intake.left_out = None
            for task in tuple(self._asking.values()):
                task.cancel()
            await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _begin(self, reading: Reading, taken: IntakeResult, form: str | None) -> None:
        """Ask in the background, a group once at a time."""
        group = reading.group
        if group is None or group in self._asking:
            return
        task = asyncio.create_task(self._guarded(reading, group, taken.delivery, form))
        self._asking[group] = task
        task.add_done_callback(lambda done: self._asking.pop(group, None))

    async def _guarded(self, reading: Reading, group: AlertGroup, number: int, form: str | None) -> None:
        try:
            await self.fetch(reading, group, number, form)
        except NexusError as error:  # the store: nothing of it is lost that Alertmanager does not tell again
            log.warning("what was left out was not taken in", delivery=number, why=str(error))
        except Exception:  # a job's edge: nobody waits for it
            log.exception("what was left out was not taken in", delivery=number)

    async def fetch(self, reading: Reading, group: AlertGroup, number: int, form: str | None) -> None:
        """Fetch what one delivery left out, and take it in.

        Args:
            reading: of the delivery.
            group: how its sender is asked.
            number: of the delivery.
            form: what its address named.
        """
        spec = self.intake.site.intake.api_of(form, reading.sender)
        if spec is None:
            return
        what = f"{reading.truncated} alerts of delivery {number} were not sent"
        try:
            async with aclosing(Alertmanager(spec, self.intake.home.secrets)) as sender:
                found = await sender.alerts(group)
        except NexusError as error:
            await self.intake.note(reading.sender, f"{what} and could not be fetched: {error}")
            return
        sent = {alert.fingerprint for alert in reading.alerts}
        missing = [one for one in found if one.get("fingerprint") not in sent]
        kept = missing[:MOST]
        if not kept:
            await self.intake.note(reading.sender, f"{what}; its sender knows of no other that fires now")
        for part in _parts(kept):
            await self._take(part, reading, number, len(kept))
        if len(missing) > len(kept):
            left = len(missing) - len(kept)
            await self.intake.note(reading.sender, f"{what}; {left} that fire are beyond the {MOST} fetched")

    async def _take(self, part: Sequence[dict[str, Any]], reading: Reading, number: int, many: int) -> None:
        origin = f"fetched, {reading.truncated} were truncated in delivery {number} and {many} of them fire"
        group = reading.alerts[0].group if reading.alerts else ""
        try:
            await self.intake.fetched(json.dumps(part).encode(), reading.sender, group, origin)
        except AlertError as error:
            log.warning("what was fetched cannot be read", delivery=number, why=str(error))


def _parts(found: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Deliveries that are no longer than one that is sent."""
    parts: list[list[dict[str, Any]]] = []
    size = 0
    for one in found:
        length = len(json.dumps(one)) + 2
        if not parts or len(parts[-1]) >= AT_ONCE or size + length > LARGEST // 2:
            parts.append([])
            size = 0
        parts[-1].append(one)
        size += length
    return parts
