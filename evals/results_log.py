"""Results that outlive a kill: one line each, appended as they come; a torn last line is as good as none."""

import os
from collections.abc import Iterator
from pathlib import Path

from incidents.errors import UsageError


def kept_lines(path: Path) -> Iterator[str]:
    """Every whole line of a file; none if it is not there."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):
                return  # torn by a kill: that result is made again
            yield line


def keep(path: Path, line: str) -> None:
    """Append a line; the folder is made if it is not there.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 1, 0))
            torn = file.read(1) not in {b"", b"\n"}
            file.write((b"\n" if torn else b"") + line.encode() + b"\n")
    except OSError as error:
        raise UsageError(f"results cannot be kept in {path.parent}: {error}") from error
