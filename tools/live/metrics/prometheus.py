"""Metrics of a live system: the Prometheus HTTP API, and what speaks it (Mimir, Thanos, VictoriaMetrics)."""

import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import polars as pl
import structlog

from incidents.duration import format_duration
from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from tools.analysis import METRICS_SCHEMA
from tools.analysis.conventions import conventions
from tools.clock import Clock, WallClock
from tools.live.http import Backend
from tools.live.metrics.answers import Answer, Sample, ask, copied_from
from tools.live.metrics.coalesced_queries import Grid, Joint, grid
from tools.live.metrics.conventions import series_of
from tools.live.metrics.narrowed_queries import narrowed
from tools.live.metrics.rules import LearntRules, learn_rules
from tools.live.metrics.targets import longest_interval
from tools.live.partial import enumerated, gather_parts
from tools.live.service_names import Names
from tools.live.settings import Prometheus
from tools.telemetry.alert_rules import AlertRule
from tools.telemetry.data_gaps import note_gap
from tools.time_windows import utc_literal
from tools.wording import clock_time

log = structlog.get_logger(__name__)

#: A catalogue of more services is asked for those alone that are looked at.
_WHOLE = 50
#: What `check` looks at.
_RECENT = timedelta(minutes=5)
#: Whether the newest samples of VictoriaMetrics are copies is asked where a window ends no longer ago.
_MAY_BE_COPIES = timedelta(minutes=5)
#: What the team holds for bad seldom changes.
_RULES_FOR = timedelta(minutes=1)
#: As many rules that alert at once are asked for their values.
_MOST_RULES = 20
_KEY = ("time", "service", "instance", "metric", "peer")


#: Which of the series was asked for, then the columns of the frame: the times and the values of one series.
_Row = tuple[int, tuple[float, ...], str, str, str, str, tuple[str, ...], str]


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
        self._unread: str | None = None
        self._learnt: tuple[datetime, tuple[AlertRule, ...]] | None = None
        self._joint = Joint(lambda times, about: gather_parts(self._asks(times, about)))

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
            note_gap("backends.metrics asks for no series; name `conventions`, or write `series` of your own")
        names = Names(self._services)
        about = tuple(sorted(services)) if len(services) < len(self._services) > _WHOLE else ()
        answers = {key: answer.over(times) for key, answer in (await self._joint.over(times, about)).items()}
        frame = self._frame(answers, names)
        self._tell_silent(answers, about)
        broken = await self._of_rules(times, names)
        frame = pl.concat([frame, broken]) if broken.height else frame
        frame = await self._without_copies(frame, times, any(one.victoria for one in answers.values()))
        names.report(f"the series of {self._backend.name} at {self._backend.where}", frame.height)
        if services:
            frame = frame.filter(pl.col("service").is_in(list(services)))
        return frame.sort("time", "service", "metric", "peer", "instance", maintain_order=True)

    async def alert_rules(self) -> tuple[AlertRule, ...]:
        """The team's alert rules that are understood, asked anew now and then; none if none can be read."""
        now = self._clock.now()
        if self._learnt is None or now - self._learnt[0] > _RULES_FOR:
            try:
                learnt = await learn_rules(self._backend)
            except ToolFailed as error:
                log.info("no alert rules", where=self._backend.where, why=str(error))
                learnt = LearntRules()
                self._unread = str(error) if isinstance(error, Declined) else None
            else:
                self._unread = None
            self._learnt = (now, learnt.understood)
        return self._learnt[1]

    async def _of_rules(self, times: Grid, names: Names) -> pl.DataFrame:
        """The values of the rules of which an alert was pending or firing in that time, each as a series."""
        rules = {rule.name: rule for rule in await self.alert_rules()}
        if self._unread is not None:
            note_gap(self._unread)
        empty = pl.DataFrame(schema=METRICS_SCHEMA)
        if not rules:
            return empty
        span = {"start": f"{times.first / 1000:.3f}", "end": f"{times.last / 1000:.3f}",
                "step": f"{times.step / 1000:.3f}"}  # fmt: skip
        said = await ask(
            self._backend, "/api/v1/query_range", {"query": "group by (alertname) (ALERTS)", **span}
        )
        alerted = [one.metric.get("alertname", "") for one in said.data.result]
        asked = [rules[name] for name in alerted if name in rules][:_MOST_RULES]
        asks = {
            rule.series: partial(ask, self._backend, "/api/v1/query_range", {"query": rule.query, **span})
            for rule in asked
        }
        answers = await gather_parts(asks) if asks else {}
        rows = [
            _row(0, samples, service, labels.get(self._spec.labels.instance, ""), rule.series, "", "")
            for rule in asked
            if (answer := answers.get(rule.series)) is not None
            for one in answer.over(times).data.result
            for labels in ({**rule.labels, **one.metric},)
            if (service := names.known(labels.get(self._spec.labels.service, "")))
            if (samples := one.samples(rule.series, ""))
        ]
        frame = _table(rows).filter(pl.col("value").is_finite())
        return frame.select(METRICS_SCHEMA.names()).unique(_KEY, keep="first", maintain_order=True)

    async def _without_copies(self, frame: pl.DataFrame, times: Grid, victoria: bool) -> pl.DataFrame:
        """The samples without those that only repeat older ones: they would look as if nothing changed."""
        if not victoria or self._clock.now().timestamp() - times.last / 1000 > _MAY_BE_COPIES.total_seconds():
            return frame
        since = await copied_from(self._backend, times)
        if since is None:
            return frame
        where = f"{self._backend.name} at {self._backend.where}"
        first = datetime.fromtimestamp(since, UTC)
        note_gap(
            f"{where} (VictoriaMetrics) has only copies of older values from {first:%H:%M:%S} UTC on "
            "(-search.latencyOffset); they are left out"
        )
        return frame.filter(pl.col("time") < utc_literal(first))

    async def check(self) -> str:
        """Ask for every series over the last minutes, and say what was found.

        Raises:
            ToolFailed: it does not answer.
        """
        now = self._clock.now()
        up = await ask(self._backend, "/api/v1/query", {"query": "up", "time": f"{now.timestamp():.3f}"})
        told = [one.value[1] for one in up.data.result if one.value is not None]
        targets = [float(value) for value in told if _is_number(value)]
        frame = await self.metrics(Window(start=now - _RECENT, end=now))
        missing = sorted({one.metric for one in self._series} - set(frame["metric"].unique()))
        silent = sorted(set(self._services) - set(frame["service"].unique()))
        said = [
            f"{sum(targets):.0f} of {len(targets)} targets are up" if targets else "it knows no targets",
            f"{frame['metric'].n_unique()} metrics of {frame['service'].n_unique()} services have data",
        ]
        said.append(await self._said_rules())
        said += await self._said_window()
        if missing:
            said.append(f"no data for {enumerated(missing)}")
        if silent:
            said.append(f"nothing about {enumerated(silent)}")
        return "; ".join(said)

    async def _said_rules(self) -> str:
        try:
            return (await learn_rules(self._backend)).said
        except ToolFailed as error:
            return str(error)

    async def _said_window(self) -> list[str]:
        """Whether rates have two samples to go by: since Prometheus 3 a window lacks its own beginning."""
        longest = await longest_interval(self._backend)
        if longest is None or self._spec.rate_window >= 2 * longest:
            return []
        window, interval = format_duration(self._spec.rate_window), format_duration(longest)
        return [
            f"rate_window {window} may hold one sample of what is scraped every {interval}, and no rate: "
            f"write at least {format_duration(2 * longest)}, {format_duration(4 * longest)} is usual"
        ]

    def _keys(self) -> list[str]:
        """How sentences call each series: by its metric, and by its place where two have one name."""
        names = [f"{one.metric} between services" if one.peer else one.metric for one in self._series]
        return [
            f"{name} (#{index + 1})" if names.count(name) > 1 else name for index, name in enumerate(names)
        ]

    def _asks(self, times: Grid, about: tuple[str, ...]) -> dict[str, Callable[[], Awaitable[Answer]]]:
        asked = {
            key: narrowed(one.query, one.service, about) if about else one.query
            for key, one in zip(self._keys(), self._series, strict=True)
        }
        return {
            key: partial(ask, self._backend, "/api/v1/query_range", {"query": text, **times.span})
            for key, text in asked.items()
        }

    def _frame(self, answers: dict[str, Answer], names: Names) -> pl.DataFrame:
        """All answers as one frame, each sample once: a frame for each takes longer than Prometheus does."""
        known = [answers.get(key) for key in self._keys()]
        frame = _table([row for place, answer in enumerate(known) if answer is not None
                        for row in self._rows(place, answer, names)])  # fmt: skip
        self._tell_infinite(frame)
        frame = frame.filter(pl.col("value").is_finite())
        once = frame.unique(_KEY, keep="first", maintain_order=True)
        if once.height < frame.height:
            self._tell_twice(frame)
        return once.select(METRICS_SCHEMA.names())

    def _tell_twice(self, frame: pl.DataFrame) -> None:
        """Name the series that have several values of one instance at one moment."""
        twice = frame.filter(frame.select("place", *_KEY).is_duplicated())["place"].unique().sort()
        for asked in (self._series[place] for place in twice):
            note_gap(f"the series {asked.metric} has several values of one instance at one moment; the first "
                 f"is kept. Aggregate its query by {asked.service} and {asked.instance}")  # fmt: skip

    def _tell_infinite(self, frame: pl.DataFrame) -> None:
        """Name what is infinite: it cannot be used, and is not as usual either."""
        rows = frame.filter(pl.col("value").is_infinite())
        if not rows.height:
            return
        rows = rows.sort("time")
        for (metric, service), found in rows.group_by("metric", "service", maintain_order=True):
            first = found["time"].min()
            since = f" since {clock_time(first)}" if isinstance(first, datetime) else ""
            signs = set(found["value"].sign())
            sign = {1.0: "+Inf", -1.0: "-Inf"}[signs.pop()] if len(signs) == 1 else "infinite"
            note_gap(
                f"{metric} of {service or 'what has no name'} is {sign}{since} (a division by zero, or "
                "beyond the last bucket): these values cannot be used, and how it does is not known from them"
            )

    def _rows(self, place: int, answer: Answer, names: Names) -> Iterator[_Row]:
        """The series of one answer, as Prometheus wrote them."""
        asked = self._series[place]
        for series in answer.data.result:
            service = names.known(series.metric.get(asked.service, ""))
            peer = names.known(series.metric.get(asked.peer, "")) if asked.peer else ""
            if service is None or peer is None:
                continue
            instance = series.metric.get(asked.instance, "")
            if samples := series.samples(asked.metric, asked.unit):
                yield _row(place, samples, service, instance, asked.metric, peer, asked.unit)

    def _tell_silent(self, answers: dict[str, Answer], about: tuple[str, ...]) -> None:
        """Name the metrics that no series answered: a metric that vanished looks just like this.

        Errors are not named, nobody counts them before the first one; nor are edges, which many lack.
        """
        told = {one.metric: False for one in self._series if not one.peer}
        for one, key in zip(self._series, self._keys(), strict=True):
            if one.metric in told:
                told[one.metric] |= key not in answers or bool(answers[key].data.result)
        lacking = [m for m, has in told.items() if not has and conventions().meaning(m).family != "errors"]
        if lacking:
            of = " about the services that are looked at" if about else ""
            note_gap(
                f"{self._backend.name} at {self._backend.where} has no data of {enumerated(lacking)}{of}"
            )


def _row(
    place: int, samples: Sequence[Sample], service: str, instance: str, metric: str, peer: str, unit: str
) -> _Row:
    times, values = zip(*samples, strict=True)
    return place, times, service, instance, metric, peer, values, unit


def _table(rows: Sequence[_Row]) -> pl.DataFrame:
    """The samples of series, by the metrics schema, with their `place`; no number (0/0) is no value."""
    lists = {"time": pl.List(pl.Float64()), "value": pl.List(pl.String())}
    written = {"place": pl.Int64(), **METRICS_SCHEMA, **lists}
    columns = dict(zip(written, list(zip(*rows, strict=True)) or [()] * len(written), strict=True))
    return (
        pl.DataFrame(columns, schema=written)
        .explode("time", "value")
        .with_columns(
            time=(pl.col("time") * 1_000_000).round().cast(pl.Int64).cast(METRICS_SCHEMA["time"]),
            value=pl.col("value").cast(pl.Float64, strict=False),
        )
        .filter(pl.col("value").is_not_nan())
    )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
