"""The log of a releases folder: one JSON line per change, with the fields of a change."""

import json
from pathlib import Path

from pydantic import ValidationError

from incidents.changes import Change
from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.settings import ReleaseLog
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: As much of a log is read, from its end, in bytes.
LARGEST = 8_000_000
_LONGEST = 400


class LoggedChanges:
    """The changes port over a releases log."""

    def __init__(self, spec: ReleaseLog) -> None:
        self._path = spec.log

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first; lines that cannot be read are a gap.

        Raises:
            ToolFailed: the file cannot be read.
        """
        return tuple(one for one in read_log(self._path) if window.start <= one.time < window.end)

    async def check(self) -> str:
        """How many changes the log holds; raises like `changes`."""
        found = read_log(self._path)
        return f"{self._path} holds {len(found)} changes"

    async def aclose(self) -> None:
        """Nothing is open."""


def read_log(path: Path) -> tuple[Change, ...]:
    """Every change of a log, oldest first; fields that a change does not have are ignored.

    Raises:
        ToolFailed: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - LARGEST))
            lines = file.read().splitlines()
    except OSError as error:
        raise ToolFailed(f"the releases log {path} cannot be read: {error.strerror}") from None
    found = [_change(line) for line in (lines[1:] if size > LARGEST else lines) if line.strip()]
    if broken := found.count(None):
        note_gap(f"{broken} lines of the releases log {path} are no changes and were left out")
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.time))


def _change(line: bytes) -> Change | None:
    try:
        raw = json.loads(line)
        given = {name: raw[name] for name in Change.model_fields if raw.get(name) is not None}
        change = Change.model_validate(given)
    except (ValueError, TypeError, AttributeError, RecursionError, ValidationError):
        return None
    return change.model_copy(
        update={"summary": plain(change.summary, _LONGEST), "author": plain(change.author, 80)}
    )
