"""Metrics from Amazon CloudWatch: `GetMetricData` of the metrics that are named, each with its dimensions.

A value stands at the beginning of its period and is of all of it, so a period that has not ended is left out.
CloudWatch keeps periods below a minute for 3 hours, minutes for 15 days, 5 minutes for 63 days, and hours for
455 days: an older window is asked for at wider periods, which is said.
"""

import math
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol, Self

import polars as pl
from pydantic import AwareDatetime, Field, ValidationError, model_validator

from incidents.duration import format_duration
from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.analysis import METRICS_SCHEMA
from tools.clock import Clock
from tools.live.amazon import Amazon, told
from tools.live.http import Reply
from tools.live.metrics.coalesced_queries import Grid, grid
from tools.live.partial import enumerated, gather_parts
from tools.live.secrets import Secrets
from tools.live.settings_aws import CloudWatchMetrics, CloudWatchOf, CloudWatchSeries
from tools.live.telemetry_rows import at_microseconds, table, to_microseconds
from tools.redaction.redact import redact
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: Queries of one question at most.
_MOST_QUERIES = 500
#: How old a window may begin, and which periods are kept for so long.
_KEPT = (
    (timedelta(hours=3), timedelta(seconds=1)),
    (timedelta(days=15), timedelta(minutes=1)),
    (timedelta(days=63), timedelta(minutes=5)),
    (timedelta(days=455), timedelta(hours=1)),
)
#: Values come so late: until then a period without one is not yet taken for `missing`.
_LATE = timedelta(minutes=3)
#: What a check looks at.
_RECENT = timedelta(hours=1)
_MILLI = timedelta(milliseconds=1)
_WHOLE = "Complete"


class _Message(Reply):
    value: str = Field(alias="Value", default="")


class _Result(Reply):
    id: str = Field(alias="Id")
    times: tuple[AwareDatetime, ...] = Field(alias="Timestamps", default=())
    values: tuple[float, ...] = Field(alias="Values", default=())
    status: str = Field(alias="StatusCode", default="Complete")
    messages: tuple[_Message, ...] = Field(alias="Messages", default=())

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.times) != len(self.values):
            raise ValueError("as many times as values")
        return self


class _Page(Reply):
    results: tuple[_Result, ...] = Field(alias="MetricDataResults", default=())
    messages: tuple[_Message, ...] = Field(alias="Messages", default=())
    following: str | None = Field(alias="NextToken", default=None)


class _Client(Protocol):
    async def get_metric_data(self, **query: object) -> dict[str, Any]: ...


class _Asked(NamedTuple):
    """One metric of one service."""

    series: CloudWatchSeries
    of: CloudWatchOf

    @property
    def said(self) -> str:
        """How sentences call it."""
        return f"{self.series.metric} of {self.of.service}"


class _Found(NamedTuple):
    """The values of one metric by their times, in milliseconds since 1970; whether they are all of them."""

    values: dict[int, float]
    whole: bool


class CloudWatchSamples:
    """The metrics port over one region. Needs the extra `aws`, and the right `cloudwatch:GetMetricData`."""

    def __init__(self, spec: CloudWatchMetrics, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        asked = [_Asked(series, of) for series in spec.series for of in series.of]
        self._asked = {f"q{number}": one for number, one in enumerate(asked)}
        self.name = f"CloudWatch in {spec.region}"
        self._amazon: Amazon[_Client] = Amazon(self.name, "cloudwatch", spec, secrets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._amazon.aclose()

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The values of the periods that begin in a window and have ended; what cannot be read is noted.

        Raises:
            ToolFailed: it does not answer.
        """
        times = self._times(window)
        asked = {key: one for key, one in self._asked.items() if not services or one.of.service in services}
        if times is None or not asked:
            return pl.DataFrame(schema=METRICS_SCHEMA)
        found = await self._read(asked, times)
        rows = [row for key, one in found.items() for row in self._rows(asked[key], one, times)]
        silent = [one.said for key, one in asked.items()
                  if key in found and not found[key].values and one.series.missing is None]  # fmt: skip
        if silent:
            note_gap(f"{self.name} has no data of {enumerated(silent)}")
        frame = table(rows, METRICS_SCHEMA)
        return frame.sort("time", "service", "metric", "peer", "instance", maintain_order=True)

    async def check(self) -> str:
        """Which metrics have data in the last hour; raises like `metrics`."""
        now = self._clock.now()
        times = self._times(Window(start=now - _RECENT, end=now))
        found = await self._read(self._asked, times) if times is not None else {}
        silent = [one.said for key, one in self._asked.items() if key not in found or not found[key].values]
        have = f"{len(self._asked) - len(silent)} of {len(self._asked)} metrics have data in the last hour"
        return f"{have}; no data of {enumerated(silent)}" if silent else have

    def _times(self, window: Window) -> Grid | None:
        """The periods of a window that have ended, as wide as they are kept; None if there are none."""
        now = self._clock.now()
        period = self._period(now - window.start)
        if period is None:
            note_gap(f"{self.name} keeps nothing for longer than {_KEPT[-1][0].days} days")
            return None
        if period > self._spec.period:
            note_gap(
                f"{self.name} keeps values of {format_duration(self._spec.period)} not that long: "
                f"these are of {format_duration(period)} each"
            )
        return grid(window.clipped(now - period + _MILLI), period)

    def _period(self, age: timedelta) -> timedelta | None:
        """The configured period, or the next wider one that is kept for so long."""
        least = next((period for kept, period in _KEPT if age <= kept), None)
        return None if least is None else -(-self._spec.period // least) * least

    async def _read(self, asked: Mapping[str, _Asked], times: Grid) -> dict[str, _Found]:
        """What was answered of each metric."""
        keys = list(asked)
        parts = {
            f"metrics from {asked[keys[first]].said} on": partial(
                self._part, {key: asked[key] for key in keys[first : first + _MOST_QUERIES]}, times
            )
            for first in range(0, len(keys), _MOST_QUERIES)
        }
        return {key: one for part in (await gather_parts(parts)).values() for key, one in part.items()}

    async def _part(self, asked: Mapping[str, _Asked], times: Grid) -> dict[str, _Found]:
        query: dict[str, object] = {
            "MetricDataQueries": [_query(key, one, times.step // 1000) for key, one in asked.items()],
            "StartTime": at_microseconds(times.first * 1000),
            "EndTime": at_microseconds((times.last + times.step) * 1000),
            "ScanBy": "TimestampAscending",
        }
        values: dict[str, dict[int, float]] = {}
        last: dict[str, _Result] = {}
        async for result in self._results(query):
            if result.id in asked:
                pairs = zip(result.times, result.values, strict=True)
                new = {to_microseconds(at) // 1000: value for at, value in pairs if math.isfinite(value)}
                values.setdefault(result.id, {}).update(new)
                last[result.id] = result
        for key, result in last.items():
            if result.status != _WHOLE:
                why = "".join(f": {_quoted(said)}" for said in result.messages[:1])
                note_gap(f"{self.name} answers {asked[key].said} in part ({plain(result.status, 40)}{why})")
        return {key: _Found(values[key], result.status == _WHOLE) for key, result in last.items()}

    async def _results(self, query: dict[str, object]) -> AsyncIterator[_Result]:
        """The results of all pages: one metric may be on several."""
        client = await self._amazon.client()
        while True:
            async with told(self.name):
                answer = await client.get_metric_data(**query)
            try:
                page = _Page.model_validate(answer)
            except ValidationError:
                raise ToolFailed(f"{self.name} answered metrics of an unexpected form") from None
            for said in page.messages:
                note_gap(f"{self.name} says: {_quoted(said)}")
            for result in page.results:
                yield result
            if page.following is None or page.following == query.get("NextToken"):
                return
            query["NextToken"] = page.following

    def _rows(self, asked: _Asked, found: _Found, times: Grid) -> Iterator[tuple[object, ...]]:
        """The rows of one metric; a period without a value is filled where the settings say what it means."""
        series, of = asked
        values = found.values
        if series.missing is not None and found.whole:
            until = to_microseconds(self._clock.now() - _LATE) // 1000 - times.step
            periods = range(times.first, min(times.last, until) + 1, times.step)
            values = dict.fromkeys(periods, series.missing) | values
        seconds = times.step / 1000 if series.per_second else 1
        for at, value in values.items():
            if times.holds(at / 1000):
                yield (at_microseconds(at * 1000), of.service, of.instance, series.metric, of.peer,
                       value * series.scale / seconds, series.unit)  # fmt: skip


def _query(key: str, asked: _Asked, seconds: int) -> dict[str, object]:
    series, of = asked
    dimensions = [{"Name": name, "Value": value} for name, value in of.dimensions.items()]
    metric = {"Namespace": series.namespace, "MetricName": series.name, "Dimensions": dimensions}
    return {"Id": key, "MetricStat": {"Metric": metric, "Period": seconds, "Stat": series.statistic}}


def _quoted(said: _Message) -> str:
    return plain(redact(said.value), 200)
