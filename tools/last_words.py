"""What a long text of a failure says last, and cuts that keep it. Pure.

A stack trace is told in the order of its language: in Python the error stands in the last line, on the JVM
the innermost cause stands in a line of its own before its frames, in .NET after an arrow in the first line.
What is cut away from the middle is announced by `…`.
"""

import re

#: What leads to the innermost error, whichever language wrote it; of several the last one counts.
_CAUSE = re.compile(r"(?:(?<![\w.])[Cc]aused by:?\s|--->\s*)")
#: A line that names an error by its class: `ValueError: ...`, `java.io.IOException`, `Foo::Error (...)`.
_NAMED = re.compile(
    r"(?:Exception in thread \"[^\"]*\" |Uncaught |Unhandled exception\.? |\w+ failed: )?"
    r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*(?:Error|Exception|Failure|Fault|Timeout|Interrupt|Exit)\b"
)
#: Lines that only say where: frames of a stack, and what runtimes put round them.
_FRAME = re.compile(
    r"(?:at |\.\.\. \d+ |File \"|from |#\d+[: ]|\d+: 0x|goroutine \d|--- End of |\[\w+\]|\^+$|~|in `)"
    r"|note: run with"
    r"|(?:/|\w:\\)?[\w./\\-]+\.\w{1,4}:\d+|.*\(\.{3}\)$|.*\+0x[0-9a-f]+$"
)
#: Where an innermost cause that stands within a line ends.
_ENDS = re.compile(r"\s+(?:at [\w$.<>]+\(|--- End of |\.\.\. \d+ (?:more|common))")
#: With less room there is none for two ends.
_LEAST = 40


def last_words(text: str) -> str:
    """The line that names what went wrong last or innermost; empty for a text of one line without a cause."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    causes = [(line, found) for line in lines for found in [*_CAUSE.finditer(line)][-1:]]
    if causes:
        line, found = causes[-1]
        return _ENDS.split(line[found.start() :], maxsplit=1)[0]
    if len(lines) == 1:
        return ""
    named = next((line for line in reversed(lines) if _NAMED.match(line)), "")
    return lines[-1] if not is_frame(lines[-1]) else named


def is_frame(line: str) -> bool:
    """Whether a line of a stack trace only says where."""
    return _FRAME.match(line.strip()) is not None


def shortened(text: str, longest: int, key: str = "") -> str:
    """A text of that length at most: its head, the line that must not be lost, its tail.

    Args:
        text: what is cut.
        longest: characters, with the marks of the cuts.
        key: a part of the text that stays, as `last_words` finds it; cut itself only where it is too long.
    """
    if len(text) <= longest:
        return text
    place = text.rfind(key) if key and longest >= _LEAST else -1
    if place < 0:
        tail = (longest - 1) // 3
        return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"
    kept = _ends(key, longest // 2)
    room = longest - len(kept) - 2
    if place + len(key) >= len(text):  # it is the end: all else is head
        return f"{text[: room + 1]}…{kept}"
    if place <= room:  # it is within the head
        return f"{text[:place]}{kept}…{_tail(text, longest - place - len(kept) - 1, place + len(key))}"
    return f"{text[:room]}…{kept}…"


def _ends(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 3
    return f"{text[: longest - 1 - tail]}…{text[len(text) - tail :]}"


def _tail(text: str, longest: int, after: int) -> str:
    return text[max(after, len(text) - longest) :] if longest > 0 else ""
