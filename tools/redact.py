"""Secrets and personal data are taken out of texts before they are read, kept or sent; the patterns are data.

The same secret becomes the same placeholder everywhere, such as `<email-3f9a>`, so that two lines about one
customer are still seen to be about one. It cannot be turned back: the secret stays where it came from.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from importlib import resources

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

    rows = yaml.safe_load(resources.files("tools").joinpath("redact.yaml").read_text(encoding="utf-8"))
    return tuple((one, one.compiled) for one in map(Pattern.model_validate, rows))


def redact(text: str) -> str:
    """The text with every secret and every piece of personal data replaced by its placeholder."""
    if not _HINT.search(text):
        return text
    for row, pattern in patterns():
        text = pattern.sub(partial(_replaced, row), text)
    return text


def _replaced(row: Pattern, found: re.Match[str]) -> str:
    whole = found[0]
    secret = found["it"] if "it" in found.re.groupindex else whole
    if not _CHECKS[row.check](secret):
        return whole
    tag = hashlib.sha256(secret.encode()).hexdigest()[:4]
    start = found.start("it") - found.start() if secret is not whole else 0
    return f"{whole[:start]}<{row.name}-{tag}>{whole[start + len(secret) :]}"
