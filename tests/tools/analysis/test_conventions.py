"""Names of metrics as the common exporters write them."""

import pytest
from pydantic import ValidationError

from tools.analysis.conventions import conventions, parse


@pytest.mark.parametrize(
    ("metric", "family"),
    [
        ("request_rate", "traffic"),
        ("error_ratio", "errors"),
        ("latency_p95", "latency"),
        ("cpu", "saturation"),
        ("memory", "saturation"),
        ("connections_in_use", "saturation"),
        ("up", "up"),
        ("http.server.request.duration", "latency"),
        ("http.server.active_requests", "saturation"),
        ("db.client.connections.usage", "saturation"),
        ("process.cpu.utilization", "saturation"),
        ("jvm.memory.used", "saturation"),
        ("http_requests_total", "traffic"),
        ("http_request_duration_seconds_mean", "latency"),
        ("process_resident_memory_bytes", "saturation"),
        ("process_open_fds", "saturation"),
        ("container_cpu_usage_seconds_total", "saturation"),
        ("CPUUtilization", "saturation"),
        ("DatabaseConnections", "saturation"),
        ("HTTPCode_Target_5XX_Count", "errors"),
        ("availability.Average", "success"),
        ("requests.Sum", "traffic"),
        ("grpc_server_handled_total", "traffic"),
        ("http_request_duration_seconds_count", "traffic"),
        ("build_info", "other"),
    ],
)
def test_family(metric: str, family: str) -> None:
    assert conventions().meaning(metric).family == family


def test_the_unit_speaks_where_the_name_is_silent() -> None:
    assert conventions().meaning("checkout_step", "milliseconds").family == "latency"
    assert conventions().meaning("checkout_step").family == "other"


def test_success_hurts_when_it_falls() -> None:
    assert conventions().meaning("success_rate").bad == "down"


@pytest.mark.parametrize(
    ("metric", "counter"), [("http_requests_total", True), ("requests.Sum", False), ("cpu", False)]
)
def test_counters(metric: str, counter: bool) -> None:
    assert conventions().is_counter(metric) is counter


def test_statistics_are_told_apart() -> None:
    known = conventions()
    names = ("latency.Average", "latency_p50", "latency_p99", "latency")
    assert [known.statistic(name) for name in names] == ["mean", "p50", "p99", "other"]


def test_a_malformed_document_is_refused() -> None:
    with pytest.raises(ValidationError):
        parse("rules: [{match: cpu, family: heat}]\nunits: {}\nstatistics: []\ncounters: x")
