"""When alerts fired in the past, as the series `ALERTS` of a Prometheus tells: labels and times."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from incidents.findings import Window
from incidents.value import Moment, Value
from tools.clock import Clock
from tools.live.http import Backend
from tools.live.metrics.answers import ask
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus

#: Prometheus answers at most 11,000 points of a series.
_POINTS = 10_000
#: In so many parts of a window it is looked where its data begin.
_PARTS = 200
#: What was gone for so long and fires again has fired twice.
_GONE = timedelta(minutes=5)
#: Labels of the series that are none of the alert.
_OF_THE_SERIES = frozenset({"__name__", "alertstate"})


class Firing(Value):
    """One time that an alert fired: its labels, and from when to when (None: it still does)."""

    labels: dict[str, str]
    start: Moment
    end: Moment | None


class PastFirings:
    """Asks a Prometheus, or what speaks its API, when alerts fired; close it afterwards.

    Whether one was silenced is not in these series, and nothing is left of what its annotations said.
    """

    def __init__(self, spec: Prometheus, secrets: Secrets, clock: Clock) -> None:
        self._backend = Backend("Prometheus", spec, secrets)
        self._clock = clock
        self._step = spec.step

    async def firings(self, window: Window) -> tuple[Firing, ...]:
        """What fired in a window, by its start; a firing is seen up to a step late, and never early.

        Raises:
            ToolFailed: it does not answer.
        """
        seen: dict[tuple[tuple[str, str], ...], list[float]] = {}
        for part in _parts(window.clipped(self._clock.now()), self._step):
            query = {
                "query": 'ALERTS{alertstate="firing"}',
                "start": str(part.start.timestamp()),
                "end": str(part.end.timestamp()),
                "step": str(self._step.total_seconds()),
            }
            answer = await ask(self._backend, "/api/v1/query_range", query)
            for series in answer.data.result:
                labels = {k: v for k, v in series.metric.items() if k not in _OF_THE_SERIES}
                seen.setdefault(tuple(sorted(labels.items())), []).extend(at for at, _ in series.values)
        found = [one for key, times in seen.items() for one in self._runs(dict(key), times, window.end)]
        return tuple(sorted(found, key=lambda one: (one.start, sorted(one.labels.items()))))

    async def begins(self, window: Window) -> datetime | None:
        """From when on in a window something is known; None: from its start, or nobody can say.

        Told by the series `up`, which a Prometheus keeps of all that it scrapes. What is older than its
        retention is answered as if nothing had fired.

        Raises:
            ToolFailed: it does not answer.
        """
        step = (window.end - window.start) / _PARTS
        query = {
            "query": "group(up)", "start": str(window.start.timestamp()), "end": str(window.end.timestamp()),
            "step": str(step.total_seconds()),
        }  # fmt: skip
        answer = await ask(self._backend, "/api/v1/query_range", query)
        known = [at for series in answer.data.result for at, _ in series.values]
        first = _moment(min(known)) if known else window.start
        return first if first - window.start > step else None

    def _runs(self, labels: dict[str, str], times: list[float], until: datetime) -> Iterator[Firing]:
        """The unbroken runs of sampled times; the last one is open if it reaches the end of the window."""
        first = last = times[0]
        for at in [*times[1:], float("inf")]:
            if at - last > _GONE.total_seconds():
                end = _moment(last) + self._step
                yield Firing(labels=labels, start=_moment(first), end=end if end < until else None)
                first = at
            last = at

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()


def _parts(window: Window, step: timedelta) -> Iterator[Window]:
    """Spans that are answered whole. Their steps are whole ones since 1970, whenever somebody asks."""
    begun = math.floor(window.start.timestamp() / step.total_seconds()) * step.total_seconds()
    start = _moment(begun)
    while start < window.end:
        end = min(window.end, start + step * _POINTS)
        yield Window(start=start, end=end)
        start = start + step * (_POINTS + 1)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
