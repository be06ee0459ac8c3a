"""What Prometheus' query API answers, and how it is asked; also Mimir, Thanos, Cortex and VictoriaMetrics."""

import json
from typing import Annotated, Self, TypeVar

from pydantic import Field

from incidents.errors import Declined
from tools.live.http import Answer as Received
from tools.live.http import Backend, Rejected, Reply
from tools.live.metrics.coalesced_queries import Grid
from tools.live.metrics.native_histograms import Sampled, number_of
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: What is longer is sent as a form: servers and proxies refuse long addresses.
_LONGEST_ADDRESS = 2_000
#: VictoriaMetrics alone heeds these: no answer from its cache, and fresh samples (1.79 has only the first).
_FRESH = {"nocache": "1", "latency_offset": "1s"}
#: A header that VictoriaMetrics alone sets; its build information does not name it.
_VICTORIA = "x-server-hostname"

#: Seconds since 1970, and the value as Prometheus writes it.
Sample = tuple[Annotated[float, Field(ge=0, lt=190_000_000_000)], str]


S = TypeVar("S", Sample, Sampled)


class Series(Reply):
    """One series of an answer: a matrix has `values` or `histograms`, or both, a vector `value`."""

    metric: dict[str, str]
    values: tuple[Sample, ...] = ()
    histograms: tuple[Sampled, ...] = ()
    value: Sample | None = None

    def samples(self, metric: str, unit: str) -> tuple[Sample, ...]:
        """The values, and of native histograms what a metric of that name is in them."""
        if not self.histograms:
            return self.values
        return *self.values, *((at, str(number_of(one, metric, unit))) for at, one in self.histograms)


class _Data(Reply):
    result: tuple[Series, ...]


class Answer(Reply):
    """What `query` and `query_range` answer; `victoria`: it is VictoriaMetrics that answers."""

    data: _Data
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    victoria: bool = False

    def over(self, times: Grid) -> Self:
        """What it would be if only that much had been asked for: a series without a value is not in it."""
        cut = (
            one.model_copy(
                update={
                    "values": _within(one.values, times),
                    "histograms": _within(one.histograms, times),
                }
            )
            for one in self.data.result
        )
        held = tuple(one for one in cut if one.values or one.histograms)
        return self.model_copy(update={"data": self.data.model_copy(update={"result": held})})


def _within(samples: tuple[S, ...], times: Grid) -> tuple[S, ...]:
    """The samples, in order of time, that lie on a grid: mostly all of them."""
    if not samples or (times.holds(samples[0][0]) and times.holds(samples[-1][0])):
        return samples
    return tuple(sample for sample in samples if times.holds(sample[0]))


async def ask(backend: Backend, path: str, query: dict[str, str]) -> Answer:
    """What Prometheus' API answers; what it warns of is noted.

    Raises:
        Declined: it refuses the query.
        ToolFailed: it does not answer.
    """
    try:
        received = await _sent(backend, path, query | _FRESH)
    except Rejected as error:
        raise _refused(backend, error) from None
    answer = backend.read(Answer, received.text)
    where = f"{backend.name} at {backend.where}"
    for warning in answer.warnings:
        note_gap(f"{where} warns: {backend.quoted(warning)}")
    for info in answer.infos:
        note_gap(f"{where} remarks: {backend.quoted(info)}")
    return answer.model_copy(update={"victoria": _VICTORIA in received.headers})


async def _sent(backend: Backend, path: str, query: dict[str, str]) -> Received:
    if len(query["query"]) > _LONGEST_ADDRESS:
        return await backend.answer("POST", path, form=query)
    return await backend.answer("GET", path, query=query)


def _refused(backend: Backend, error: Rejected) -> Declined:
    """Prometheus says in JSON what is wrong with a query; anything else stays as it is."""
    try:
        said = json.loads(error.text)
        kind, why = str(said["errorType"]), str(said["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return error
    return Declined(
        f"{backend.name} at {backend.where} refuses the query "
        f"({error.status} {plain(kind, 40)}): {backend.quoted(why)}"
    )


async def copied_from(backend: Backend, times: Grid) -> float | None:
    """From when on VictoriaMetrics gives copies of what it had before, in seconds since 1970; or None.

    The newest samples (30 s by default, `-search.latencyOffset`) are not read: their points repeat the last
    one before them. So does its clock, when it is asked for: `time()` stands still there (seen in 1.79.5).
    """
    answer = await ask(backend, "/api/v1/query_range", {"query": "time()", **times.span})
    told = (sample for series in answer.data.result for sample in series.values)
    return next((at for at, value in told if at - float(value) > 1e-3), None)
