"""Traces from Jaeger, Tempo and files."""

from tools.live.traces.port import LiveTraces, live_traces

__all__ = ["LiveTraces", "live_traces"]
