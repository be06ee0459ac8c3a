"""Secrets and personal data are taken out of texts before they are read, kept or sent; the patterns are data.

The same secret becomes the same placeholder everywhere, such as `<email-3f9a>`, so that two lines about one
customer are still seen to be about one. It cannot be turned back: the secret stays where it came from.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial

from incidents.value import Value
from tools.redaction.checks import CHECKS, GROUPS
from tools.redaction.pattern import Pattern
from tools.redaction.table import table

#: What is left after a pass may match anew, such as two halves that have become neighbours.
_PASSES = 5
#: So many texts are remembered, none longer than this: a few megabytes.
_REMEMBERED, _REMEMBERED_LENGTH = 10_000, 500


def redact(text: str) -> str:
    """The text with every secret and every piece of personal data replaced by its placeholder."""
    return _redacted(text, personal=True)


def redact_secrets(text: str) -> str:
    """The text without secrets; names and addresses of people stay."""
    return _redacted(text, personal=False)


def _redacted(text: str, *, personal: bool) -> str:
    known, key = table(), (text, personal)
    harmless = known.harmless
    if key in harmless or not known.may_match(text, personal=personal):
        return text
    redacted = text
    for _ in range(_PASSES):
        before = redacted
        for row in _rows(redacted):
            if personal or not row.personal:
                redacted = row.compiled.sub(partial(_replaced, row), redacted)
        if redacted == before:
            break
    if redacted != text:
        return redacted
    if len(text) <= _REMEMBERED_LENGTH:
        if len(harmless) >= _REMEMBERED:
            harmless.clear()
        harmless.add(key)
    return text


def _rows(text: str) -> tuple[Pattern, ...]:
    """The rows that a text may match."""
    known, small = table(), text.lower()
    digits = known.numbers.search(text) is not None
    found = {place for sign, places in known.places.items() if sign in small for place in places}
    return tuple(
        row
        for place, row in enumerate(known.patterns)
        if place in found or row.prefixes or (digits and row.numbers)
    )


class Replacement(Value):
    """One thing that was taken out: how it began, how long it was, and what stands there now."""

    before: str
    after: str


_open: ContextVar[dict[Replacement, int] | None] = ContextVar("replacements", default=None)


@contextmanager
def replacements() -> Iterator[dict[Replacement, int]]:
    """Collect what is taken out inside of the block, and how often; the secrets themselves are not kept."""
    found: dict[Replacement, int] = {}
    token = _open.set(found)
    try:
        yield found
    finally:
        _open.reset(token)


def _replaced(row: Pattern, found: re.Match[str]) -> str:
    """A match with its secret replaced; the match itself if it is none."""
    if row.inner is not None:
        return row.inner.sub(partial(_judged_part, row), found[0])
    return _judged_part(row, found)


def _judged_part(row: Pattern, found: re.Match[str]) -> str:
    whole = found[0]
    if not CHECKS[row.check](found):
        return whole
    groups = found.groupdict()
    group = next((name for name in GROUPS if groups.get(name)), 0)
    start, end = (place - found.start() for place in found.span(group))
    after = f"<{row.name}-{_tag(found[group])}>"
    _count(found[group], after)
    # A number of JSON becomes a text: a body that could be parsed can be parsed still.
    quote = (groups.get("kq") or "") if group == "bare" and not groups.get("open") else ""
    return f"{whole[:start]}{quote}{after}{quote}{whole[end:]}"


def _tag(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:4]


def _count(secret: str, after: str) -> None:
    counted = _open.get()
    if counted is not None:
        one = Replacement(before=f"{secret[:2]}… ({len(secret)} characters)", after=after)
        counted[one] = counted.get(one, 0) + 1
