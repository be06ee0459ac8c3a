"""Logs from Amazon CloudWatch: `FilterLogEvents` of the log groups that are named, by group a service.

It gives the oldest events first (10,000 or 1 MB a page; a window holds its last millisecond too), so that of
a window with too many the newer half is read first, and the older one as far as there is room.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from pydantic import Field, TypeAdapter, ValidationError

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.clock import Clock
from tools.live.amazon import Amazon, told
from tools.live.http import Reply
from tools.live.logs.levels import text_level
from tools.live.logs.lines import MOST_LINES, Keys, LogLine
from tools.live.logs.objects import event_line, parsed_object
from tools.live.partial import gather_parts
from tools.live.secrets import Secrets
from tools.live.settings_aws import CloudWatchLogs
from tools.live.telemetry_rows import at_microseconds, cut, to_microseconds
from tools.telemetry.data_gaps import note_gap


class _Event(Reply):
    """One event; its time is in milliseconds since 1970."""

    timestamp: int = Field(ge=0, lt=190_000_000_000_000)
    message: str
    logStreamName: str = ""  # noqa: N815 - AWS's own name


_EVENTS = TypeAdapter(tuple[_Event, ...])


class _Client(Protocol):
    async def filter_log_events(self, **query: object) -> dict[str, Any]: ...


class CloudWatchSource:
    """The log groups of one region. Needs the extra `aws`, and `logs:FilterLogEvents` on these groups.

    Args:
        spec: the region, the groups, and who asks.
        secrets: resolves the keys, where they are named; else the machine's own are used, as AWS finds them.
        clock: what a check looks back from.
        most: lines of one question.
    """

    def __init__(self, spec: CloudWatchLogs, secrets: Secrets, clock: Clock, most: int = MOST_LINES) -> None:
        self._spec = spec
        self._clock = clock
        self._most = most
        self.name = f"CloudWatch in {spec.region}"
        self._amazon: Amazon[_Client] = Amazon(self.name, "logs", spec, secrets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._amazon.aclose()

    async def lines(self, window: Window) -> Sequence[LogLine]:
        """The lines of a window, of each group the newest; a group that does not answer is a gap.

        Raises:
            ToolFailed: no group answered.
        """
        start, end = (to_microseconds(at) // 1000 for at in (window.start, window.end))
        asks = {group: partial(self._newest, group, start, end, self._most) for group in self._spec.groups}
        parts = await gather_parts(asks)
        found = [line for lines in parts.values() for line in lines]
        return sorted(found, key=lambda line: line.time)[-self._most :]

    async def check(self) -> str:
        """The lines of the last five minutes; raises like `lines`."""
        now = self._clock.now()
        lines = await self.lines(Window(start=now - timedelta(minutes=5), end=now))
        groups = f"{len(self._spec.groups)} log groups answer"
        return f"{groups}, {len(lines):,} lines in the last 5 min"

    async def _newest(self, group: str, start: int, end: int, room: int) -> list[LogLine]:
        """The newest lines of a group from one millisecond to another, both in."""
        found: list[LogLine] = []
        async for events in self._pages(group, start, end):
            found.extend(self._line(group, event) for event in events)
            if len(found) <= room:
                continue
            middle = (start + end) // 2
            if middle <= start:
                note_gap(
                    f"{self.name}: more than {room:,} lines of {group} in a moment; the rest was left out"
                )
                return found[-room:]
            newer = await self._newest(group, middle + 1, end, room)
            left = room - len(newer)
            if left:
                return [*await self._newest(group, start, middle, left), *newer]
            first = f"{min(line.time for line in newer):%H:%M:%S} UTC"
            note_gap(f"{self.name}: of {group} the lines before {first} were left out: there are too many")
            return newer
        return found

    async def _pages(self, group: str, start: int, end: int) -> AsyncIterator[tuple[_Event, ...]]:
        query: dict[str, object] = {"logGroupName": group, "startTime": start, "endTime": end}
        if self._spec.pattern:
            query["filterPattern"] = self._spec.pattern
        client = await self._amazon.client()
        while True:
            async with told(f"{self.name}, {group}"):
                answer = await client.filter_log_events(**query)
            try:
                yield _EVENTS.validate_python(answer.get("events", ()))
            except ValidationError:
                raise ToolFailed(f"{self.name}, {group} answered events of an unexpected form") from None
            if not (token := answer.get("nextToken")) or token == query.get("nextToken"):
                return
            query["nextToken"] = token

    def _line(self, group: str, event: _Event) -> LogLine:
        at, service = at_microseconds(event.timestamp * 1000), self._spec.groups[group]
        found = parsed_object(event.message)
        line = event_line(found, Keys(), service, at=at) if found else None
        if line is not None:
            return line if line.instance else line._replace(instance=event.logStreamName)
        text = event.message.rstrip("\n")
        return LogLine(at, service, event.logStreamName, text_level(text), cut(text), "", "")
