"""Metrics from Prometheus and what speaks its API; the conventions that name a system's series are data."""

from tools.live.metrics.conventions import recognise
from tools.live.metrics.discover import Discovered, discover
from tools.live.metrics.port import live_metrics
from tools.live.metrics.prometheus import PrometheusMetrics
from tools.live.metrics.targets import Target

__all__ = ["Discovered", "PrometheusMetrics", "Target", "discover", "live_metrics", "recognise"]
