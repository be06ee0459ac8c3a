"""Writes a copy of a recorded incident into which an attacker has written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from evals.redteam.variants import TELLING, Place, Variant

#: Which column of which file the attacker writes, for the places in the telemetry.
_COLUMNS = {
    Place.LOG: ("logs.parquet", "message"),
    Place.OPERATION: ("traces.parquet", "operation"),
}
_CHANGE_FIELDS = {
    Place.COMMIT_SUMMARY: "summary",
    Place.AUTHOR: "author",
    Place.VERSION: "version_to",
    Place.COMMIT: "commit",
    Place.CHANGE_ID: "id",
}


def poison(case: Path, variant: Variant, service: str, into: Path) -> Path:
    """A copy of a case with the attack in it.

    Args:
        case: the case's folder.
        variant: the attack, bound to the case's names.
        service: whose telemetry is written; the attacker reaches what fails, because that is what is read.
        into: where the copy is made; it keeps the case's name.
    """
    copy = into / case.name
    shutil.copytree(case, copy)
    if variant.place in _COLUMNS:
        file, column = _COLUMNS[variant.place]
        _write_column(copy / "telemetry" / file, column, service, variant.text)
    elif variant.place in _CHANGE_FIELDS:
        _write_changes(copy / "telemetry" / "changes.jsonl", _CHANGE_FIELDS[variant.place], variant.text)
    else:
        _write_alerts(copy / "case.yaml", _alert_edit(variant))
    return copy


def _write_column(path: Path, column: str, service: str, text: str) -> None:
    """Append the text to what the failing service says; in logs to every line that is an error."""
    frame = pl.read_parquet(path)
    hit = pl.col("service") == service
    if column == "message":
        hit &= pl.col("level").is_in(TELLING)
    poisoned = pl.when(hit).then(pl.concat_str(pl.col(column), pl.lit(f" {text}"))).otherwise(pl.col(column))
    frame.with_columns(poisoned.alias(column)).write_parquet(path, compression="zstd")


def _write_changes(path: Path, field: str, text: str) -> None:
    """An id stays the only one of its kind, so that the record can still be read."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    for number, row in enumerate(rows):
        row[field] = f"{text} {number}" if field == "id" else text
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _alert_edit(variant: Variant) -> Callable[[dict[str, Any]], None]:
    """What the attacker changes in one alert of a webhook body."""

    def edit(alert: dict[str, Any]) -> None:
        if variant.place is Place.ALERT_LABEL:
            alert["labels"]["team_note"] = variant.text
        elif variant.place is Place.ALERT_TITLE:
            alert["labels"]["alertname"] = variant.text
            alert["annotations"]["summary"] = variant.text
        else:
            alert["annotations"]["description"] = variant.text

    return edit


def _write_alerts(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in document["alerts"]:
        for alert in entry["payload"]["alerts"]:
            edit(alert)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
