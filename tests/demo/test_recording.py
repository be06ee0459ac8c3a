"""The recording that ships: its format, and that alert, changes, telemetry and truth tell one story."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

import demo
from demo.collect import LOG_SCHEMA, METRIC_SCHEMA, SPAN_SCHEMA, TIME

CASE = Path(demo.__file__).parent / "recording" / "shop-checkout-bad-release"
ACTION = "rollback-checkout-2026.11.1"
PARTS = [CASE / "telemetry", CASE / "aftermath" / ACTION]
UNITS = {"ratio", "seconds", "bytes", "count", "per_second", ""}
OPTIONAL = {"peer", "unit", "trace_id", "span_id", "parent_id"}


@pytest.fixture(scope="module")
def case() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((CASE / "case.yaml").read_text())
    return loaded


def _changes(part: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (part / "changes.jsonl").read_text().splitlines()]


def _series(part: Path, service: str, metric: str, peer: str = "") -> pl.DataFrame:
    table = pl.read_parquet(part / "metrics.parquet")
    return table.filter(service=service, metric=metric, peer=peer)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
@pytest.mark.parametrize(
    ("name", "schema"), [("metrics", METRIC_SCHEMA), ("logs", LOG_SCHEMA), ("traces", SPAN_SCHEMA)]
)
def test_tables_have_the_columns_of_the_format(part: Path, name: str, schema: dict[str, Any]) -> None:
    table = pl.read_parquet(part / f"{name}.parquet")

    assert dict(table.schema) == {**schema, "time": TIME}
    assert table.height > 100
    assert sum(table.null_count().row(0)) == 0
    assert table["time"].is_sorted()
    for column in set(table.columns) - OPTIONAL:
        if table.schema[column] == pl.String:
            assert not table.filter(pl.col(column) == "").height, column


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_values_are_of_the_format(part: Path) -> None:
    metrics = pl.read_parquet(part / "metrics.parquet")
    assert set(metrics["unit"]) <= UNITS
    assert metrics["value"].is_finite().all()
    assert set(pl.read_parquet(part / "logs.parquet")["level"]) <= {"info", "warn", "error"}
    spans = pl.read_parquet(part / "traces.parquet")
    assert set(spans["status"]) == {"ok", "error"}
    assert set(spans["parent_id"]) - {""} <= set(spans["span_id"])


def test_periods_follow_each_other(case: dict[str, Any]) -> None:
    baseline, window = case["baseline"], case["window"]
    assert baseline["from"] < baseline["to"] == window["from"] < window["to"]
    for name in ("metrics", "logs", "traces"):
        before = pl.read_parquet(PARTS[0] / f"{name}.parquet")["time"]
        after = pl.read_parquet(PARTS[1] / f"{name}.parquet")["time"]
        assert baseline["from"] <= before[0]
        assert before[-1] < window["to"] <= after[0]


def test_alert_changes_and_truth_agree(case: dict[str, Any]) -> None:
    cause, window = case["truth"]["cause"], case["window"]
    innocent, guilty = _changes(PARTS[0])
    (remedy,) = _changes(PARTS[1])
    (alert,) = case["alerts"]

    assert (guilty["id"], guilty["service"]) == (cause["change"], cause["service"])
    assert datetime.fromisoformat(guilty["time"]) == cause["onset"]
    assert (
        window["from"]
        < datetime.fromisoformat(innocent["time"])
        < cause["onset"]
        < alert["at"]
        < window["to"]
    )
    assert datetime.fromisoformat(remedy["time"]) == window["to"]
    assert (remedy["version_from"], remedy["version_to"]) == (guilty["version_to"], guilty["version_from"])
    (right,) = case["truth"]["actions"]["right"]
    assert f"{right['kind']}-{right['service']}-{right['to']}" == ACTION
    assert right["to"] == guilty["version_from"]


def test_the_alert_comes_and_goes(case: dict[str, Any]) -> None:
    firing = case["alerts"][0]["payload"]
    (last,) = [json.loads(line) for line in (PARTS[1] / "alerts.jsonl").read_text().splitlines()]
    resolved = last["payload"]

    assert (firing["status"], resolved["status"]) == ("firing", "resolved")
    assert firing["groupKey"] == resolved["groupKey"]
    for key in ("fingerprint", "startsAt", "labels"):
        assert firing["alerts"][0][key] == resolved["alerts"][0][key]
    assert datetime.fromisoformat(last["at"]) > case["window"]["to"]
    named = {service["name"] for service in case["services"]}
    assert firing["alerts"][0]["labels"]["service"] in named
    assert all(set(service["depends_on"]) <= named for service in case["services"])


def test_the_fault_shows_and_the_aftermath_is_healthy(case: dict[str, Any]) -> None:
    onset, acted = case["truth"]["cause"]["onset"], case["window"]["to"]
    late = pl.col("time") > onset + (acted - onset) / 2
    for metric, at_least in (("error_ratio", 0.4), ("latency_p95", 1.0)):
        series = _series(PARTS[0], "checkout", metric)
        quiet = series.filter(pl.col("time") < case["baseline"]["to"])["value"].median()
        broken = series.filter(late)["value"].median()
        healed = _series(PARTS[1], "checkout", metric).tail(10)["value"].median()
        assert isinstance(quiet, float)
        assert isinstance(broken, float)
        assert isinstance(healed, float)
        assert broken > at_least
        assert broken > 8 * quiet
        assert healed < quiet * 1.5 + 0.02


def test_logs_and_traces_show_the_fault_too(case: dict[str, Any]) -> None:
    onset = case["truth"]["cause"]["onset"]
    logs = pl.read_parquet(PARTS[0] / "logs.parquet")
    errors = logs.filter(pl.col("message").str.contains("TypeError"))
    assert errors["time"][0] > onset
    assert set(errors["service"]) == {"checkout"}
    spans = pl.read_parquet(PARTS[0] / "traces.parquet")
    failed = spans.filter(service="checkout", operation="POST /orders", status="error")
    assert failed["time"][0] > onset
    assert set(failed["trace_id"]) <= set(logs["trace_id"])
    settled = pl.col("time") > case["window"]["to"] + timedelta(seconds=30)
    later = pl.read_parquet(PARTS[1] / "logs.parquet").filter(settled, level="error")
    assert not later.height


def test_no_trace_of_the_machine_it_was_recorded_on() -> None:
    texts = [file.read_text() for file in CASE.rglob("*") if file.suffix in {".yaml", ".jsonl"}]
    for table in CASE.rglob("*.parquet"):
        frame = pl.read_parquet(table)
        texts.extend(
            "\n".join(frame[name].unique()) for name in frame.columns if frame.schema[name] == pl.String
        )
    machine = re.compile(r"(/work|/tmp|/root|/home|/usr|site-packages|127\.0\.0\.1|localhost|\.py\b)")
    assert not [found for text in texts for found in machine.findall(text)]


def test_it_is_small() -> None:
    assert sum(file.stat().st_size for file in CASE.rglob("*") if file.is_file()) < 2_000_000
