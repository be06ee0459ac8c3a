"""Text that came from outside, made harmless: for terminals and for Markdown.

Titles, log lines, model answers and people's notes may hold escape sequences, markup or direction overrides.
"""

import io
import re
import unicodedata
from typing import Any, TextIO

#: What Markdown could read as code, emphasis, a link, an image, HTML, an entity or a table's edge. An
#: underscore inside a word is none of these, and metric names are full of them.
_STRUCTURE = re.compile(r"([\\`*\[\]<|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_]))")

#: What would begin a heading, a list, a quote, a rule or an underline at the start of a line.
_LINE_START = re.compile(r"^(\s*)([#>+=-])", re.MULTILINE)

#: Words of role names that do not simply begin with a capital.
_SPELLED = {"devops": "DevOps", "api": "API", "ui": "UI", "sre": "SRE"}

#: Whitespace but for the spaces at which no line ends.
_BLANKS = re.compile(r"[^\S\u00a0\u202f]+")

_NUMBERED = re.compile(r"^(\s*\d+)([.)](?:\s|$))", re.MULTILINE)


def clean(text: str) -> str:
    """The text without control, format and unassigned characters; line ends stay, tabs become blanks."""
    spaced = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if _is_plain(spaced):
        return spaced
    return "".join(char for char in spaced if char == "\n" or unicodedata.category(char)[0] != "C")


def visible(text: str) -> str:
    """The text with each control and format character as its code point: `<U+202E>`; line ends and tabs stay.

    What is hidden in a label is seen by whoever reads it, and does nothing.
    """
    if _is_plain(text):
        return text
    return "".join(
        f"<U+{ord(char):04X}>" if char not in "\n\t" and unicodedata.category(char)[0] == "C" else char
        for char in text.replace("\r\n", "\n")
    )


def _is_plain(text: str) -> bool:
    """Whether no character needs a look of its own, without looking at each."""
    return text.replace("\n", "").isprintable()


def line(text: str) -> str:
    """The cleaned text on one line; what has no break between a figure and its unit keeps it so."""
    return _BLANKS.sub(" ", clean(text)).strip()


def markdown(text: str) -> str:
    """The cleaned text such that Markdown shows it as it is; line ends stay."""
    escaped = _STRUCTURE.sub(r"\\\1", clean(text))
    escaped = _LINE_START.sub(r"\1\\\2", escaped)
    return _NUMBERED.sub(r"\1\\\2", escaped)


def markdown_line(text: str) -> str:
    """The cleaned text on one line such that Markdown shows it as it is."""
    return markdown(line(text))


def markdown_block(text: str) -> str:
    """The cleaned text with its line ends kept visible in Markdown."""
    return "  \n".join(markdown(part.strip()) for part in clean(text).strip().split("\n"))


def role_name(slug: str) -> str:
    """A role as people read it: `DevOps Automator` for `devops_automator`; other text stays as it is."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug):
        return slug
    return " ".join(_SPELLED.get(word, word.capitalize()) for word in slug.split("_"))


class RedactedStream(io.TextIOBase):
    """A stream on which no secret appears: errors and tracebacks quote what servers and people wrote.

    Every piece is judged as it is written; what writes to it asks the stream itself for all else.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a piece, without its secrets."""
        from tools.redaction.redact import redact  # noqa: PLC0415 - most verbs write nothing here

        self._stream.write(redact(text))
        return len(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()

    def fileno(self) -> int:
        """The stream's own, for processes that inherit it."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether a person looks at it."""
        return self._stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
