"""What alerts' expressions watch: from single operators to whole rules."""

import pytest

pytest.importorskip("promql_parser", reason="the extra `rules` is not installed")

from tools.live.metrics.rule_expressions import Watched, watched


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("cpu > 0.9", {"cpu": "up"}),
        ("0.9 < cpu", {"cpu": "up"}),
        ("up == 0", {"up": "down"}),
        ("alarm == 1", {"alarm": "up"}),
        ("100 * avail_bytes / size_bytes < 10", {"avail_bytes": "down"}),
        ("(size_bytes - avail_bytes) / size_bytes > 0.9", {"avail_bytes": "down"}),
        ("1 - avg by (node) (rate(idle_seconds[5m])) > 0.9", {"idle_seconds": "down"}),
        ("time() - last_success_timestamp > 3600", {"last_success_timestamp": "down"}),
        ("predict_linear(free_bytes[1h], 3600) < 0", {"free_bytes": "down"}),
        ("sum(rate(failed[5m])) / sum(rate(total[5m])) > 0.05", {"failed": "up"}),
        ("histogram_quantile(0.99, sum by (le) (rate(lat_bucket[5m]))) > 1", {"lat_bucket": "up"}),
        ("errors > 5 and on (job) traffic > 100", {"errors": "up"}),
        ("a > 1 or b < 2", {"a": "up", "b": "down"}),
        ("count(up == 0) by (job) > 2", {"up": "down"}),
        ("count(ready == 1) < 3", {"ready": "down"}),
        # What tells no direction.
        ("absent(up)", {}),
        ("changes(state[1h]) > 3", {}),
        ("status == 2", {}),
        ("load > 1 or load < 0.1", {}),
        ("spec_replicas != ready_replicas", {}),
    ],
)
def test_directions(expression: str, told: dict[str, str]) -> None:
    assert {one.metric: one.direction for one in watched(expression)} == told


def test_thresholds_and_parts() -> None:
    assert watched("queue_depth > 2 * 50") == (Watched("queue_depth", "up", ">", 100.0),)
    (one,) = watched('sum(rate(requests_total{code=~"5.."}[5m])) > 1')
    assert one.part


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\S"):
        watched("sum(")
