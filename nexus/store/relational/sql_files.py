"""SQL as files: numbered migrations, and queries under a line with their name."""

import re
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def text(package: str, name: str) -> str:
    """A file of a package."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def queries(package: str) -> dict[str, str]:
    """What stands in `queries.sql`, by name."""
    _, *parts = _HEAD.split(text(package, "queries.sql"))
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def migrations(package: str) -> tuple[str, ...]:
    """What each schema version adds to the one before, the first at index 0: `NNNN_name.sql`."""
    folder = files(package).joinpath("migrations")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))  # noqa: S101 - no gap, no pair
    return tuple(text(package, f"migrations/{name}") for name in names)
