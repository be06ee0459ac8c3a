"""What code measured about an incident: the facts that severity floors and routing rest on."""

from pydantic import Field

from incidents.value import Moment, Value
from incidents.verification import Signal


class Facts(Value):
    """Measured, never judged by a model. None means no data, which is not zero."""

    at: Moment
    error_ratio: float | None = Field(
        default=None, description="worst share of failed requests of a user-facing service"
    )
    latency_times: float | None = Field(
        default=None, description="worst user-facing latency as a multiple of its baseline"
    )
    down: tuple[str, ...] = Field(default=(), description="user-facing services that answer nothing at all")
    felt: tuple[str, ...] = Field(
        default=(), description="services that users touch and that deviate or are down, worst first"
    )
    affected: tuple[str, ...] = Field(
        default=(), description="services whose signals deviate, most deviating first"
    )
    customers_affected: bool | None = None
    api_affected: bool = False
    revenue_lost: float | None = Field(
        default=None, description="estimated loss since the onset, if revenue is measured"
    )
    quiet: bool | None = Field(
        default=None, description="no signal deviates; None if there is no data to tell"
    )
    signals: tuple[Signal, ...] = Field(default=(), description="what opened the incident, then the guards")
    evidence: tuple[str, ...] = ()
    series: str | None = Field(default=None, description="the evidence that holds the watched series")

    def worse_than(self, other: "Facts | None") -> bool:
        """Whether users felt more of it than at the time of another measurement."""
        return other is None or self.weight > other.weight

    @property
    def weight(self) -> tuple[int, float, float]:
        """How much users feel of it: what is down, the share of failures, the slowness; for comparisons."""
        return len(self.down), self.error_ratio or 0.0, self.latency_times or 0.0
