"""Where the lines of a text file name their time: what most of them have in one place, or every record."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tools.live.logs.times import FORMS, OPTIONAL, ORDERS, Calendar, Form, Moments

#: After at most so many words, in at most so many characters.
_MOST_WORDS, _REACH = 14, 400
#: What every moment has, and how far it may reach behind that.
_MAY, _MOMENT = re.compile(r"\d(?::\d(?:\d|:\d)|\d{5}|\.\d\d\.\d\d)"), 40
#: Shares of the lines that a time needs: an epoch number, any other.
_NEARLY_ALL, _LEAST = 0.9, 0.25
#: Later than this after a file was written is no reading of a date, whatever the zone.
_AHEAD = timedelta(days=1)
#: Days over which the epoch numbers of a log spread at most.
_SPREAD = 3_000
#: What stands between a time and what follows it.
_GAP = r"(?::\d+\))?(?:[\])>\"']*(?:[\])|,;:]|-{1,4}(?=\s)|={2,}(?=\s|$)|\s)*)"
#: The words with which a record of several lines names its time: `Start-Date: `, `# Time: `.
_LABEL = re.compile(r"(?:[#*-]+ )?[A-Za-z][\w -]{0,30}: +$")


class Place(NamedTuple):
    """A form of time after a number of words; `label`: what always stands in front of it."""

    form: Form
    words: int
    label: str = ""


class Placed(NamedTuple):
    """The expression for the beginning of an event to the end of its time, and how the time is read.

    `records`: the file consists of records of several lines, one of which names the time.
    """

    start: re.Pattern[str]
    moments: Moments
    records: bool


def placed(lines: Sequence[str], calendar: Calendar, *, whole: bool = False) -> Placed | None:
    """Where some lines name their time, or None if they name none.

    Args:
        lines: some of them.
        calendar: what they may leave out.
        whole: other lines of the file name the day, so that a clock in a text is none of theirs.
    """
    places: dict[Place, list[re.Match[str]]] = {}
    for line in lines:
        ends = [one.end() for one in _MAY.finditer(line[:_REACH])]
        if not ends:
            continue
        head = line[: ends[-1] + _MOMENT]
        for form in FORMS:
            for found in list(form.pattern.finditer(head))[:3]:
                words = _words_before(line[: found.start()])
                if words <= _MOST_WORDS and found.start() < _REACH:
                    places.setdefault(Place(form, words), []).append(found)
    best: tuple[tuple[float, ...], Place, Moments] | None = None
    for place, matches in _labelled(places, len(lines)).items():
        moments = Moments(place.form, _ordered(place.form, matches, calendar))
        score = _score(place, matches, moments, len(lines))
        if whole and place.words and not place.form.dated:
            continue
        if score is not None and (best is None or score > best[0]):
            best = (score, place, moments)
    if best is None:
        return None
    _, place, moments = best
    start = _start(place, [one for one in places[place._replace(label="")] if _has(one, place.label)])
    moments = Moments(place.form, moments.calendar, bare="(?P<zone>)" in start.pattern)
    return Placed(start, moments, bool(place.label))


def _labelled(places: dict[Place, list[re.Match[str]]], lines: int) -> dict[Place, list[re.Match[str]]]:
    """The places, and of one that only the records of a file have, the label that begins a record."""
    found: dict[Place, list[re.Match[str]]] = {}
    for place, matches in places.items():
        labels = [one.string[: one.start()] for one in matches]
        first = labels[0]
        alone = len(matches) < _NEARLY_ALL * lines and all(map(_LABEL.match, labels))
        ends = alone and not any(one.string[one.end() :].strip() for one in matches)
        if alone and (ends or len(set(labels)) == 1):
            found[place._replace(label=first)] = [one for one in matches if _has(one, first)]
        else:
            found[place] = matches
    return found


def _has(found: re.Match[str], label: str) -> bool:
    return not label or found.string[: found.start()] == label


def _words_before(text: str) -> int:
    """The whole words in front of a time; what it follows within a word is none."""
    words = len(text.split())
    return words - 1 if words and not text[-1].isspace() else words


def _score(
    place: Place, matches: Sequence[re.Match[str]], moments: Moments, lines: int
) -> tuple[float, ...] | None:
    """How good a place of the time is, the higher the better; None if it is none."""
    times = [at for found in matches if (at := moments.of(found)) is not None]
    share = sum(at <= moments.calendar.newest + _AHEAD for at in times) / lines
    complete = place.form.dated + place.form.years
    sure = complete == 2 or place.form.name == "month day, no year"
    if share == 0 or (share < _LEAST and not (sure and (place.label or not place.words))):
        return None
    if place.words and len(matches) == 1 and lines > 3:
        return None  # a moment that one line tells of
    if place.label:
        share = 1.0
    if place.form.name == "epoch" and (share < _NEARLY_ALL or (max(times) - min(times)).days > _SPREAD):
        return None
    # The date in the name of a file that stands before every line is no time of the line.
    varies = len({found[0] for found in matches}) > 1 or len(matches) == 1
    return (min(share, 0.8) // 0.2, varies, complete, -place.words, -FORMS.index(place.form))


def _ordered(form: Form, matches: Sequence[re.Match[str]], calendar: Calendar) -> Calendar:
    """The order of a date's numbers in which most lines have a day, and the newest is of when the file was.

    Where none is, that is the nearest to it; but a month and a day stand in this order, unless they cannot.
    """
    choices: list[tuple[int, bool, timedelta, int, str]] = []
    for rank, order in enumerate(ORDERS.get(form.name, ())):
        moments = Moments(form, calendar._replace(order=order))
        times = [at for found in matches if _is_past(at := moments.of(found), calendar) and at is not None]
        if times:
            apart = abs(calendar.newest - max(times))
            near = apart if form.years else timedelta()
            choices.append((-len(times), apart > _AHEAD, near, rank, order))
    return calendar._replace(order=min(choices)[-1]) if choices else calendar


def _is_past(at: datetime | None, calendar: Calendar) -> bool:
    return at is not None and at <= calendar.newest + _AHEAD


def _start(place: Place, matches: Sequence[re.Match[str]]) -> re.Pattern[str]:
    """The expression for the beginning of an event, to the end of the time."""
    time = place.form.pattern.pattern
    for name, (pattern, without) in OPTIONAL.items():
        if pattern in time and not any(found[name] for found in matches):
            time = time.replace(pattern, without)
    if place.label:
        return re.compile(rf"(?P<prefix>{re.escape(place.label)})(?:{time}){_GAP}")
    glued = [re.split(r"\s", found.string[: found.start()])[-1] for found in matches]
    glue = r"\S*?" if any(re.search(r"\w", one) for one in glued) else r"[^\w\s]{0,8}"
    indent = r"\s*" if all(found.string[:1].isspace() for found in matches) else ""
    words = rf"(?:\S+[ \t]+){{{place.words}}}" if place.words else ""
    return re.compile(rf"(?P<prefix>{indent}{words}{glue})(?:{time}){_GAP}")
