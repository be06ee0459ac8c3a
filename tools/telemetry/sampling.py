"""Whether traces hold all calls of a service or a sample of them, told from what its metrics count.

Of a sample the shares and times stand for all calls, as far as it was drawn by chance; its counts do not. A
collector that keeps the failed and the slow ones makes both look more frequent than they are.
"""

from collections.abc import Sequence

import polars as pl
from pydantic import Field

from incidents.findings import Window
from incidents.value import Value
from tools.telemetry.observation import Observation
from tools.telemetry.service_state import states
from tools.telemetry.span_metrics import server_spans
from tools.time_windows import in_window

#: Metrics and traces are read at other moments: a tenth fewer calls is no sample.
_WHOLE = 0.85
#: With fewer missing calls the difference may be chance.
_FEW = 10


class Sampling(Value):
    """How many calls of a service the traces of a time hold, and about how many there were."""

    service: str = Field(default="", description="whose calls, where that is not said otherwise")
    traced: int
    about: int | None = Field(default=None, description="None: no metric counts the calls")

    @property
    def sampled(self) -> bool | None:
        """Whether traces hold only a part of the calls; None where that cannot be told."""
        if self.about is None:
            return None
        return self.traced < _WHOLE * self.about and self.about - self.traced >= _FEW


def sampling(seen: Observation, service: str, part: Window) -> Sampling:
    """What the traces of a service hold of its calls.

    Args:
        seen: what was looked at.
        service: the service that is called.
        part: the time of the traces.
    """
    traced = in_window(server_spans(seen.telemetry.traces), part).filter(pl.col("service") == service).height
    state = next((one for one in states(seen) if one.service == service), None)
    traffic = state.traffic if state is not None else None
    if traffic is None or traffic.now is None or traffic.unit != "per_second" or _is_traced(traffic.metric):
        return Sampling(traced=traced)
    # A level of traffic is the mean of the instances; calls are those of all.
    series = in_window(seen.signals, seen.recent).filter(
        (pl.col("service") == service) & (pl.col("metric") == traffic.metric) & (pl.col("peer") == "")
    )
    rates = series.group_by("instance").agg(pl.col("value").mean())
    return Sampling(traced=traced, about=round(float(rates["value"].sum()) * part.minutes * 60))


def _is_traced(metric: str) -> bool:
    """Whether a series was made from the same traces."""
    return metric.startswith("traced_")


def say_sampling(found: Sampling | None) -> str:
    """What a reader of counts from traces has to know; empty where they are whole."""
    if found is None or found.sampled is False:
        return ""
    if found.sampled is None:
        return "The traces may be sampled: no metric counts these calls."
    return (
        f"The traces are sampled: {found.traced} of about {found.about} calls. Their counts are too low; "
        "shares and times are of the sample."
    )


def say_samplings(found: Sequence[Sampling]) -> str:
    """The same of several services at once; empty where all are whole or cannot be told."""
    told = [f"{one.service} {one.traced} of about {one.about} calls" for one in found if one.sampled]
    if not told:
        return ""
    return f"Traced is a sample ({', '.join(told)} now): counts are too low, shares and times are of it."
