"""Untrusted text made fit to be kept and shown."""

from tools.redaction.redact import redact
from tools.wording import CONTROL


def clean(text: str, longest: int) -> str:
    """Without secrets, control and invisible characters and halves of characters, and no longer than that."""
    cleaned = redact(CONTROL.sub("", whole(text).replace("\r\n", "\n").replace("\t", " ")).strip())
    return cleaned if len(cleaned) <= longest else f"{cleaned[: longest - 1]}…"


def whole(text: str) -> str:
    """With U+FFFD for each half of a surrogate pair, as a sender leaves that cuts UTF-16 in two.

    JSON may name such a half, but no text can hold it: nothing could be stored or answered.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
