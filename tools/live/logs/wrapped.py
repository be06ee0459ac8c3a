"""Lines as bytes: their text, and what Docker or the CRI wrapped around it."""

import re

from tools.live.logs.lines import without_colours
from tools.live.logs.objects import parsed_object
from tools.live.logs.texts import Entry
from tools.live.telemetry_rows import moment_of

_CRI = re.compile(r"(\S+) (?:stdout|stderr) ([PF])(?::\S*)? (.*)", re.DOTALL)
_DOCKER = re.compile(rb'\{"log":.*"stream":"|\{"log": .*"stream": "')
#: Bytes that no text has.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def unwrapped(raw: bytes) -> Entry | None:
    """What stands in a line of Docker's json-file or of the CRI format."""
    if raw[:6] == b'{"log"':
        found = parsed_object(raw.decode("utf-8", errors="replace")) if _DOCKER.match(raw) else None
        time = moment_of(found.get("time")) if found is not None else None
        text = found.get("log") if found is not None else None
        if time is None or not isinstance(text, str):
            return None
        return Entry(time, without_colours(text.rstrip("\r\n")), partial=not text.endswith("\n"))
    if raw[10:11] != b"T" or (match := _CRI.match(text_of(raw))) is None:
        return None
    time = moment_of(match[1])
    return Entry(time, match[3], partial=match[2] == "P") if time is not None else None


def text_of(raw: bytes) -> str:
    """The text of a line, without colours and what ends it."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = _other_text(raw)
    if text[-1:] == "\r":
        text = text.rstrip("\r")
    return without_colours(text) if "\x1b" in text or "#0" in text else text


def _other_text(raw: bytes) -> str:
    """A line that is no UTF-8: one of Windows-1252, if it is text and has nothing of UTF-8 in it."""
    text = raw.decode(errors="replace")
    if _BINARY.search(raw) or any(sign > "\x7f" and sign != "\ufffd" for sign in text):
        return text
    return raw.decode("cp1252", errors="replace")
