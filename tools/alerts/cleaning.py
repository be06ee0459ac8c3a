"""Untrusted text made fit to be kept and shown."""

from tools.redaction.redact import redact
from tools.redaction.tree import redact_named
from tools.wording import CONTROL


def clean(text: str, longest: int, name: str = "") -> str:
    """Without secrets, control and invisible characters and halves of characters, and no longer than that.

    `name` is what the text stands under, such as the name of a label: it may mean that the text is a secret.
    """
    cleaned = redact_named(name, tidy(text)) if name else redact(tidy(text))
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"


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
