"""How the lines of a text file are laid out, as it was learnt from them: time, head, text."""

import re
from datetime import datetime
from typing import NamedTuple

from tools.live.logs.levels import SYSLOG, cisco_level, column_level, text_level
from tools.live.logs.lines import LogLine
from tools.live.logs.times import Form, Moments
from tools.live.telemetry_rows import LONGEST, cut, level_of

#: What the head of a line consists of, by kind; the kinds are tried in this order.
ATOMS = {
    "bracket": r"\[(?:[^\[\]]++|\[[^\[\]]*+\])*+\]:?|\((?:[^()]++|\([^()]*+\))*+\):?"
    r"|<[^<>]*+>:?|\{[^{}\":=]*+\}:?|\{[\w./:-]++\}"
    r"|[\w./$<>-]+:\d+\](?=\s)",
    "separator": r"(?:[-|:>*]{1,4}|::)(?=\s)",
    "number": r"[#-]?\d+(?:[#:]\d+)*\#?:?(?=[\s\]|)])|0x[0-9a-fA-F]+:?(?=\s)"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F-]{4,27})?(?=\s)",
    "quoted": r"\"(?:[^\"\\]|\\.)*\"",
    "tag": r"[\w@$%&*+.,/\\#~()\[\]<>!-]*[\w)\]>](?<!\d{2})(?:::[\w<>{}#-]+)*:(?=\s|$)",
    "name": r"[A-Za-z_][\w$-]*+(?:(?:\.|::|/)[\w$<>*-]++)++(?::\d+)?\]?(?=[\s|])",
    "word": r"[^\s|]++",
}
ATOM = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in ATOMS.items()))
ADDRESS = re.compile(r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){4,}")
_PRIORITY = re.compile(r"<(\d{1,3})>")
_RFC5424 = re.compile(
    r"1 (?P<host>\S+) (?P<tag>\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \ufeff?(?P<text>.*))?$",
    re.DOTALL,
)
_SYSLOG = re.compile(
    r"(?P<host>[^\s:]+) (?:(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local\d)"
    r"\.(?P<severity>[a-z]+) )?(?P<tag>[^\s:\[\]][^:\[\]]{0,60}?)(?:\[\d+\])?(?: \([^()]*(?:\[\d+\])?\))?:"
    r" +(?P<text>.*)$",
    re.DOTALL,
)
#: Redis writes one sign, after the role of its process.
_ROLE = re.compile(r"\d+:[XCSM] ")
_MARKS = {".": "debug", "-": "info", "*": "info", "#": "warn"}


class Layout(NamedTuple):
    """The lay-out that many lines of a file share.

    `start` ends with the time, `whole` with the head: what stands between the time and the text. `before` is
    the atom before the time that is the level; `mark` finds it in a line that has it in no column. `about`:
    what stands before the time belongs to the text. `zoned`: the times name their zone. `syslog`: a host and
    a tag follow the time. `records`: every line without a time belongs to the one above it.
    """

    start: re.Pattern[str]
    whole: re.Pattern[str]
    moments: Moments
    before: int | None = None
    mark: re.Pattern[str] | None = None
    about: bool = False
    zoned: bool = True
    syslog: bool = False
    records: bool = False

    @property
    def form(self) -> Form:
        """How the times are written."""
        return self.moments.form

    def time(self, line: str) -> datetime | None:
        """The time of a line that begins an event, or None."""
        found = self.start.match(line)
        return self.moments.of(found) if found is not None else None

    def read(self, line: str, service: str) -> LogLine | None:
        """A line that begins an event of a service (if that is known), or None."""
        found = self.whole.match(line)
        at = self.moments.of(found) if found is not None else None
        if found is None or at is None:
            return None
        prefix = found["prefix"]
        if self.syslog and (parsed := self._syslog(at, prefix, line, service)) is not None:
            return parsed
        level, text = self._level(found, line)
        if not level and (line[0] == "<" or "%" in line):
            level = _told(line, found.end("start"))
        if not text:
            text = line[found.end("start") :].strip()
        if self.about:
            text = f"{prefix.rstrip(' [(')} {text}"
        if len(text) > LONGEST:
            text = cut(text)
        if not level:
            level = text_level(text) or self._marked(line, found)
        return LogLine(at, service, "", level, text, "", "")

    def _level(self, found: re.Match[str], line: str) -> tuple[str, str]:
        """The level in its column or before the time, and the text."""
        prefix, level = found.group("prefix", "level")
        text = line[found.end() :]
        if not level:
            return self._before(prefix, text) if prefix else ("", text)
        named = column_level(level)
        # A word in the place of the level says something else.
        return (named, text) if named else ("", line[found.start("level") :])

    def _marked(self, line: str, found: re.Match[str]) -> str:
        """The level where its mark is in what follows the time."""
        mark = self.mark.match(line[found.end("start") :]) if self.mark is not None else None
        return level_of(mark["level"]) if mark is not None else ""

    def _before(self, prefix: str, text: str) -> tuple[str, str]:
        """The level that stands before the time, and the text."""
        atoms = ATOM.findall(prefix) if self.before is not None else ()
        index = self.before or 0
        if index < len(atoms):
            return column_level("".join(atoms[index])), text
        if text[1:2] == " " and text[0] in _MARKS and _ROLE.match(prefix):
            return _MARKS[text[0]], text[2:]
        return "", text

    def _syslog(self, at: datetime, prefix: str, line: str, service: str) -> LogLine | None:
        """A line of syslog: a priority, a host and a tag, or at least two of them."""
        found = self.start.match(line)
        rest = line[found.end() :] if found is not None else ""
        priority = _PRIORITY.match(prefix)
        parsed = None
        if priority is not None:
            parsed = _RFC5424.match(f"{prefix[priority.end() :]}{rest}")
        parsed = parsed or _SYSLOG.match(rest)
        if parsed is None:
            return None
        text = parsed["text"] or ""
        level = text_level(text) or (SYSLOG[int(priority[1]) % 8] if priority is not None else "")
        if not level and "severity" in parsed.re.groupindex:
            level = level_of(parsed["severity"])
        return LogLine(at, service or parsed["tag"], parsed["host"], level, cut(text), "", "")


def _told(line: str, after: int) -> str:
    """The level in a mark of Cisco's behind a place, or in the priority of syslog."""
    if (priority := _PRIORITY.match(line)) is not None:
        return cisco_level(line[after:]) or SYSLOG[int(priority[1]) % 8]
    return cisco_level(line[after:])
