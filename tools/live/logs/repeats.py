"""What loggers leave out: a line that stands for equal ones counts as many; what a limit dropped is said."""

import re
from collections.abc import Sequence

from tools.live.logs.levels import text_level
from tools.live.logs.lines import LogLine
from tools.telemetry.data_gaps import note_gap

#: Lines that stand for others add at most so many.
_MOST = 10_000
#: Lines that are longer say something else.
_LONGEST = 600
#: A line without any of these tells of none.
_WORDS = ("epeat", "uppress", "dentical", " lost ", "dropped", "discarded")
_LINES = r"(?:log )?(?:messages?|lines?|entries|events|logs|callbacks|duplicates?)"
#: `text`: what is repeated, else it is the line before.
_REPEATED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:.*\s)?message repeated (?P<times>\d+) times: \[ ?(?P<text>.*)\]$",
        r"(?:.*\s)?[Ll]ast message '(?P<text>.*)' repeated (?P<times>\d+) times?\b",
        r"(?:\S+ ){0,3}?-* ?(?:[Ll]ast|above) message repeat(?:ed|s) (?P<times>\d+) times?\b",
        r"(?:.*\s)?Internal log \[(?P<text>.*)\] has been suppressed (?P<times>\d+) times",
        r"(?P<text>.+) \((?:[Rr]epeated|x) ?(?P<times>\d+) times\)$",
        r"uid=\S+ (?:\S+ )?identical (?P<times>\d+) lines?$",
    )
)
_DROPPED = (
    re.compile(rf"[Ss]uppressed (?P<count>\d+) {_LINES}"),
    re.compile(
        rf"(?P<count>\d+) {_LINES}(?: were| was| have been)?"
        r" (?:suppressed|(?:lost|dropped|discarded) due to rate)"
    ),
)


def unrolled(lines: Sequence[LogLine], what: str) -> list[LogLine]:
    """Lines, of which one that stands for equal ones is as many; what was dropped before them is noted.

    Args:
        lines: those of one source, in the order in which they were written.
        what: how a sentence calls the source.
    """
    found: list[LogLine] = []
    dropped, left = 0, _MOST
    for line in lines:
        if len(line.message) > _LONGEST or not any(word in line.message for word in _WORDS):
            found.append(line)
        elif (repeated := _repeated(line, found)) is not None:
            times, one = repeated
            found += [one] * min(times, left)
            if times > left:
                note_gap(f"{what}: repeated lines count as no more than {_MOST:,}")
            left = max(0, left - times)
        else:
            found.append(line)
            dropped += _dropped(line.message)
    if dropped:
        note_gap(f"{what}: {dropped:,} lines were dropped by the limits of those who write them, as they say")
    return found


def _repeated(line: LogLine, before: Sequence[LogLine]) -> tuple[int, LogLine] | None:
    """How many equal lines a line stands for, and one of them."""
    match = next((one for pattern in _REPEATED if (one := pattern.match(line.message)) is not None), None)
    if match is None:
        return None
    times, text = int(match["times"][:9]), match.groupdict().get("text")
    last = before[-1] if before else None
    if last is not None and text in (None, last.message):
        return times, last._replace(time=line.time)
    if text is None:
        return None
    return times, line._replace(message=text, level=text_level(text) or line.level)


def _dropped(text: str) -> int:
    found = (pattern.search(text) for pattern in _DROPPED)
    return sum(int(one["count"][:12]) for one in found if one is not None)
