"""Texts that people and chats read: their heading, and the lines in them that say what fields would. Pure.

`*Service:* payment`, `<b>Severity</b>: high` and `Problem started at 03:30:00 on 2026.11.29` are read.
"""

import re

LONGEST = 4000
LONGEST_LINE = 300
MOST_LINES = 60
_LINK = re.compile(r"<https?:[^|<>\s]+\|([^<>]+)>|\[([^\[\]]+)\]\(https?:[^()\s]+\)")
_MARKS = re.compile(r"(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)|^\s*(?:#{1,6}|>)\s+", re.MULTILINE)
_TAGS = re.compile(r"</?(?:b|i|u|s|strong|em|code|pre|p|a|font|span)\b[^<>]*>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_FIELD = re.compile(
    r"^\W*(\w[\w /.-]{1,30}?)\W*[:：]\W*\s(.+)$|^\W*(\w[\w /.-]{1,30}?)\W*[:：]\W*\n(.+)$"  # noqa: RUF001
)
_DECORATION = re.compile(r"^\W+|\W+$")
#: A moment in a sentence: the clock, then the day.
_MOMENT = re.compile(
    r"\b(started|detected|opened|resolved|recovered|ended|closed) at"
    r" (\d\d:\d\d(?::\d\d)?) on (\d{4}[./-]\d\d[./-]\d\d)",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Without the marks of a link, of a bold word or of a heading, and without tags of HTML."""
    words = _LINK.sub(lambda found: found[1] or found[2], text[:LONGEST])
    if "<" in words:
        words = _TAGS.sub("", _BREAK.sub("\n", words))
    return _MARKS.sub("", words).strip()


def heading(text: str) -> str:
    """The first line that says anything."""
    return next((line for line in map(str.strip, plain(text).splitlines()) if line), "")


def bare(name: str) -> str:
    """A field's name without what decorates it."""
    return _DECORATION.sub("", name)


def field_in(line: str) -> tuple[str, str] | None:
    """The name and the value that a line tells; None if it tells none."""
    found = _FIELD.match(line.strip()[:LONGEST_LINE])
    if found is None:
        return None
    name, value = (found[1], found[2]) if found[1] else (found[3], found[4])
    return (bare(name), plain(value)) if bare(name) and plain(value) else None


def fields_in(text: str) -> dict[str, str]:
    """All names and values that the lines of a text tell; of a name told twice the first."""
    fields: dict[str, str] = {}
    for line in plain(text).splitlines()[:MOST_LINES]:
        if (told := field_in(line)) is not None:
            fields.setdefault(*told)
        for word, clock, day in _MOMENT.findall(line[:LONGEST_LINE]):
            fields.setdefault(f"{word.lower()} at", f"{day} {clock}")
    return fields
