"""A folder becomes a case, and each way to break it is told with file and field."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
import yaml

from incidents.errors import CaseError
from incidents.severity import Severity
from tests.cases import ALERT, END, QUIET_END, START, build_case, case_document
from tools.recorded import Case, open_case, read_truth

Break = Callable[[Path], None]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A case of the test's own, to be broken."""
    return build_case(tmp_path, "case", traces=False)


def opened(folder: Path) -> Case:
    case = open_case(folder)
    case.check()
    return case


def rewrite(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    document = case_document(folder.name)
    change(document)
    (folder / "case.yaml").write_text(yaml.safe_dump(document))


def remade(
    folder: Path, change: Callable[[pl.DataFrame], pl.DataFrame], file: str = "metrics.parquet"
) -> None:
    path = folder / "telemetry" / file
    change(pl.read_parquet(path)).write_parquet(path)


def add_change(folder: Path, **fields: str) -> None:
    path = folder / "telemetry" / "changes.jsonl"
    row = {"time": START.isoformat(), "id": "x", "service": "web", "kind": "deploy"} | fields
    path.write_text(path.read_text() + json.dumps(row) + "\n")


def test_a_sound_case_opens(shop: Path) -> None:
    case = opened(shop)
    assert (case.window.start, case.window.end) == (QUIET_END, END)
    assert case.quiet is not None
    assert case.quiet.start == START
    assert [alert.at for alert in case.alerts] == [ALERT]
    assert json.loads(case.alerts[0].body)["alerts"][0]["labels"]["service"] == "web"
    assert case.catalogue.user_facing == ("web",)
    assert set(case.aftermaths) == {"rollback-checkout-1.0", "rollback-catalogue-3.0"}


def test_the_truth_is_apart(shop: Path) -> None:
    truth = read_truth(shop)
    assert truth.severity is Severity.P1
    assert truth.cause.change == "c2"
    assert truth.actions is not None
    assert truth.actions.right[0].action.key == "rollback-checkout-1.0"
    assert "truth" not in vars(open_case(shop))


NO_METRICS = "telemetry/metrics.parquet is missing"
NAN = pl.lit(float("nan"))
NULL = pl.lit(None, dtype=pl.Float64)
BREAKS: dict[str, tuple[Break, str]] = {
    "no case.yaml": (lambda f: (f / "case.yaml").unlink(), "case.yaml"),
    "no title": (lambda f: rewrite(f, lambda d: d.pop("title")), "title"),
    "other id": (lambda f: rewrite(f, lambda d: d.update(id="other")), "id is 'other'.*'case'"),
    "other format": (lambda f: rewrite(f, lambda d: d.update(format=2)), "format"),
    "naive window": (
        lambda f: rewrite(f, lambda d: d.update(window={"from": "2026-03-12T10:00:00", "to": END})),
        "window.from.*no zone",
    ),
    "window backwards": (
        lambda f: rewrite(f, lambda d: d.update(window={"from": END, "to": START})), "window ends before",
    ),
    "unknown callee": (
        lambda f: rewrite(f, lambda d: d.update(services=[{"name": "web", "depends_on": ["ghost"]}])),
        "ghost",
    ),
    "unknown kind of service": (
        lambda f: rewrite(f, lambda d: d.update(services=[{"name": "web", "kind": "toaster"}])),
        "services.0.kind",
    ),
    "no baseline folder": (
        lambda f: rewrite(f, lambda d: d.update(baseline={"folder": "../gone"})), r"baseline\.folder",
    ),
    "no metrics": (lambda f: (f / "telemetry" / "metrics.parquet").unlink(), NO_METRICS),
    "no column": (lambda f: remade(f, lambda m: m.drop("value")), "column 'value' is missing"),
    "wrong type": (
        lambda f: remade(f, lambda m: m.with_columns(pl.col("value").cast(pl.String))),
        "metrics.parquet: column 'value' is String",
    ),
    "naive times": (
        lambda f: remade(f, lambda m: m.with_columns(pl.col("time").dt.replace_time_zone(None))),
        "column 'time' has times without a zone",
    ),
    "NaN": (
        lambda f: remade(f, lambda m: m.with_columns(value=NAN)), "column 'value' is NaN.*row 0",
    ),
    "null": (
        lambda f: remade(f, lambda m: m.with_columns(value=NULL)),
        "column 'value' is empty in row 0",
    ),
    "no rows": (lambda f: remade(f, lambda m: m.clear()), "metrics.parquet has no rows"),
    "wrong level": (
        lambda f: remade(f, lambda m: m.with_columns(level=pl.lit("LOUD")), "logs.parquet"),
        "'level' has 'LOUD'",
    ),
    "unknown service of a change": (lambda f: add_change(f, service="ghost"), "changes.jsonl.*'ghost'"),
    "unknown kind of change": (lambda f: add_change(f, kind="magic"), "changes.jsonl line 4: kind"),
    "naive change": (lambda f: add_change(f, time="2026-03-12T10:00:00"), "line 4: time.*no zone"),
    "a change twice": (lambda f: add_change(f, id="c1"), "used twice"),
}  # fmt: skip


def test_bad_yaml_is_told(broken: Path) -> None:
    (broken / "case.yaml").write_text("a: [1")
    with pytest.raises(CaseError, match=r"case\.yaml .*YAML"):
        opened(broken)


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_what_breaks_the_format_is_told_with_its_place(broken: Path, name: str) -> None:
    spoil, message = BREAKS[name]
    spoil(broken)
    with pytest.raises(CaseError, match=message):
        opened(broken)


def test_a_truncated_file_is_told(broken: Path) -> None:
    path = broken / "telemetry" / "metrics.parquet"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CaseError, match=r"telemetry/metrics\.parquet"):
        opened(broken)


def test_a_file_cut_in_its_middle_is_told(broken: Path) -> None:
    path = broken / "telemetry" / "metrics.parquet"
    body = path.read_bytes()
    path.write_bytes(body[:200] + b"\x00" * 4000 + body[4200:])
    with pytest.raises(CaseError, match=r"telemetry/metrics\.parquet"):
        opened(broken)


def test_a_line_that_is_no_json_is_told(broken: Path) -> None:
    (broken / "telemetry" / "changes.jsonl").write_text("{oops\n")
    with pytest.raises(CaseError, match=r"telemetry/changes\.jsonl line 1 is no JSON"):
        opened(broken)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"])
def test_a_text_with_a_separator_of_its_own_is_one_line_of_json(broken: Path, separator: str) -> None:
    path = broken / "telemetry" / "changes.jsonl"
    first, *rest = path.read_text(encoding="utf-8").split("\n")
    change = json.loads(first) | {"summary": f"faster totals{separator}and rounder"}
    path.write_text("\n".join([json.dumps(change, ensure_ascii=False), *rest]), encoding="utf-8")
    assert opened(broken).recording.changes[0].summary == change["summary"]


def test_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no recorded incident"):
        open_case(tmp_path / "nothing")


def test_unsorted_rows_are_sorted_and_unknown_columns_ignored(broken: Path) -> None:
    remade(broken, lambda m: m.reverse().with_columns(extra=pl.lit(1)))
    frame = opened(broken).recording.telemetry.metrics
    assert frame["time"].is_sorted()
    assert "extra" not in frame.columns


def test_columns_that_say_nothing_may_be_left_out(broken: Path) -> None:
    remade(broken, lambda m: m.drop("instance", "peer", "unit"))
    assert opened(broken).recording.telemetry.metrics["peer"].unique().to_list() == [""]


def test_a_baseline_folder_is_a_recording_of_its_own(broken: Path) -> None:
    kept = broken.parent / "quiet"
    kept.mkdir()
    quiet = pl.read_parquet(broken / "telemetry" / "metrics.parquet").filter(pl.col("time") < QUIET_END)
    quiet.with_columns(pl.col("time") + timedelta(days=90)).write_parquet(kept / "metrics.parquet")
    rewrite(broken, lambda d: d.update(baseline={"folder": "../quiet"}))
    case = opened(broken)
    assert case.quiet is None
    assert case.baseline is not None
    assert case.baseline.span.start == START + timedelta(days=90)
