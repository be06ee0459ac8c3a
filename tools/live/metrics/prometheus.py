"""Metrics of a live system: the Prometheus HTTP API, and what speaks it (Mimir, Thanos, VictoriaMetrics)."""

import json
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Annotated, NamedTuple

import polars as pl
from pydantic import Field

from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.analysis import METRICS_SCHEMA
from tools.analysis.conventions import conventions
from tools.clock import Clock, WallClock
from tools.gaps import note
from tools.live.http import Backend, Declined, Reply
from tools.live.metrics.conventions import series_of
from tools.live.names import Names
from tools.live.parts import enumerated, gather_parts
from tools.live.secrets import Secrets
from tools.live.spec import Prometheus, Series
from tools.words import plain

#: Prometheus refuses more than 11,000 points per series; a longer window is asked for at wider steps.
MOST_POINTS = 10_000
#: What `check` looks at.
_RECENT = timedelta(minutes=5)
_KEY = ("time", "service", "instance", "metric", "peer")


#: Seconds since 1970, and the value as Prometheus writes it.
Sample = tuple[Annotated[float, Field(ge=0, lt=190_000_000_000)], str]


class _Series(Reply):
    metric: dict[str, str]
    values: tuple[Sample, ...] = ()
    value: Sample | None = None


class _Data(Reply):
    result: tuple[_Series, ...]


class Answer(Reply):
    """What `query` and `query_range` answer."""

    data: _Data
    warnings: tuple[str, ...] = ()


class Grid(NamedTuple):
    """The moments that are asked for, in milliseconds: the same ones for every question, so answers agree."""

    first: int
    last: int
    step: int


def grid(window: Window, step: timedelta) -> Grid | None:
    """Multiples of the step within a window, its end excluded; a long window gets wider steps.

    Returns:
        None if no moment lies within.
    """
    begin = math.ceil(window.start.timestamp() * 1000)
    end = math.ceil(window.end.timestamp() * 1000)
    width = max(1, round(step.total_seconds() * 1000))
    width *= max(1, math.ceil((end - begin) / (width * MOST_POINTS)))
    first, last = -(-begin // width) * width, (end - 1) // width * width
    return Grid(first, last, width) if first <= last else None


class PrometheusMetrics:
    """The port over one Prometheus.

    Args:
        spec: which series are asked for, how closely.
        services: the catalogue's names; what Prometheus says of others is left out.
        backend: where to ask.
        clock: nothing later than its now is asked for.

    Raises:
        UnknownName: `spec` names a set of series that does not exist.
    """

    def __init__(
        self, spec: Prometheus, services: Sequence[str], backend: Backend, clock: Clock | None = None
    ) -> None:
        self._spec = spec
        self._services = tuple(services)
        self._backend = backend
        self._clock = clock or WallClock()
        self._series = series_of(spec)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window.

        A series that cannot be read is noted as a gap, as is one that answers nothing; such a one has no row.

        Raises:
            ToolFailed: no series could be read.
        """
        times = grid(window.clipped(self._clock.now()), self._spec.step)
        empty = pl.DataFrame(schema=METRICS_SCHEMA)
        if times is None:
            return empty
        if not self._series:
            note("backends.metrics asks for no series; name `conventions`, or write `series` of your own")
        names = Names(self._services)
        answers = await gather_parts(self._asks(times))
        frames = [self._frame(self._series[index], answers[key], names)
                  for index, key in enumerate(self._keys()) if key in answers]  # fmt: skip
        self._tell_silent(answers)
        frame = pl.concat([empty, *frames]).unique(_KEY, keep="first", maintain_order=True)
        names.report(f"the series of {self._backend.name} at {self._backend.where}", frame.height)
        if services:
            frame = frame.filter(pl.col("service").is_in(list(services)))
        return frame.sort("time", "service", "metric", "peer", "instance", maintain_order=True)

    async def check(self) -> str:
        """Ask for every series over the last minutes, and say what was found.

        Raises:
            ToolFailed: it does not answer.
        """
        now = self._clock.now()
        up = await self._ask("/api/v1/query", {"query": "up", "time": f"{now.timestamp():.3f}"})
        told = [one.value[1] for one in up.data.result if one.value is not None]
        targets = [float(value) for value in told if _is_number(value)]
        frame = await self.metrics(Window(start=now - _RECENT, end=now))
        missing = sorted({one.metric for one in self._series} - set(frame["metric"].unique()))
        silent = sorted(set(self._services) - set(frame["service"].unique()))
        said = [
            f"{sum(targets):.0f} of {len(targets)} targets are up" if targets else "it knows no targets",
            f"{frame['metric'].n_unique()} metrics of {frame['service'].n_unique()} services have data",
        ]
        if missing:
            said.append(f"no data for {enumerated(missing)}")
        if silent:
            said.append(f"nothing about {enumerated(silent)}")
        return "; ".join(said)

    def _keys(self) -> list[str]:
        """How sentences call each series: by its metric, and by its place where two have one name."""
        names = [f"{one.metric} between services" if one.peer else one.metric for one in self._series]
        return [
            f"{name} (#{index + 1})" if names.count(name) > 1 else name for index, name in enumerate(names)
        ]

    def _asks(self, times: Grid) -> dict[str, Callable[[], Awaitable[Answer]]]:
        query = {"start": f"{times.first / 1000:.3f}", "end": f"{times.last / 1000:.3f}",
                 "step": f"{times.step / 1000:.3f}"}  # fmt: skip
        return {
            key: partial(self._ask, "/api/v1/query_range", {"query": one.query, **query})
            for key, one in zip(self._keys(), self._series, strict=True)
        }

    async def _ask(self, path: str, query: dict[str, str]) -> Answer:
        try:
            answer = self._backend.read(Answer, await self._backend.ask("GET", path, query=query))
        except Declined as error:
            raise self._refused(error) from None
        for warning in answer.warnings:
            note(f"{self._backend.name} at {self._backend.where} warns: {self._backend.quoted(warning)}")
        return answer

    def _refused(self, error: Declined) -> ToolFailed:
        """Prometheus says in JSON what is wrong with a query; anything else stays as it is."""
        try:
            said = json.loads(error.text)
            kind, why = str(said["errorType"]), str(said["error"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return error
        return ToolFailed(
            f"{self._backend.name} at {self._backend.where} refuses the query "
            f"({error.status} {plain(kind, 40)}): {self._backend.quoted(why)}"
        )

    def _frame(self, asked: Series, answer: Answer, names: Names) -> pl.DataFrame:
        rows: list[tuple[int, str, str, str, float]] = []
        for series in answer.data.result:
            service = names.known(series.metric.get(asked.service, ""))
            peer = names.known(series.metric.get(asked.peer, "")) if asked.peer else ""
            if service is None or peer is None:
                continue
            instance = series.metric.get(asked.instance, "")
            rows += ((at, service, instance, peer, value) for at, value in _samples(series.values))
        frame = _rows(rows, asked)
        if frame.select(_KEY).is_duplicated().any():
            note(f"the series {asked.metric} has several values of one instance at one moment; the first is "
                 f"kept. Aggregate its query by {asked.service} and {asked.instance}")  # fmt: skip
        return frame

    def _tell_silent(self, answers: dict[str, Answer]) -> None:
        """Name the metrics that no series answered: a metric that vanished looks just like this.

        Errors are not named, nobody counts them before the first one; nor are edges, which many lack.
        """
        told = {one.metric: False for one in self._series if not one.peer}
        for one, key in zip(self._series, self._keys(), strict=True):
            if one.metric in told:
                told[one.metric] |= key not in answers or bool(answers[key].data.result)
        lacking = [m for m, has in told.items() if not has and conventions().meaning(m).family != "errors"]
        if lacking:
            note(f"{self._backend.name} at {self._backend.where} has no data of {enumerated(lacking)}")


def _samples(values: Sequence[Sample]) -> Iterator[tuple[int, float]]:
    """Microseconds since 1970 and value; what is no number (0/0, an empty bucket) is no value."""
    return ((round(at * 1_000_000), float(value)) for at, value in values if _is_number(value))


def _rows(rows: Sequence[tuple[int, str, str, str, float]], asked: Series) -> pl.DataFrame:
    """All series of one answer as one frame: a frame for each series takes longer than Prometheus does."""
    schema = {"time": pl.Int64(), "service": pl.String(), "instance": pl.String(), "peer": pl.String(),
              "value": pl.Float64()}  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(metric=pl.lit(asked.metric), unit=pl.lit(asked.unit)).select(
        pl.col(name).cast(kind) for name, kind in METRICS_SCHEMA.items()
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def live_metrics(
    spec: Prometheus, services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> PrometheusMetrics:
    """The metrics port that `backends.metrics` describes.

    Raises:
        UnknownName: `spec` names a set of series that does not exist.
    """
    return PrometheusMetrics(spec, services, Backend("Prometheus", spec, secrets), clock)
