"""Traces from Jaeger's query API: the JSON that its own pages read (`/api/services`, `/api/traces`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from pydantic import Field

from incidents.findings import Window
from tools.live.http import Backend, Query, Reply
from tools.live.settings import Jaeger
from tools.live.telemetry_rows import Microseconds, at_microseconds, cut, to_microseconds
from tools.live.traces.limited import OfService, TraceLimit, said_services, spans_by_service
from tools.live.traces.spans import Span, status_of


@dataclass(frozen=True, slots=True)
class _Tag:
    key: str
    value: str | bool | int | float | None = None


@dataclass(frozen=True, slots=True)
class _Reference:
    span: Annotated[str, Field(alias="spanID")]
    trace: Annotated[str, Field(alias="traceID")] = ""
    kind: Annotated[str, Field(alias="refType")] = "CHILD_OF"


@dataclass(frozen=True, slots=True)
class _Span:
    trace: Annotated[str, Field(alias="traceID")]
    span: Annotated[str, Field(alias="spanID")]
    operation: Annotated[str, Field(alias="operationName")]
    start: Annotated[Microseconds, Field(alias="startTime")]
    duration: Annotated[int, Field(ge=0, lt=2**63)]
    references: tuple[_Reference, ...] | None = None
    tags: tuple[_Tag, ...] | None = None
    process: Annotated[str, Field(alias="processID")] = ""


class _Process(Reply):
    service: str = Field(alias="serviceName")


class _Trace(Reply):
    spans: tuple[_Span, ...]
    processes: dict[str, _Process]


class _Traces(Reply):
    data: tuple[_Trace, ...] | None


class _Services(Reply):
    data: tuple[str, ...] | None


class JaegerTraces:
    """The traces that any service of the catalogue took part in, up to a limit for each."""

    def __init__(self, spec: Jaeger, backend: Backend) -> None:
        self._backend = backend
        self._limit = TraceLimit(spec.limit)
        self.name = f"{backend.name} at {backend.where}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def spans(self, window: Window, services: Sequence[str]) -> Sequence[Span]:
        """The spans of every trace of the window, asked for by service.

        Raises:
            ToolFailed: it does not answer, or for no service.
        """
        seen: set[str] = set()
        return await spans_by_service(
            self.name,
            await self._services(),
            services,
            lambda said: self._of_service(said, window, seen),
        )

    async def check(self) -> str:
        """The services that it knows; raises like `spans`."""
        return said_services(await self._services())

    async def _services(self) -> tuple[str, ...]:
        return self._backend.read(_Services, await self._backend.ask("GET", "/api/services")).data or ()

    async def _of_service(self, service: str, window: Window, seen: set[str]) -> OfService:
        """The spans of the traces that no other service had; they are `seen` from then on."""
        found, limit = await self._limit.asked(partial(self._traces, service, window))
        new = [one for one in found if one.spans and one.spans[0].trace not in seen]
        seen.update(one.spans[0].trace for one in new)
        return OfService([span for one in new for span in _spans(one)], len(found), limit)

    async def _traces(self, service: str, window: Window, limit: int) -> tuple[_Trace, ...]:
        query: Query = {
            "service": service,
            "start": to_microseconds(window.start),
            "end": to_microseconds(window.end),
            "limit": limit,
        }
        return (
            self._backend.read(_Traces, await self._backend.ask("GET", "/api/traces", query=query)).data or ()
        )


def _spans(trace: _Trace) -> list[Span]:
    return [
        Span(
            time=at_microseconds(one.start),
            duration_us=one.duration,
            trace_id=one.trace,
            span_id=one.span,
            parent_id=_parent(one),
            service=process.service,
            operation=cut(one.operation, 300),
            status=status_of(_marks(one.tags or ())),
        )
        for one in trace.spans
        if (process := trace.processes.get(one.process)) is not None
    ]


def _parent(span: _Span) -> str:
    """The span of the same trace that this one is a part of; a link to another trace is none."""
    mine = [ref for ref in span.references or () if ref.trace in ("", span.trace)]
    return next((ref.span for ref in mine if ref.kind == "CHILD_OF"), mine[0].span if mine else "")


def _marks(tags: Sequence[_Tag]) -> Mapping[str, str]:
    return {tag.key: str(tag.value) for tag in tags}
