"""Untrusted text made fit to be kept and shown."""

from functools import lru_cache

from tools.redaction.redact import redact
from tools.redaction.tree import redact_named
from tools.wording import CONTROL

#: Names and values of labels repeat in every alert of a storm; what is longer hardly does.
_REPEATING = 120


def clean(text: str, longest: int, name: str = "") -> str:
    """Without secrets, control and invisible characters and halves of characters, and no longer than that.

    `name` is what the text stands under, such as the name of a label: it may mean that the text is a secret.
    """
    cleaned = text
    if len(text) > _REPEATING or not _is_clean(text, name):
        cleaned = redact_named(name, tidy(text)) if name else redact(tidy(text))
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"


@lru_cache(maxsize=8192)
def _is_clean(text: str, name: str) -> bool:
    """Whether nothing is to be taken out of a text."""
    return tidy(text) == text == (redact_named(name, text) if name else redact(text))


def tidy(text: str) -> str:
    """Without control and invisible characters and halves of characters; its secrets are still in it."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return CONTROL.sub("", whole(text).replace("\r\n", "\n").replace("\t", " ")).strip()


def whole(text: str) -> str:
    """With U+FFFD for each half of a surrogate pair, as a sender leaves that cuts UTF-16 in two.

    JSON may name such a half, but no text can hold it: nothing could be stored or answered.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
