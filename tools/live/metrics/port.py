"""The metrics port of a live system."""

from collections.abc import Sequence
from typing import overload

from tools.clock import Clock, WallClock
from tools.live.http import Backend
from tools.live.metrics.cloudwatch import CloudWatchSamples
from tools.live.metrics.prometheus import PrometheusMetrics
from tools.live.secrets import Secrets
from tools.live.settings import MetricSpec, Prometheus
from tools.live.settings_aws import CloudWatchMetrics


@overload
def live_metrics(
    spec: Prometheus, services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> PrometheusMetrics: ...


@overload
def live_metrics(
    spec: MetricSpec, services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> PrometheusMetrics | CloudWatchSamples: ...


def live_metrics(
    spec: MetricSpec, services: Sequence[str], secrets: Secrets, clock: Clock | None = None
) -> PrometheusMetrics | CloudWatchSamples:
    """The metrics port that `backends.metrics` describes.

    Raises:
        UnknownName: `spec` names a set of series that does not exist.
    """
    match spec:
        case Prometheus():
            return PrometheusMetrics(spec, services, Backend("Prometheus", spec, secrets), clock)
        case CloudWatchMetrics():
            return CloudWatchSamples(spec, secrets, clock or WallClock())
