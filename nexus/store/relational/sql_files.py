"""SQL as files: numbered migrations, and queries under a line with their name."""

import re
from pathlib import Path

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def text(file: Path) -> str:
    """What a file says."""
    return file.read_text(encoding="utf-8")


def queries(folder: Path) -> dict[str, str]:
    """What stands in `queries.sql`, by name."""
    _, *parts = _HEAD.split(text(folder / "queries.sql"))
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def migrations(folder: Path) -> tuple[Path, ...]:
    """What adds each schema version to the one before, the first at index 0: `NNNN_name.sql`."""
    files = sorted((folder / "migrations").glob("*.sql"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))  # noqa: S101 - no gap, no pair
    return tuple(files)
