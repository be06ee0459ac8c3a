"""A model that lies in every text that it may write, and names services and evidence that do exist."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml

from tests.fake_answers import Filler, Seen, look
from tests.fake_turns import Asked, Call, Reply

LIES: tuple[str, ...] = tuple(
    row["says"]
    for row in yaml.safe_load(
        (Path(__file__).parent / "agents" / "grounding" / "claims" / "false.yaml").read_text()
    )
    if row.get("always")
)
#: What is no text: names, versions, and what is chosen from a list.
_NAMES = frozenset(
    {"service", "services", "change", "version", "commit", "patch", "flag", "owner", "say", "check"}
)


class _Liar(Filler):
    def __init__(self, seen: Seen, root: dict[str, Any], lies: Iterator[str]) -> None:
        super().__init__(seen, root)
        self._lies = lies

    def _typed(self, schema: dict[str, Any], name: str) -> Any:
        if schema.get("type", "string") == "object":
            return {key: self.fill(part, key) for key, part in schema.get("properties", {}).items()}
        return super()._typed(schema, name)

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        made = super()._array(schema, name)
        return made if made or name in _NAMES else [self.fill(schema.get("items", {}), name.rstrip("s"))]

    def _text(self, schema: dict[str, Any], name: str) -> str:
        if name in _NAMES or schema.get("format") == "date-time":
            return super()._text(schema, name)
        return next(self._lies)


class Lying:
    """Asks two tools where there are some, then reports lies."""

    def __init__(self) -> None:
        self.told: set[str] = set()
        self._lies = cycle(LIES)

    def __call__(self, asked: Asked) -> Reply:
        """The answer to one request."""
        others = sorted(name for name in asked.tools if name != asked.report)
        if asked.answered_tools < min(2, len(others)) and asked.report is not None:
            name = others[asked.answered_tools]
            schema = asked.tools[name]
            return Reply(calls=(Call(name, Filler(look(asked), schema).fill(schema)),))
        if asked.report is None:
            return Reply(text="\n".join(f"{lie} [E-00000001]" for lie in LIES))
        schema = asked.tools[asked.report]
        seen = replace(look(asked), change=None)
        return Reply(calls=(Call(asked.report, _Liar(seen, schema, self._remembered()).fill(schema)),))

    def _remembered(self) -> Iterator[str]:
        for lie in self._lies:
            self.told.add(lie)
            yield lie
