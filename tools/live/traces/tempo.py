"""Traces from Grafana Tempo: a TraceQL search finds them, each is then read whole.

https://grafana.com/docs/tempo/latest/api_docs/; the second version of the trace API answers OpenTelemetry's
JSON inside of `trace`, the first one calls it `batches`. What the documents do not tell was seen in 3.1:
without `most_recent` a search cuts where it likes; a trace is found by its id at once, by a search after half
a minute; one that is gone is an empty trace with 200; limits above 262,144, windows above 168 h are refused.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend, Query, Rejected, Reply
from tools.live.limits import span_told
from tools.live.partial import gather_parts
from tools.live.settings import Tempo
from tools.live.traces.otlp import OtlpTraces, spans_of
from tools.live.traces.spans import Span
from tools.telemetry.data_gaps import note_gap

#: Every span; which services count is decided by the catalogue.
_ANY = "{}"
_NEWEST = "{} with (most_recent=true)"
_GONE = 404
#: The longest window that it takes by default.
_LONGEST = timedelta(hours=168)
#: A search finds traces so late.
_LATE = timedelta(seconds=30)
#: Bounds are whole seconds: each may be one further out.
_TICK = timedelta(seconds=2)
_TOO_LONG = re.compile(r"range specified by start and end exceeds ([\w.]+)")
_TOO_MANY = re.compile(r"limit \d+ exceeds max limit (\d{1,9})")


class _Found(Reply):
    id: str = Field(alias="traceID")


class _Search(Reply):
    traces: tuple[_Found, ...] | None = None


class _Second(Reply):
    trace: OtlpTraces
    status: str = ""


class TempoTraces:
    """The newest traces of a window, up to a limit."""

    def __init__(self, spec: Tempo, backend: Backend, clock: Clock) -> None:
        self._backend = backend
        self._clock = clock
        self._limit = spec.limit
        self._longest = _LONGEST
        self._query = _NEWEST
        self._first_version = False
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def spans(self, window: Window, services: Sequence[str]) -> Sequence[Span]:
        """The spans of the traces that a search finds, the newest ones.

        Raises:
            ToolFailed: it does not answer.
        """
        found = await self._found(window, self._limit)
        if len(found) >= self._limit:
            which = "" if self._query == _NEWEST else ", and does not tell which are the newest"
            note_gap(f"{self.name} was asked for {self._limit} traces and had more{which}; what is "
                 "missing is not known to be like the rest")  # fmt: skip
        answers = await self._traces(found)
        if window.end > self._clock.now() - _LATE:
            answers |= await self._again(window, found)
        if gone := sum(trace is None for trace in answers.values()):
            note_gap(f"{self.name} no longer has {gone} of the {len(answers)} traces that its search found")
        return [span for trace in answers.values() if trace is not None for span in trace]

    async def check(self) -> str:
        """The traces of the last minutes; raises like `spans`."""
        now = self._clock.now()
        found = await self._found(Window(start=now - timedelta(minutes=15), end=now), 20)
        if not found:
            return "it answers, and finds no trace of the last 15 minutes"
        trace = await self._trace(found[0])
        count = len(trace) if trace is not None else 0
        which = "" if self._query == _NEWEST else "; it is too old to give the newest traces first"
        return f"it finds traces of the last 15 minutes; one has {count} spans{which}"

    async def _again(self, window: Window, found: Sequence[str]) -> dict[str, list[Span] | None]:
        """What a search finds by now of the newest half minute, of which the first may have missed some."""
        note_gap(
            f"{self.name} may not have found the traces of the last {_LATE.total_seconds():g} s yet: "
            "asked again later, it may have more"
        )
        newest = window.model_copy(update={"start": max(window.start, self._clock.now() - _LATE)})
        try:
            late = await self._found(newest, self._limit)
        except ToolFailed:
            return {}  # the first answer stands, and what it may lack is said
        return await self._traces([one for one in late if one not in found])

    async def _traces(self, ids: Sequence[str]) -> dict[str, list[Span] | None]:
        return await gather_parts({one: partial(self._trace, one) for one in ids})

    async def _found(self, window: Window, limit: int) -> list[str]:
        """The ids of the newest traces; a window that is too long is searched in parts, the newest first."""
        found: dict[str, None] = {}
        end = window.end
        while end > window.start and len(found) < limit:
            start = max(window.start, end - self._longest + _TICK)
            try:
                part = await self._search(start, end, limit)
            except Rejected as error:
                if self._learnt(error):
                    limit = min(limit, self._limit)
                    continue
                raise
            found.update(dict.fromkeys(part))
            end = start
        return list(found)[:limit]

    def _learnt(self, error: Rejected) -> bool:
        """Whether a refusal told something that the next question can keep to."""
        before = (self._limit, self._longest, self._query)
        if (many := _TOO_MANY.search(error.text)) is not None:
            self._limit = max(1, min(self._limit, int(many[1])))
        elif (long := _TOO_LONG.search(error.text)) is not None:
            self._longest = min(self._longest, span_told(long[1]) or self._longest)
        elif "parse error" in error.text:  # a server that does not know the hint
            self._query = _ANY
        return before != (self._limit, self._longest, self._query)

    async def _search(self, start: datetime, end: datetime, limit: int) -> list[str]:
        # In whole seconds: a window that ends within one needs all of it.
        query: Query = {
            "q": self._query,
            "start": int(start.timestamp()),
            "end": int(end.timestamp()) + 1,
            "limit": limit,
            "spss": 1,
        }
        answer = self._backend.read(_Search, await self._backend.ask("GET", "/api/search", query=query))
        # A search writes ids without their leading zeros.
        return [one.id.zfill(32) for one in answer.traces or ()]

    async def _trace(self, identity: str) -> list[Span] | None:
        """The spans of a whole trace, or None if it is gone by now."""
        path = quote(identity, safe="")
        if not self._first_version:
            try:
                text = await self._backend.ask("GET", f"/api/v2/traces/{path}")
            except Rejected as error:
                if error.status != _GONE:
                    raise
                # Older servers have no second version; they say the same of a trace that is gone.
            else:
                answer = self._backend.read(_Second, text)
                if answer.status.upper() == "PARTIAL":
                    note_gap(f"{self.name} gives some traces only in part, they are too large for it")
                return list(spans_of(answer.trace)) if answer.trace.batches else None
        try:
            text = await self._backend.ask("GET", f"/api/traces/{path}")
        except Rejected as error:
            if error.status != _GONE:
                raise
            return None
        self._first_version = True
        return list(spans_of(self._backend.read(OtlpTraces, text)))
