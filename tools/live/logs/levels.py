"""The level of a line: a word where levels stand, one letter, or a number; a word in a sentence is none."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tools.live.telemetry_rows import LEVELS, level_of

#: glog, Android, mongod, spdlog and others write one letter.
LETTERS = {
    "T": "debug", "V": "debug", "D": "debug", "I": "info", "N": "info", "W": "warn", "E": "error",
    "C": "fatal", "F": "fatal",
}  # fmt: skip
#: syslog's severities, 0 (emergency) to 7 (debug); RFC 5424, table 2.
SYSLOG = ("fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug")
#: Words that are levels also where nothing marks them as such, if they are written large.
_LOUD = r"TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|CRITICAL|FATAL"
_WORDS = (
    r"(?i:trace|debug|info|information|notice|note|warn|warning|err|error|severe|crit|critical|fatal|alert"
    r"|emerg|emergency|panic|trce|dbug|fail|config|fine|finer|finest|wrn|inf|dbg|ftl)"
)
#: A level that says so itself: [error], <Warning>, `ERROR ...`, or `error: ...` at the beginning.
_MARKED = re.compile(
    rf"(?:\S+ +){{0,5}}?(?:[#:]{{0,2}}[\[(<] ?{_WORDS} ?[\])>]|(?:{_LOUD})(?=[\s:|,\]/-]|$))"
    rf"|(?:PHP )?{_WORDS}:"
)
_FIELD = re.compile(rf"\b(?:level|lvl|severity|loglevel)[=:] ?\"?{_WORDS}\b", re.IGNORECASE)
_NAMES = ("level", "lvl", "severity")
_LAST_WORD = re.compile(r"[A-Za-z]+(?=\W*$)")
_CISCO = re.compile(r"%[A-Z][A-Z0-9_]*(?:-[A-Z0-9_]+)*?-([0-7])-[A-Z0-9_]+:")
#: What a runtime prints, and no logger, when a program dies.
CRASH = re.compile(
    r"(?:Traceback \(most recent call last\)|Exception in thread |Unhandled exception|Uncaught |"
    r"PHP Fatal error|fatal error: |panic: |thread '.*' panicked at |(?:node:|file://|/)[^\s:]+:\d+$)",
    re.IGNORECASE,
)
#: What it begins with, in either case.
_CRASH_BEGINS = frozenset("TEUPFtpuefn/")
#: ESXi writes a level's first two letters and the priority of syslog: In(14).
_PRIORITY = re.compile(r"[A-Z][a-z]\((\d{1,3})\)")
_PIECES = re.compile(r"[A-Za-z]+")
#: Words that are levels only where they stand alone.
_ALONE = frozenset({"log", "config", "success", "note", "fail", "failure", "fine"})

#: What Erlang's reports say in the place of a level.
_REPORTS = {"CRASH": "error", "SUPERVISOR": "error"}

#: The least number of a level, by the logger.
_OPENTELEMETRY = ((21, "fatal"), (17, "error"), (13, "warn"), (9, "info"), (1, "debug"))
_LOGBACK = ((40_000, "error"), (30_000, "warn"), (20_000, "info"), (1, "debug"))
_MONOLOG = ((500, "fatal"), (400, "error"), (300, "warn"), (200, "info"), (1, "debug"))
_NEXTCLOUD = ((4, "fatal"), (3, "error"), (2, "warn"), (1, "info"), (0, "debug"))
_PYTHON = ((50, "fatal"), (40, "error"), (30, "warn"), (20, "info"), (1, "debug"))
_PINO = ((60, "fatal"), (50, "error"), (40, "warn"), (30, "info"), (1, "debug"))


def text_level(text: str) -> str:
    """The level that a text says of itself near its beginning, or nothing."""
    head = text[:120]
    found = _MARKED.match(head)
    if found is None:
        small = head.lower()
        found = _FIELD.search(head) if any(name in small for name in _NAMES) else None
    if found is not None:
        return level_of(word[0]) if (word := _LAST_WORD.search(found[0])) else ""
    if "%" in head and (level := cisco_level(head)):
        return level
    return "error" if begins_crash(head) else ""


def begins_crash(text: str) -> bool:
    """Whether a text begins as what a runtime prints when a program dies."""
    return text[:1] in _CRASH_BEGINS and CRASH.match(text) is not None


def cisco_level(text: str) -> str:
    """The level in a mark such as `%LINK-3-UPDOWN:`, or nothing."""
    found = _CISCO.search(text)
    return SYSLOG[int(found[1])] if found is not None else ""


@lru_cache(maxsize=4096)
def column_level(atom: str) -> str:
    """The level of a column such as `INFO`, `[warn]`, `app.ERROR:`, `user.err`, `core:notice`, `INFO/Main]`.

    Nothing if it holds none.
    """
    pieces = _PIECES.findall(atom[:40])
    if (priority := _PRIORITY.match(atom)) is not None:
        return SYSLOG[int(priority[1]) % 8]
    if len(pieces) == 1 and len(pieces[0]) == 1:
        return LETTERS.get(re.sub(r"\W", "", atom), "")
    if pieces[:1] and pieces[0] in _REPORTS:
        return _REPORTS[pieces[0]]
    if len(pieces) > 1:
        pieces = [piece for piece in (pieces[0], pieces[-1]) if piece.lower() not in _ALONE]
    return next((level for piece in pieces if (level := level_of(piece))), "")


def object_level(said: object, found: Mapping[str, Any]) -> str:
    """The level of a JSON object: a word, a letter, or a number of the logger that its other keys show.

    Args:
        said: the value of its level.
        found: the object.
    """
    if isinstance(said, str) and said in LEVELS:  # the usual case, millions of times
        return LEVELS[said]
    if isinstance(said, Mapping):
        said = said.get("name", said.get("level"))
    if said is None or isinstance(said, bool):
        return ""
    if level := level_of(said):
        return level
    text = str(said).strip()
    if len(text) == 1 and text in LETTERS:
        return LETTERS[text]
    if re.fullmatch(r"D[1-5]", text):  # mongod
        return "debug"
    return _number_level(int(text), found) if text.isdecimal() and len(text) < 6 else ""


def _number_level(number: int, found: Mapping[str, Any]) -> str:
    steps: tuple[tuple[int, str], ...]
    if not found.keys().isdisjoint(("severityNumber", "severity_number", "SeverityNumber")):
        steps = _OPENTELEMETRY
    elif number < 5 and "reqId" in found:
        steps = _NEXTCLOUD
    elif number < len(SYSLOG):
        return SYSLOG[number]
    elif number >= 10_000:
        steps = _LOGBACK
    elif number >= 100:
        steps = _MONOLOG
    else:
        steps = _PYTHON if "levelno" in found else _PINO
    return next((level for least, level in steps if number >= least), "")
