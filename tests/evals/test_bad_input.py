"""Broken and odd recordings: a sentence that names file and column, or a run; the others always go on."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import yaml

from evals.case import EvalCase
from tests.cases import case_sources
from tests.nexus.command_line import Terminal
from tools.telemetry.observe import ranking

Break = Callable[[Path], None]


def frame(folder: Path, file: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Rewrite one parquet file."""
    path = folder / "telemetry" / f"{file}.parquet"
    change(pl.read_parquet(path)).write_parquet(path)


def metrics(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Break:
    return lambda folder: frame(folder, "metrics", change)


def traces(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Break:
    return lambda folder: frame(folder, "traces", change)


def text(name: str, content: bytes) -> Break:
    def apply(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return apply


def document(change: Callable[[dict[str, object]], object]) -> Break:
    def apply(folder: Path) -> None:
        content = yaml.safe_load((folder / "case.yaml").read_text())
        change(content)
        (folder / "case.yaml").write_text(yaml.safe_dump(content))

    return apply


def cut(folder: Path) -> None:
    path = folder / "telemetry" / "traces.parquet"
    path.write_bytes(path.read_bytes()[:-200])


def with_nan(found: pl.DataFrame) -> pl.DataFrame:
    at = pl.int_range(pl.len()) == 7
    return found.with_columns(value=pl.when(at).then(float("nan")).otherwise("value"))


def with_null(found: pl.DataFrame) -> pl.DataFrame:
    return found.with_columns(time=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise("time"))


def circular(found: pl.DataFrame) -> pl.DataFrame:
    return found.with_columns(parent_id=pl.col("span_id"))


def in_a_ring(found: pl.DataFrame) -> pl.DataFrame:
    following = pl.col("span_id").shift(-1).fill_null(pl.col("span_id").first())
    return found.with_columns(parent_id=following.over("trace_id"))


def in_three_zones(folder: Path) -> None:
    """Metrics, logs and traces each in the zone of another team; a change with an offset of its own."""
    for file, zone in (("metrics", "Asia/Tokyo"), ("logs", "America/New_York"), ("traces", "UTC")):
        in_zone = pl.col("time").dt.convert_time_zone(zone)
        frame(folder, file, partial(pl.DataFrame.with_columns, time=in_zone))
    path = folder / "telemetry" / "changes.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    offset = timezone(timedelta(hours=-7))
    for row in rows[:1]:
        row["time"] = datetime.fromisoformat(row["time"]).astimezone(offset).isoformat()
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def ring(content: dict[str, object]) -> None:
    parts = {"web": ["checkout"], "checkout": ["web", "checkout"], "orders-db": ["web"]}
    services = content["services"]
    assert isinstance(services, list)
    for one in services:
        one["depends_on"] = [*one["depends_on"], *parts.get(one["name"], [])]


#: What is done to a case, and what is said of it: the file, and the column where there is one.
REFUSED: dict[str, tuple[Break, tuple[str, ...]]] = {
    "no-metrics": (lambda f: (f / "telemetry/metrics.parquet").unlink(), ("metrics.parquet is missing",)),
    "empty-metrics": (metrics(lambda found: found.head(0)), ("metrics.parquet has no rows",)),
    "empty-file": (text("telemetry/logs.parquet", b""), ("logs.parquet", "truncated")),
    "truncated": (cut, ("traces.parquet", "truncated")),
    "no-column": (metrics(lambda found: found.drop("value")), ("metrics.parquet", "'value' is missing")),
    "wrong-type": (
        metrics(lambda found: found.cast({"value": pl.String})),
        ("metrics.parquet", "'value' is"),
    ),
    "time-as-text": (traces(lambda found: found.cast({"time": pl.String})), ("traces.parquet", "'time' is")),
    "no-zone": (
        metrics(lambda found: found.with_columns(pl.col("time").dt.replace_time_zone(None))),
        ("metrics.parquet", "'time'", "without a zone"),
    ),
    "nan": (metrics(with_nan), ("metrics.parquet", "'value' is NaN or infinite in row 7")),
    "null-time": (metrics(with_null), ("metrics.parquet", "'time' is empty in row 3")),
    "negative": (
        traces(lambda found: found.with_columns(duration_us=-pl.col("duration_us"))),
        ("traces.parquet", "'duration_us' is negative"),
    ),
    "changes-no-json": (text("telemetry/changes.jsonl", b"{\n"), ("changes.jsonl line 1", "no JSON")),
    "changes-binary": (text("telemetry/changes.jsonl", b"\xff\xfe\x00"), ("changes.jsonl", "cannot be read")),
    "changes-no-zone": (
        text(
            "telemetry/changes.jsonl",
            b'{"time": "2026-03-12T10:00:00", "id": "c", "service": "web", "kind": "deploy"}\n',
        ),
        ("changes.jsonl line 1", "time", "no zone"),
    ),
    "no-yaml": (text("case.yaml", b"a: [\n"), ("case.yaml", "no valid YAML")),
    "yaml-empty": (text("case.yaml", b""), ("case.yaml",)),
    "yaml-window": (document(lambda c: c.update(window="soon")), ("case.yaml", "window")),
    "yaml-no-alerts": (document(lambda c: c.update(alerts=[])), ("case.yaml", "alerts")),
}

#: What is odd, and can be worked with all the same.
BORNE: dict[str, Break] = {
    "unsorted": metrics(lambda found: found.sample(fraction=1, shuffle=True, seed=7)),
    "other-zones": metrics(
        lambda found: found.with_columns(pl.col("time").dt.convert_time_zone("Asia/Tokyo"))
    ),
    "duplicate-spans": traces(lambda found: pl.concat([found, found, found])),
    "own-parents": traces(circular),
    "ring-of-spans": traces(in_a_ring),
    "ring-of-services": document(ring),
    "three-zones": in_three_zones,
    "one-row": metrics(lambda found: found.head(1)),
    "other-numbers": metrics(lambda found: found.cast({"value": pl.Float32})),
}


def one_row_each(folder: Path) -> None:
    """One sample, one line, one span, no change."""
    for file in ("metrics", "logs", "traces"):
        frame(folder, file, lambda found: found.head(1))
    (folder / "telemetry" / "changes.jsonl").write_text("")


def copied(case: EvalCase, root: Path, name: str) -> Path:
    """A case of its own under another name."""
    folder = shutil.copytree(case.folder, root / name)
    content = (folder / "case.yaml").read_text()
    (folder / "case.yaml").write_text(content.replace(f"id: {case.id}", f"id: {name}"))
    return folder


def test_every_broken_case_is_told_with_file_and_column_and_the_others_go_on(
    nexus: Terminal, case: EvalCase, tmp_path: Path
) -> None:
    root = tmp_path / "cases"
    for name, (spoil, _) in REFUSED.items():
        spoil(copied(case, root, name))
    odd, small = copied(case, root, "odd"), copied(case, root, "small")
    for name in ("unsorted", "three-zones", "duplicate-spans", "own-parents", "ring-of-services"):
        BORNE[name](odd)
    one_row_each(small)
    typed = nexus("eval", root, "--workers", "1", "--json")
    assert typed.code == 0, typed.err
    runs = {run["case"]: run for run in json.loads(typed.out)["runs"]}
    assert runs["odd"]["error"] is None
    assert runs["odd"]["scores"]["cause_named"]["value"] == 1
    assert runs["small"]["error"] is None
    assert runs["small"]["said"] == "unknown", "one row of each tells nothing, and that is what is said"
    for name, (_, parts) in REFUSED.items():
        said = runs[name]["error"]
        assert said, name
        assert "\n" not in said
        assert [part for part in parts if part not in said] == [], f"{name}: {said}"


@pytest.mark.parametrize("name", BORNE)
async def test_what_is_odd_is_worked_with(name: str, case: EvalCase, tmp_path: Path) -> None:
    folder = copied(case, tmp_path, name)
    BORNE[name](folder)
    sources, clock = case_sources(folder, tmp_path / "ledger.jsonl")
    clock.advance(timedelta(minutes=3))
    _, ranked = await ranking(sources)
    assert ranked.suspects[0].service == "checkout"
