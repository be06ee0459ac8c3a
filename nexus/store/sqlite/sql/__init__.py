"""The store's SQL: the schema, every query by name, the fence over LangGraph's checkpoints."""

import re
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _named(text: str) -> dict[str, str]:
    _, *parts = _HEAD.split(text)
    return {name: body.strip() for name, body in zip(parts[::2], parts[1::2], strict=True)}


SCHEMA = _text("schema.sql")
QUERIES = _named(_text("queries.sql"))

#: Apply it with `executescript` after the saver's `setup()`.
FENCE = _text("fence.sql")
