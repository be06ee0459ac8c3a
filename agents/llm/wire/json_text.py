"""JSON as models write it: between prose, with trailing commas, with comments. Never completed."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

#: What is looked through; a longer text is a fault of its own.
_CHARS_AT_MOST = 400_000
#: How many beginnings are tried in one text, so that no text costs more than a moment.
_TRIES_AT_MOST = 200
_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENTS = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMAS = re.compile(rf"({_STRING})|,(?=\s*[}}\]])", re.DOTALL)
_OBJECT = re.compile(r'\{\s*["\']')


class Found(NamedTuple):
    """A JSON value in a text, and where it stands."""

    start: int
    end: int
    value: Any


def loads(text: str) -> Any:
    """The value that a text writes; what is cut stays an error.

    Raises:
        ValueError: it is none.
    """
    text = text.strip().removeprefix("\ufeff")
    if len(text) > _CHARS_AT_MOST:
        raise ValueError("too long")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        if not text.startswith(("{", "[")):
            raise
    try:
        return json.loads(_mended(text), strict=False)
    except (ValueError, RecursionError):
        return _python(text)


def values_in(text: str) -> Iterator[Found]:
    """Every object and list in a text that is whole, in order; what stands inside another is not told apart.

    A beginning without an end is a cut answer: what stands inside it is a part of something, never the whole.
    """
    text, at = text[:_CHARS_AT_MOST], 0
    for _ in range(_TRIES_AT_MOST):
        start = min((place for place in (text.find("{", at), text.find("[", at)) if place >= 0), default=-1)
        if start < 0:
            return
        end = _end(text, start)
        if end is None:
            if _OBJECT.match(text, start):
                return
            at = start + 1
            continue
        try:
            value = loads(text[start:end])
        except ValueError:
            # A list in brackets may be prose round a value; braces that hold no JSON are skipped whole.
            at = end if text[start] == "{" else start + 1
            continue
        yield Found(start, end, value)
        at = end


def _end(text: str, start: int) -> int | None:
    """Behind the bracket that closes the one at `start`."""
    depth, inside, place = 0, False, start
    while place < len(text):
        c = text[place]
        if inside:
            if c == "\\":
                place += 1
            inside = c != '"'
        elif c == '"':
            inside = True
        elif c in "{[":
            depth += 1
        elif c in "}]":
            depth -= 1
            if depth == 0:
                return place + 1
        place += 1
    return None


def _mended(text: str) -> str:
    """Without comments and trailing commas, outside of strings."""
    bare = _COMMENTS.sub(lambda found: found[1] or "", text)
    return _COMMAS.sub(lambda found: found[1] or "", bare)


def _python(text: str) -> Any:
    """A literal in Python's words: single quotes, True, None."""
    try:
        value = ast.literal_eval(text)
        json.dumps(value)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        raise ValueError("no JSON") from None
    return value
