"""SQL as files: numbered migrations, and queries under a line with their name.

What several queries have in common is written once, as a part, and stands in them as `{{its_name}}`.
"""

import re
from pathlib import Path

_HEAD = re.compile(r"^-- (name|part): (\w+)$", re.MULTILINE)
_PART = re.compile(r"\{\{(\w+)\}\}")


def text(file: Path) -> str:
    """What a file says."""
    return file.read_text(encoding="utf-8")


def queries(folder: Path) -> dict[str, str]:
    """What stands in `queries.sql`, by name, with the parts that it names; raises KeyError if one is none."""
    _, *found = _HEAD.split(text(folder / "queries.sql"))
    written = list(zip(found[::3], found[1::3], (body.strip() for body in found[2::3]), strict=True))
    parts = {name: body for kind, name, body in written if kind == "part"}
    return {
        name: _PART.sub(lambda named: parts[named[1]], body) for kind, name, body in written if kind == "name"
    }


def migrations(folder: Path) -> tuple[Path, ...]:
    """What adds each schema version to the one before, the first at index 0: `NNNN_name.sql`."""
    files = sorted((folder / "migrations").glob("*.sql"))
    assert [int(file.name[:4]) for file in files] == list(range(1, len(files) + 1))  # noqa: S101 - no gap, no pair
    return tuple(files)
