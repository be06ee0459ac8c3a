"""Answers as values, at no more than they have to cost: each is parsed and validated in one go.

Of a kind that an answer holds by the thousand a frozen dataclass with slots is the form. A model takes longer
to make, and has a dict and a set beside it, through which the garbage collector walks.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import TypeAdapter

F = TypeVar("F")

#: Each is built once.
_readers: dict[type, TypeAdapter[Any]] = {}


def value_of(form: type[F], text: str | bytes) -> F:
    """A text in JSON as a value of a form: a model, or a dataclass, whose other keys are ignored.

    Raises:
        ValidationError: it is no JSON, or not of that form.
    """
    reader: TypeAdapter[F] | None = _readers.get(form)
    if reader is None:
        reader = _readers[form] = TypeAdapter(form)
    with _uncollected():
        return reader.validate_json(text)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the collector away while an answer becomes values, none of them garbage.

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
