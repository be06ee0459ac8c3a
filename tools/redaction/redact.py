"""Secrets and personal data are taken out of texts before they are read, kept or sent; the patterns are data.

The same secret becomes the same placeholder everywhere, such as `<email-3f9a>`, so that two lines about one
customer are still seen to be about one. It cannot be turned back: the secret stays where it came from.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from importlib import resources
from typing import Any

from incidents.value import Value

#: What every text with something to take out contains; looking for it first makes the usual line cheap.
HINT = (
    r"@|-----BEGIN|eyJ|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|[srp]k[-_]|AIza|://[^/\s]*:"
    r"|(?i:bearer|basic|passw|secret|token|api.?key|access.?key|credential)"
    r"|\d(?:[ -]?\d){12}|[A-Z]{2}\d{2} ?[A-Z0-9]{4}"
)
_HINT = re.compile(HINT)


class Pattern(Value):
    """One row of the table."""

    name: str
    pattern: str
    check: str = ""

    @property
    def compiled(self) -> re.Pattern[str]:
        """The expression; a key may stretch over lines."""
        return re.compile(self.pattern, re.DOTALL)


def luhn(text: str) -> bool:
    """Whether the digits have the check sum of a payment card."""
    digits = [int(c) for c in text if c.isascii() and c.isdigit()][::-1]
    doubled = (d if place % 2 == 0 else d * 2 - 9 * (d > 4) for place, d in enumerate(digits))
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0


def iban(text: str) -> bool:
    """Whether the text has the check sum of an international bank account number."""
    plain = text.replace(" ", "")
    digits = "".join(str(int(c, 36)) for c in plain[4:] + plain[:4])
    return 15 <= len(plain) <= 34 and int(digits) % 97 == 1


_CHECKS: Mapping[str, Callable[[str], bool]] = {"": bool, "luhn": luhn, "iban": iban}


@lru_cache(maxsize=1)
def patterns() -> tuple[tuple[Pattern, re.Pattern[str]], ...]:
    """The table, read once."""
    import yaml  # noqa: PLC0415 - the verbs that only look should not wait for it

    text = resources.files("tools.redaction").joinpath("redact.yaml").read_text(encoding="utf-8")
    rows = yaml.load(text, yaml.CSafeLoader)
    return tuple((one, one.compiled) for one in map(Pattern.model_validate, rows))


def redact(text: str) -> str:
    """The text with every secret and every piece of personal data replaced by its placeholder."""
    if not _HINT.search(text):
        return text
    for row, pattern in patterns():
        text = pattern.sub(partial(_replaced, row), text)
    return text


def redact_tree(value: Any) -> Any:
    """A JSON value with every text in it redacted; a text is judged together with the key that names it."""
    match value:
        case str():
            return redact(value)
        case list():
            return [redact_tree(one) for one in value]
        case dict():
            return {redact(key): _under(key, one) for key, one in value.items()}
        case _:
            return value


def _under(key: str, value: Any) -> Any:
    if not isinstance(value, str):
        return redact_tree(value)
    named = f"{key}={value}"
    told = redact(named)
    return told.removeprefix(f"{key}=") if told.startswith(f"{key}=") else redact(value)


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
    whole = found[0]
    secret = found["it"] if "it" in found.re.groupindex else whole
    if not _CHECKS[row.check](secret):
        return whole
    tag = hashlib.sha256(secret.encode()).hexdigest()[:4]
    start = found.start("it") - found.start() if secret is not whole else 0
    _tell(secret, f"<{row.name}-{tag}>")
    return f"{whole[:start]}<{row.name}-{tag}>{whole[start + len(secret) :]}"


def _tell(secret: str, after: str) -> None:
    told = _open.get()
    if told is not None:
        one = Replacement(before=f"{secret[:2]}… ({len(secret)} characters)", after=after)
        told[one] = told.get(one, 0) + 1
