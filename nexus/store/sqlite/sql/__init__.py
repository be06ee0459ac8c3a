"""The store's SQL: the numbered migrations, every query by name, the fence over LangGraph's checkpoints."""

import re
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _named(text: str) -> dict[str, str]:
    _, *parts = _HEAD.split(text)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _migrations() -> tuple[str, ...]:
    """What each schema version adds to the one before, the first at index 0: `NNNN_name.sql`."""
    folder = files(__package__).joinpath("migrations")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))  # noqa: S101 - no gap, no pair
    return tuple(_text(f"migrations/{name}") for name in names)


MIGRATIONS = _migrations()
QUERIES = _named(_text("queries.sql"))

#: Apply it with `executescript` after the saver's `setup()`.
FENCE = _text("fence.sql")
