"""How many of a service's requests fail since it began: told from single requests, not from averages.

A rate over a quarter of a minute and a median over two minutes show a fault in full only once it has lasted
that long. Whether a request failed is known when it ends, so its span tells it at once.
"""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from incidents.value import Moment, Value
from tools.memo import memoize_by_identity
from tools.telemetry.calls import SLOWER, SLOWER_MS
from tools.telemetry.levels import DEVIATES
from tools.telemetry.observation import Observation, covered
from tools.telemetry.sample_size import RULE_OF_THREE
from tools.telemetry.span_metrics import server_spans
from tools.time_windows import in_window, utc_literal

#: Fewer failures than this are no trouble yet, whatever share they are.
_LEAST_FAILED = 5
#: The smallest rise that counts, as for series: 1.5 % more failures.
_LEAST_RISE = 0.015
#: So many requests tell their share to a tenth; of fewer only what is certain counts.
_TELLING = 20
#: Where nine of ten requests fail, and half of them for certain, nobody is served.
_NOBODY, _CERTAIN = 0.9, 0.5
#: Spans that are kept because they failed prove no share: where there are so many more than usual.
_MANY, _CHANCE = 2.0, 10.0


class RequestFailures(Value):
    """What the requests to one service met since some moment, beyond what is usual there.

    `at_least` is the lower bound of the share by so many requests (Wilson, three deviations), `sigmas` how
    far the share is from the usual one.
    """

    since: Moment
    asked: int
    failed: int
    at_least: float
    sigmas: float = 0.0

    @property
    def share(self) -> float:
        """The share that failed, from 0 to 1."""
        return self.failed / self.asked

    @property
    def told(self) -> float:
        """The share that may be told of all requests."""
        return self.share if self.asked >= _TELLING else self.at_least

    @property
    def nobody_served(self) -> bool:
        """Whether (nearly) every request fails, as far as so many can tell."""
        return self.share >= _NOBODY and self.at_least >= _CERTAIN


def failing(seen: Observation, service: str) -> RequestFailures | None:
    """What fails of a service's requests in what counts as now, if more than usual do.

    Args:
        seen: one look at the world; the reference is its time before the alert and its quiet time.
        service: whose requests.

    Returns:
        The end of that time for which most failures are certain. None where requests are not traced, where
        nothing tells what is usual, or where no more fail than chance allows.
    """
    now = in_window(_requests(seen.telemetry.traces, service), seen.recent)
    usual = _usually(seen, service)
    if usual is None or not now["failed"].any():
        return None
    found = _surest(now)
    if found.asked > _MANY * usual.per_minute * _minutes_since(now, found.since) + _CHANCE:
        return None
    rises = found.share >= usual.share + _LEAST_RISE and found.at_least > usual.share
    if found.failed < _LEAST_FAILED or not rises:
        return None
    spread = math.sqrt(usual.share * (1 - usual.share) / found.asked)
    return found.model_copy(update={"sigmas": (found.share - usual.share) / spread})


class _Usual(NamedTuple):
    """What the reference says: the share of failures that it does not rule out, how many, how long."""

    share: float
    per_minute: float
    took_us: float


def _usually(seen: Observation, service: str) -> _Usual | None:
    known = in_window(_requests(seen.telemetry.traces, service), seen.untroubled)
    minutes = seen.untroubled.minutes
    if seen.baseline is not None and seen.quiet is not None:
        quiet = _requests(seen.baseline.traces, service)
        known, minutes = pl.concat([known, quiet]), minutes + covered(quiet, seen.quiet).minutes
    if not known.height or not minutes:
        return None
    failed = known.filter("failed").height
    took = known.select(pl.col("duration_us").median()).item()
    return _Usual(min(0.5, (failed + RULE_OF_THREE) / known.height), known.height / minutes, took)


def healthy_while_others_fail(seen: Observation, service: str, users: Iterable[str]) -> str | None:
    """Where users' requests go on failing while another service answers as ever; None if nowhere.

    A change interrupts its service for a moment, which looks like the beginning of trouble. Where users'
    requests fail after its last failure, and it has answered since, no slower than usual, it is not at fault.

    Args:
        seen: one look at the world.
        service: whose change is suspected.
        users: the services that users' requests may fail at.
    """
    return next((name for name in users if name != service and _meanwhile(seen, service, name)), None)


def _meanwhile(seen: Observation, service: str, users: str) -> bool:
    trouble, usual = failing(seen, users), _usually(seen, service)
    if trouble is None or usual is None:
        return False
    own = in_window(_requests(seen.telemetry.traces, service), seen.recent)
    last = own.filter("failed")["time"].max()
    since = max(trouble.since, last) if isinstance(last, datetime) else trouble.since
    later = pl.col("time") > utc_literal(since)
    failed = in_window(_requests(seen.telemetry.traces, users), seen.recent).filter(later, "failed")
    answered = own.filter(later)
    if min(failed.height, answered.height) < _LEAST_FAILED:
        return False
    took = answered.select(pl.col("duration_us").median()).item()
    return bool(took <= max(SLOWER * usual.took_us, usual.took_us + SLOWER_MS * 1000))


def _minutes_since(now: pl.DataFrame, since: datetime) -> float:
    last = now["time"].max()
    return (last - since).total_seconds() / 60 if isinstance(last, datetime) else 0.0


def _requests(spans: pl.DataFrame, service: str) -> pl.DataFrame:
    """The requests that a service served and whose end is told: when they began, and how long they took."""
    served = _requests_by_service(spans)
    return served.by_service.get((service,), served.none)


class _Served(NamedTuple):
    """The requests of every service that served any, and a frame without one."""

    by_service: dict[tuple[Any, ...], pl.DataFrame]
    none: pl.DataFrame


@memoize_by_identity
def _requests_by_service(spans: pl.DataFrame) -> _Served:
    """Cut once for all services: a catalogue may have hundreds of them."""
    ended = server_spans(spans).filter(pl.col("status") != "unset")
    told = ended.select("service", "time", "duration_us", failed=pl.col("status") == "error")
    parts = told.partition_by("service", as_dict=True, include_key=False)
    return _Served(parts, told.clear().drop("service"))


def _surest(now: pl.DataFrame) -> RequestFailures:
    """From which failure on the share that is certain is highest; until the end."""
    asked, z2 = pl.col("asked"), DEVIATES**2
    share = pl.col("fails") / asked
    spread = DEVIATES * (share * (1 - share) / asked + z2 / (4 * asked**2)).sqrt()
    ends = (
        now.sort("time", "failed")
        .with_columns(
            fails=pl.col("failed").cum_sum(reverse=True), asked=pl.int_range(pl.len(), 0, -1, dtype=pl.Int64)
        )
        .filter("failed")
        .with_columns(at_least=(share + z2 / (2 * asked) - spread) / (1 + z2 / asked))
    )
    row = ends.sort("at_least", "asked", descending=True).row(0, named=True)
    return RequestFailures(
        since=row["time"], asked=row["asked"], failed=row["fails"], at_least=row["at_least"]
    )
