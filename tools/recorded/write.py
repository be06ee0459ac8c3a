"""Writes recordings: frames as parquet, changes and alerts as JSON lines, `case.yaml`.

Whatever is written is opened and checked as a whole before it stands where people look for it.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import yaml

from incidents.changes import Change
from incidents.errors import UsageError
from incidents.value import iso
from tools.recorded.case import CaseAlert, open_case
from tools.recorded.document import Document
from tools.recorded.frames import SCHEMAS


@dataclass(frozen=True)
class Pages:
    """What one folder of telemetry is to hold; a channel that is None was not recorded and gets no file."""

    metrics: pl.DataFrame
    logs: pl.DataFrame | None = None
    traces: pl.DataFrame | None = None
    changes: Sequence[Change] | None = None
    alerts: Sequence[CaseAlert] = ()

    @property
    def told_size(self) -> str:
        """How much it is, in words."""
        frames = (("samples", self.metrics), ("log lines", self.logs), ("spans", self.traces))
        said = [f"{frame.height} {name}" if frame is not None else f"no {name}" for name, frame in frames]
        changes = f"changes: {len(self.changes)}" if self.changes is not None else "no changes"
        return ", ".join([*said, changes])

    def told(self, alerts: Sequence[CaseAlert]) -> "Pages":
        """The same with alerts."""
        return replace(self, alerts=alerts)


def write_pages(folder: Path, pages: Pages) -> None:
    """Write one folder of telemetry."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in (("metrics", pages.metrics), ("logs", pages.logs), ("traces", pages.traces)):
        if frame is not None:
            file = f"{name}.parquet"
            whole = frame.select(pl.col(column).cast(kind) for column, kind in SCHEMAS[file].items())
            ordered = whole.sort("time", maintain_order=True)
            ordered.write_parquet(folder / file, compression="zstd", compression_level=19)
    if pages.changes is not None:
        write_lines(folder / "changes.jsonl", (change.model_dump_json() for change in pages.changes))
    if pages.alerts:
        write_lines(folder / "alerts.jsonl", map(_alert, pages.alerts))


def write_document(folder: Path, document: Document) -> None:
    """Write `case.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    content = document.model_dump(mode="json", by_alias=True)
    (folder / "case.yaml").write_text(yaml_of(content), encoding="utf-8")


def yaml_of(content: object) -> str:
    """A value as YAML that people read: keys in their order, lines that are not broken."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


@contextmanager
def new_case(target: Path) -> Iterator[Path]:
    """A folder to write a case into; afterwards it is checked, and then moved to its place as a whole.

    Raises:
        UsageError: there is something at that place already, or it cannot be written to.
        CaseError: what was written breaks the format.
    """
    if target.exists():
        raise UsageError(f"{target} exists already; name a folder that does not")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(prefix=".new-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror or error}") from error
    try:
        # A case that shares a baseline names it by `..`, and finds it from here too.
        for shared in target.parent.glob("_*"):
            (beside / shared.name).symlink_to(shared.resolve())
        yield beside / target.name
        open_case(beside / target.name).check()
        (beside / target.name).rename(target)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _alert(alert: CaseAlert) -> str:
    return json.dumps({"at": iso(alert.at), "source": alert.source, "payload": json.loads(alert.body)})
