"""Untrusted text on its way to a model: stripped of control sequences, cut, and fenced as data."""

import re
import unicodedata

#: Terminal escapes: CSI, OSC, and the two-character ones.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.?")
#: What could close our fence, open a false one, or start a turn in a chat template.
_FENCES = re.compile(r"<(?=\s*/?\s*data\b)|<(?=\|)|\[(?=/?INST\])", re.IGNORECASE)
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


def clean(text: str, limit: int | None = None) -> str:
    """The text without control, invisible and fence-breaking characters, at most about `limit` long.

    A cut is announced in the text itself, so that a reader knows that something is missing; a text that is
    hardly longer than the notice would be stays whole.
    """
    if limit is not None and len(text) > limit:
        cut = f"{text[:limit].rstrip()} [cut: {len(text) - limit} characters left out]"
        text = min(text, cut, key=len)
    text = _ESCAPES.sub("", text.replace("\r\n", "\n"))
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in _INVISIBLE)
    return _FENCES.sub("\u2039", kept).strip()


def line(text: object, limit: int = 200) -> str:
    """The text on one line, cleaned and cut."""
    return clean(" ".join(str(text).split()), limit)


def fence(text: str, source: str, limit: int | None = None) -> str:
    """The text as a block of data with its source; nothing inside can end the block."""
    name = re.sub(r"[^\w.:#-]+", "_", source)
    return f'<data source="{name}">\n{clean(text, limit)}\n</data>'


def tokens(text: str) -> int:
    """About how many tokens a text costs: four characters each, which errs on the safe side for English."""
    return -(-len(text) // 4)
