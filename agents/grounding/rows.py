"""What was read, row by row, each with the services that it speaks of. Pure."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from incidents.value import Value

_WORD = re.compile(r"[\w-]+")
#: A row of a list; what stands above it says of whom it speaks, where it does not say so itself.
_LISTED = re.compile(r"\s|[-*|] ?|\d+\. ")


class Row(Value):
    """One line that was read, or the plain values of one object of its data.

    Attributes:
        text: the words.
        about: the services that it names, else those of its heading, else those that were asked for.
    """

    text: str
    about: frozenset[str] = frozenset()


def mentioned(text: str, services: Iterable[str]) -> list[tuple[int, str]]:
    """Where a text speaks of which service; the path `/checkout` is no service."""
    return sorted(
        (found.start(), name)
        for name in services
        for found in re.finditer(rf"(?<![\w/-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE)
    )


@lru_cache(maxsize=512)
def rows_of(text: str, services: frozenset[str]) -> tuple[Row, ...]:
    """The rows of one answer, or of one JSON document.

    Args:
        text: words as they were read, or JSON.
        services: the catalogue's names.
    """
    try:
        data = json.loads(text)
    except ValueError:
        return tuple(_lines(text, services))
    return tuple(_objects(data, frozenset(), services))


def _lines(text: str, services: frozenset[str]) -> Iterator[Row]:
    asked: frozenset[str] | None = None
    heading: frozenset[str] = frozenset()
    for line in filter(str.strip, text.splitlines()):
        named = _about(line, services)
        asked = named if asked is None else asked
        if not _LISTED.match(line):
            heading = named or asked
        yield Row(text=line, about=named or heading)


def _objects(value: object, about: frozenset[str], services: frozenset[str]) -> Iterator[Row]:
    if isinstance(value, dict):
        plain = {name: inner for name, inner in value.items() if not isinstance(inner, dict | list)}
        own = " ".join(f"{name} {inner}" for name, inner in plain.items())
        about = _about(own, services) or about
        if plain:
            yield Row(text=own, about=about)
        for name, inner in value.items():
            if name not in plain:
                yield from _objects(inner, _about(name, services) or about, services)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, about, services)
    elif isinstance(value, str):
        yield from (
            row if row.about else row.model_copy(update={"about": about}) for row in _lines(value, services)
        )
    else:
        yield Row(text=str(value), about=about)


def _about(text: str, services: frozenset[str]) -> frozenset[str]:
    words = {word.casefold() for word in _WORD.findall(text)}
    maybe = [name for name in services if not _WORD.fullmatch(name) or name.casefold() in words]
    return frozenset(name for _, name in mentioned(text, maybe))
