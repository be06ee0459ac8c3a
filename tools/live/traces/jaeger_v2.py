"""Traces from Jaeger 2 (and late 1.x): `/api/v3`, which answers OpenTelemetry's JSON.

From its source (cmd/jaeger/internal/extension/jaegerquery/internal/apiv3): the traces of a service within a
time, all in one answer, or 404 where there are none.
"""

from collections.abc import Sequence
from functools import partial

from incidents.findings import Window
from tools.live.http import Backend, Query, Rejected, Reply
from tools.live.settings import JaegerV2
from tools.live.traces.limited import OfService, TraceLimit, said_services, spans_by_service
from tools.live.traces.otlp import Batch, OtlpTraces, spans_of_batches
from tools.live.traces.spans import Span

_NONE = 404


class _Services(Reply):
    services: tuple[str, ...]


class _Traces(Reply):
    result: OtlpTraces


class JaegerV2Traces:
    """The traces that any service of the catalogue took part in, up to a limit for each."""

    def __init__(self, spec: JaegerV2, backend: Backend) -> None:
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
        return self._backend.read(_Services, await self._backend.ask("GET", "/api/v3/services")).services

    async def _of_service(self, service: str, window: Window, seen: set[str]) -> OfService:
        """The spans of the traces that no other service had; they are `seen` from then on."""
        found, limit = await self._limit.asked(partial(self._traces, service, window))
        traces = _by_trace(found)
        new = [batch for trace, batches in traces.items() if trace not in seen for batch in batches]
        seen.update(traces)
        return OfService(list(spans_of_batches(new)), len(traces), limit)

    async def _traces(self, service: str, window: Window, limit: int) -> OtlpTraces:
        # These spellings are understood by all versions; newer ones have others beside them.
        query: Query = {
            "query.service_name": service,
            "query.start_time_min": window.start.isoformat(),
            "query.start_time_max": window.end.isoformat(),
            "query.num_traces": limit,
        }
        try:
            text = await self._backend.ask("GET", "/api/v3/traces", query=query)
        except Rejected as error:
            if error.status == _NONE and "No traces found" in error.text:
                return OtlpTraces()
            raise
        return self._backend.read(_Traces, text).result


def _by_trace(found: OtlpTraces) -> dict[str, list[Batch]]:
    """The batches of each trace, each of which is of one."""
    traces: dict[str, list[Batch]] = {}
    for batch in found.batches:
        if (trace := batch.trace) is not None:
            traces.setdefault(trace, []).append(batch)
    return traces
