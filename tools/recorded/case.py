"""A folder in the recording format, opened and checked: a `Case`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from incidents.catalogue import Catalogue, Service
from incidents.changes import Change
from incidents.errors import CaseError
from incidents.findings import Window
from incidents.value import Moment, Value
from tools.analysis import Telemetry
from tools.recorded.document import Arrival, Document, Tempo, Truth, explain, load_document
from tools.recorded.frames import SCHEMAS, check_columns, read_frame


class CaseAlert(Value):
    """One alert of a recording: when it arrives, from where, and the sender's body as bytes of JSON.

    What follows an action plays `moved` later than it was lived; the times in its body are the lived ones.
    """

    at: Moment
    source: str
    body: bytes
    moved: timedelta = timedelta()


@dataclass(frozen=True)
class Recording:
    """One folder of telemetry. Files are read once, when they are first asked for.

    Attributes:
        folder: where the files lie.
        name: the folder's path inside the case, for messages.
        services: the catalogue's names; a change must be to one of them.
    """

    folder: Path
    name: str
    services: Sequence[str]

    def has(self, channel: str) -> bool:
        """Whether a channel (metrics, logs, traces, changes) was recorded; if so, silence in it is real."""
        name = "changes.jsonl" if channel == "changes" else f"{channel}.parquet"
        return (self.folder / name).is_file()

    def check(self) -> None:
        """Check that the files are there and have their columns, without reading them.

        Raises:
            CaseError: one is missing or wrong.
        """
        if not (self.folder / "metrics.parquet").is_file():
            raise CaseError(f"{self.name}/metrics.parquet is missing")
        for file in SCHEMAS:
            if (self.folder / file).is_file():
                check_columns(self.folder / file, f"{self.name}/{file}")

    @cached_property
    def telemetry(self) -> Telemetry:
        """The frames; a file that is not there is a frame without rows.

        Raises:
            CaseError: a file breaks the format.
        """
        return Telemetry(
            metrics=self._frame("metrics.parquet"),
            logs=self._frame("logs.parquet"),
            traces=self._frame("traces.parquet"),
        )

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """The changes, oldest first.

        Raises:
            CaseError: a line is no change, names no service of the catalogue, or repeats an id.
        """
        path = self.folder / "changes.jsonl"
        found = [_change(line, f"{self.name}/changes.jsonl line {n}") for n, line in _lines(path)]
        for change in found:
            if change.service not in self.services:
                what = f"service {change.service!r} of {change.id!r}"
                raise CaseError(f"{self.name}/changes.jsonl: {what} is not in case.yaml")
        if len({change.id for change in found}) < len(found):
            raise CaseError(
                f"{self.name}/changes.jsonl: an id is used twice; ids are cited, so each must be one change"
            )
        return tuple(sorted(found, key=lambda change: change.time))

    @cached_property
    def alerts(self) -> tuple[CaseAlert, ...]:
        """The alerts of an aftermath (`alerts.jsonl`), oldest first.

        Raises:
            CaseError: a line is no alert.
        """
        found = [
            _alert(line, f"{self.name}/alerts.jsonl line {n}")
            for n, line in _lines(self.folder / "alerts.jsonl")
        ]
        return tuple(sorted(found, key=lambda alert: alert.at))

    @cached_property
    def span(self) -> Window:
        """From the first to the last moment of any file."""
        frames = (self.telemetry.metrics, self.telemetry.logs, self.telemetry.traces)
        times = [frame["time"] for frame in frames if frame.height]
        return Window.model_validate(
            {"start": min(time.min() for time in times), "end": max(time.max() for time in times)}  # type: ignore[type-var]
        )

    def _frame(self, file: str) -> pl.DataFrame:
        path = self.folder / file
        if not path.is_file():
            return pl.DataFrame(schema=SCHEMAS[file])
        return read_frame(path, f"{self.name}/{file}")


@dataclass(frozen=True)
class Case:
    """A recorded incident. It holds no truth: `read_truth` is for scorers alone.

    Attributes:
        id: equals the folder's name.
        window: what was recorded around the incident.
        quiet: the span of the recording that counts as quiet, if it is inside it.
        baseline: a recording of a quiet time that is kept apart, if there is one.
        alerts: as they arrived, oldest first.
        aftermaths: what was recorded after an action, by the action's key; its clock starts at its `epoch`.
        tempo: how fast the incident was lived, if that is known.
        instances: how many of each service ran at the beginning, as far as that is known.
        currency: that in which revenue was recorded, if that is known.
        arrival: how late each channel's rows came.
    """

    id: str
    title: str
    folder: Path
    window: Window
    quiet: Window | None
    catalogue: Catalogue
    alerts: tuple[CaseAlert, ...]
    recording: Recording
    baseline: Recording | None
    aftermaths: dict[str, Recording] = field(default_factory=dict)
    tempo: Tempo | None = None
    instances: dict[str, int] = field(default_factory=dict)
    currency: str | None = None
    arrival: Arrival = field(default_factory=Arrival)

    def check(self) -> None:
        """Read everything, so that a broken file is told now and not in the middle of an incident.

        Raises:
            CaseError: a file breaks the format.
        """
        for recording in (self.recording, self.baseline, *self.aftermaths.values()):
            if recording is not None:
                _ = recording.telemetry, recording.changes, recording.alerts


def open_case(path: Path) -> Case:
    """Open a recorded incident and check its structure; rows are read when they are asked for.

    Raises:
        CaseError: it breaks the recording format; the message names the file and the field.
    """
    folder = path.resolve()
    if not folder.is_dir():
        raise CaseError(f"there is no recorded incident at {path}: it must be a folder with a case.yaml")
    document = load_document(folder)
    catalogue = _catalogue(document)
    names = catalogue.names
    recording = Recording(folder / "telemetry", "telemetry", names)
    quiet, baseline = _baseline(document, folder, names)
    aftermaths = {
        found.name: Recording(found, f"aftermath/{found.name}", names)
        for found in sorted((folder / "aftermath").glob("*"))
        if found.is_dir()
    }
    for each in (recording, baseline, *aftermaths.values()):
        if each is not None:
            each.check()
    return Case(
        id=document.id,
        title=document.title,
        folder=folder,
        window=_window(document.window.start, document.window.end, "window"),
        quiet=quiet,
        catalogue=catalogue,
        alerts=_alerts(document),
        recording=recording,
        baseline=baseline,
        aftermaths=aftermaths,
        tempo=document.tempo,
        instances={entry.name: entry.instances for entry in document.services if entry.instances},
        currency=document.currency,
        arrival=document.arrival,
    )


def read_truth(path: Path) -> Truth:
    """What was true of a recorded incident; for scorers, never for a world.

    Raises:
        CaseError: `case.yaml` breaks the format.
    """
    return load_document(path.resolve()).truth


def _catalogue(document: Document) -> Catalogue:
    names = [entry.name for entry in document.services]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise CaseError(f"case.yaml: services names {twice!r} twice")
    for entry in document.services:
        for callee in entry.depends_on:
            if callee not in names:
                raise CaseError(
                    f"case.yaml: services.{entry.name}.depends_on names {callee!r}, which is no service of it"
                )
    blamed = document.truth.cause.service
    if blamed is not None and blamed not in names:
        raise CaseError(f"case.yaml: truth.cause.service is {blamed!r}, which is not among the services")
    return Catalogue(
        services=tuple(Service(**entry.model_dump(exclude={"instances"})) for entry in document.services)
    )


def _window(start: Moment, end: Moment, name: str) -> Window:
    if not start < end:
        raise CaseError(f"case.yaml: {name} ends before it begins")
    return Window(start=start, end=end)


def _baseline(
    document: Document, folder: Path, names: Sequence[str]
) -> tuple[Window | None, Recording | None]:
    entry = document.baseline
    if entry is None:
        kept = folder / "baseline"
        return None, Recording(kept, "baseline", names) if kept.is_dir() else None
    if entry.folder is not None:
        kept = (folder / entry.folder).resolve()
        if not kept.is_dir():
            raise CaseError(f"case.yaml: baseline.folder {entry.folder!r} does not exist")
        return None, Recording(kept, f"baseline {entry.folder}", names)
    if entry.start is None or entry.end is None:
        raise CaseError("case.yaml: baseline needs from and to, or a folder")
    return _window(entry.start, entry.end, "baseline"), None


def _alerts(document: Document) -> tuple[CaseAlert, ...]:
    found = [
        CaseAlert(at=entry.at, source=entry.source, body=_body(entry.payload)) for entry in document.alerts
    ]
    return tuple(sorted(found, key=lambda alert: alert.at))


def _body(payload: object) -> bytes:
    # YAML turns unquoted times into datetimes; senders write them as text.
    return json.dumps(payload, default=str, ensure_ascii=False).encode()


def _lines(path: Path) -> list[tuple[int, str]]:
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"{path.parent.name}/{path.name} cannot be read: {error}") from error
    # Only a line feed ends a line of JSON: a text may hold other separators (U+2028, U+0085) as they are.
    return [(n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _change(line: str, where: str) -> Change:
    raw = _object(line, where)
    try:
        return Change.model_validate(
            {name: raw[name] for name in Change.model_fields if raw.get(name) is not None}
        )
    except ValidationError as error:
        raise CaseError(f"{where}: {explain(error)}") from error


def _alert(line: str, where: str) -> CaseAlert:
    raw = _object(line, where)
    if not isinstance(raw.get("payload"), dict):
        raise CaseError(f"{where}: payload must be the sender's JSON object")
    try:
        fields = {"at": raw.get("at"), "source": raw.get("source", ""), "body": _body(raw["payload"])}
        return CaseAlert.model_validate(fields)
    except ValidationError as error:
        raise CaseError(f"{where}: {explain(error)}") from error


def _object(line: str, where: str) -> dict[str, object]:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CaseError(f"{where} is no JSON: {error}") from error
    if not isinstance(raw, dict):
        raise CaseError(f"{where} is no JSON object")
    return raw
