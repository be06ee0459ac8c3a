"""Sources as they may be read: without secrets and control characters, each line in its place."""

import re

from tools.redaction.redact import redact
from tools.wording import CONTROL

#: The one secret that stretches over lines.
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
#: A line that is longer was written by a machine.
_LONGEST = 400


def clean_text(text: str) -> str:
    """A text without secrets and control characters; line n of it was line n of the source."""
    whole = _KEY.sub(lambda found: redact(found[0]) + "\n" * found[0].count("\n"), text)
    return CONTROL.sub("", "\n".join(map(redact, whole.split("\n"))))


def clean_lines(text: str) -> tuple[str, ...]:
    """The lines of a file; a line that is very long is cut."""
    lines = clean_text(text).split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…" for line in lines)


def clean_diff(text: str, longest: int) -> str:
    """A difference, cut at the end of a line."""
    clean = clean_text(text).rstrip("\n")
    if len(clean) <= longest:
        return clean
    kept = clean[:longest].rpartition("\n")[0]
    return f"{kept}\n… ({len(clean) - len(kept)} characters more)"
