"""Answers as values, at no more than they have to cost: each is parsed and validated in one go.

Of a kind that an answer holds by the thousand a frozen dataclass with slots is the form. A model takes longer
to make, and has a dict and a set beside it, through which the garbage collector walks.
"""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

F = TypeVar("F")

#: Each is built once.
_readers: dict[type, TypeAdapter[Any]] = {}
_list_readers: dict[type, TypeAdapter[Any]] = {}


def value_of(form: type[F], text: str | bytes) -> F:
    """A text in JSON as a value of a form: a model, or a dataclass, whose other keys are ignored.

    Raises:
        ValidationError: it is no JSON, or not of that form.
    """
    reader: TypeAdapter[F] | None = _readers.get(form)
    if reader is None:
        reader = _readers[form] = TypeAdapter(form)
    with uncollected():
        return reader.validate_json(text)


def values_of(form: type[F], lines: Sequence[str]) -> list[F | None]:
    """Lines in JSON as values, each in its place; None is one that is no JSON, or not of that form.

    All are read in one go, with a null between two. Where a line is broken, or is more or less than one
    value, the two no longer take turns, and each line is read alone.
    """
    reader: TypeAdapter[list[F | None]] | None = _list_readers.get(form)
    if reader is None:
        reader = _list_readers[form] = TypeAdapter(list[form | None])  # type: ignore[valid-type]
    with uncollected():
        try:
            found = reader.validate_json(f"[{',null,'.join(lines)}]")
        except ValidationError:
            found = []
    values, between = found[::2], found[1::2]
    if len(values) == len(lines) == len(between) + 1 and None not in values and not any(between):
        return values
    return [_value_or_none(form, line) for line in lines]


def _value_or_none(form: type[F], line: str) -> F | None:
    try:
        return value_of(form, line)
    except ValidationError:
        return None


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector away while an answer becomes values or rows, none of them garbage.

    It would walk through all that was made so far, again and again, and find nothing: of the time that 38,000
    spans take to read, four fifths. Values that refer to each other in a circle wait until it is back.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
