"""Traces from Grafana Tempo: a TraceQL search finds them, each is then read whole.

https://grafana.com/docs/tempo/latest/api_docs/; the second version of the trace API answers OpenTelemetry's
JSON inside of `trace`, the first one calls it `batches`. Ids are base64 there, hexadecimal in the search.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import AliasChoices, Field

from incidents.findings import Window
from tools.clock import Clock
from tools.live.http import Backend, Query, Rejected, Reply
from tools.live.partial import gather_parts
from tools.live.settings import Tempo
from tools.live.telemetry_rows import Nanoseconds, at_microseconds, cut
from tools.live.traces.spans import Span, status_of
from tools.telemetry.data_gaps import note_gap

#: Every span; which services count is decided by the catalogue.
_ANY = "{}"
_STATUS = {"1": "ok", "2": "error", "STATUS_CODE_OK": "ok", "STATUS_CODE_ERROR": "error"}
_GONE = 404


class _Found(Reply):
    id: str = Field(alias="traceID")


class _Search(Reply):
    traces: tuple[_Found, ...] | None = None


class _Attribute(Reply):
    key: str
    value: dict[str, Any] = Field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value, whatever its type (`stringValue`, `intValue`, ...)."""
        return str(next(iter(self.value.values()), ""))


class _Status(Reply):
    code: str | int = 0


class _Span(Reply):
    trace: str = Field(alias="traceId")
    span: str = Field(alias="spanId")
    parent: str = Field(alias="parentSpanId", default="")
    name: str = ""
    start: Nanoseconds = Field(alias="startTimeUnixNano")
    end: Nanoseconds = Field(alias="endTimeUnixNano")
    status: _Status = _Status()
    attributes: tuple[_Attribute, ...] = ()


class _Scope(Reply):
    spans: tuple[_Span, ...] = ()


class _Resource(Reply):
    attributes: tuple[_Attribute, ...] = ()


class _Batch(Reply):
    resource: _Resource = _Resource()
    scopes: tuple[_Scope, ...] = Field(
        default=(), validation_alias=AliasChoices("scopeSpans", "instrumentationLibrarySpans")
    )


class _Trace(Reply):
    batches: tuple[_Batch, ...] = Field(validation_alias=AliasChoices("resourceSpans", "batches"))


class _Second(Reply):
    trace: _Trace
    status: str = ""


class TempoTraces:
    """The traces of a window, up to a limit; which ones a search finds first is left to Tempo."""

    def __init__(self, spec: Tempo, backend: Backend, clock: Clock) -> None:
        self._spec = spec
        self._backend = backend
        self._clock = clock
        self._first_version = False
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def spans(self, window: Window, services: Sequence[str]) -> Sequence[Span]:
        """The spans of the traces that a search finds.

        Raises:
            ToolFailed: it does not answer.
        """
        found = await self._search(window, self._spec.limit)
        if len(found) >= self._spec.limit:
            note_gap(f"{self.name} was asked for {self._spec.limit} traces and had more; what is "
                 "missing is not known to be like the rest")  # fmt: skip
        answers = await gather_parts({one.id: partial(self._trace, one.id) for one in found})
        return [span for trace in answers.values() if trace is not None for span in _spans(trace)]

    async def check(self) -> str:
        """The traces of the last minutes; raises like `spans`."""
        now = self._clock.now()
        found = await self._search(Window(start=now - timedelta(minutes=15), end=now), 20)
        if not found:
            return "it answers, and finds no trace of the last 15 minutes"
        trace = await self._trace(found[0].id)
        count = len(list(_spans(trace))) if trace is not None else 0
        return f"it finds traces of the last 15 minutes; one has {count} spans"

    async def _search(self, window: Window, limit: int) -> tuple[_Found, ...]:
        # In whole seconds: a window that ends within one needs all of it.
        query: Query = {
            "q": _ANY,
            "start": int(window.start.timestamp()),
            "end": int(window.end.timestamp()) + 1,
            "limit": limit,
            "spss": 1,
        }
        answer = self._backend.read(_Search, await self._backend.ask("GET", "/api/search", query=query))
        return answer.traces or ()

    async def _trace(self, identity: str) -> _Trace | None:
        """A whole trace, or None if it is gone by now."""
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
                return answer.trace
        try:
            text = await self._backend.ask("GET", f"/api/traces/{path}")
        except Rejected as error:
            if error.status != _GONE:
                raise
            return None
        self._first_version = True
        return self._backend.read(_Trace, text)


def _spans(trace: _Trace) -> Iterator[Span]:
    for batch in trace.batches:
        service = _marks(batch.resource.attributes).get("service.name", "")
        for span in (span for scope in batch.scopes for span in scope.spans):
            yield Span(
                time=at_microseconds(span.start // 1000),
                duration_us=max(0, span.end - span.start) // 1000,
                trace_id=_hexadecimal(span.trace),
                span_id=_hexadecimal(span.span),
                parent_id=_hexadecimal(span.parent),
                service=service,
                operation=cut(span.name, 300),
                status=_STATUS.get(str(span.status.code)) or status_of(_marks(span.attributes)),
            )


def _marks(attributes: Sequence[_Attribute]) -> Mapping[str, str]:
    return {one.key: one.text for one in attributes}


def _hexadecimal(identity: str) -> str:
    """An id of 8 or 16 bytes in base64 as hexadecimal digits; one that is hexadecimal stays as it is."""
    if len(identity) not in (12, 24):
        return identity.lower()
    try:
        return base64.b64decode(identity, validate=True).hex()
    except binascii.Error:
        return identity
