"""The traces port of a live system."""

from collections.abc import Sequence

import polars as pl

from incidents.findings import Window
from tools.clock import Clock, WallClock
from tools.live.http import Backend
from tools.live.secrets import Secrets
from tools.live.service_names import Names
from tools.live.settings import Jaeger, JaegerV2, Tempo, TraceFiles, TraceSpec
from tools.live.telemetry_rows import reach, shown
from tools.live.traces.files import FileTraces
from tools.live.traces.jaeger import JaegerTraces
from tools.live.traces.jaeger_v2 import JaegerV2Traces
from tools.live.traces.spans import Source, frame_of
from tools.live.traces.tempo import TempoTraces


class LiveTraces:
    """The port over a trace backend.

    Args:
        source: the backend.
        services: the catalogue's names; spans of others are left out.
        clock: nothing later than its now is shown.
    """

    def __init__(self, source: Source, services: Sequence[str], clock: Clock) -> None:
        self.source = source
        self._services = tuple(services)
        self._clock = clock

    async def aclose(self) -> None:
        """Close the connections."""
        await self.source.aclose()

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The spans that start in a window; what is left out is noted.

        Raises:
            ToolFailed: the backend did not answer.
        """
        now = self._clock.now()
        names = Names(self._services)
        found = await self.source.spans(reach(window, now), self._services)
        known = [
            span if name == span.service else span._replace(service=name)
            for span in found
            if (name := names.known(span.service))
        ]
        names.report(f"the spans of {self.source.name}", len(known))
        frame = shown(frame_of(known), window, now, f"spans of {self.source.name}")
        return frame.filter(pl.col("service").is_in(list(services))) if services else frame

    async def check(self) -> str:
        """What the backend says when it is asked.

        Raises:
            ToolFailed: it does not answer.
        """
        return await self.source.check()


def live_traces(
    spec: TraceSpec, services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> LiveTraces:
    """The traces port that `backends.traces` describes."""
    clock = clock or WallClock()
    return LiveTraces(_source(spec, secrets, clock), services, clock)


def _source(spec: TraceSpec, secrets: Secrets, clock: Clock) -> Source:
    match spec:
        case Jaeger():
            return JaegerTraces(spec, Backend("Jaeger", spec, secrets))
        case JaegerV2():
            return JaegerV2Traces(spec, Backend("Jaeger", spec, secrets))
        case Tempo():
            return TempoTraces(spec, Backend("Tempo", spec, secrets), clock)
        case TraceFiles():
            return FileTraces(spec)
