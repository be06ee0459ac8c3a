"""How numbers, units and times are said to people and models: with their unit, in UTC, never bare."""

import re
from datetime import datetime

from incidents.findings import Window
from incidents.value import iso
from tools.last_words import last_words, shortened

#: Control and invisible characters, which have no business in an answer; line feeds and tabs may stay.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


#: What stands in a template of a log line for the figures and hexadecimal digits that vary; not `#42`.
_VARIES = re.compile(r"(?:(?<![A-Za-z])[a-f]+)?#(?!\d)(?:[a-f.:-]*#)*(?:[a-f]+(?![A-Za-z]))?")


def unmasked(template: str) -> str:
    """A template of a log line as people read it: `attempt # of #` is `attempt … of …`."""
    return _VARIES.sub("…", template)


def plain(text: str, longest: int = 240) -> str:
    """Untrusted text as one line without control characters, no longer than that: its head and its tail.

    What a wrapped error says last is often its cause; the line of a stack trace that names it stays whole
    where it can.
    """
    line = _one_line(text)
    return line if len(line) <= longest else shortened(line, longest, _one_line(last_words(text)))


def _one_line(text: str) -> str:
    return " ".join(CONTROL.sub("", text).split())


def quantity(value: float | None, unit: str) -> str:
    """A value with its unit: `43.1 %`, `0.18 s`, `1.2 GB`; None is `no data`."""
    if value is None:
        return "no data"
    if unit == "ratio":
        return f"{_short(value * 100)} %"
    if unit == "bytes":
        return _bytes(value)
    name = {
        "percent": " %",
        "seconds": " s",
        "milliseconds": " ms",
        "per_second": "/s",
        "count": "",
        "": "",
    }.get(unit, f" {unit}")
    return f"{_short(value)}{name}"


def share(value: float | None) -> str:
    """A ratio as percent, or `unknown`."""
    return "unknown" if value is None else f"{_short(value * 100)} %"


def clock_time(moment: datetime | None) -> str:
    """A moment as ISO 8601 in UTC to the second, or `unknown`."""
    return "unknown" if moment is None else iso(moment.replace(microsecond=0))


def span(window: Window) -> str:
    """A window with both ends in UTC and its length: `2026-03-12 10:00:00 to 10:10:00 UTC (10 min)`."""
    same_day = window.start.date() == window.end.date()
    end = f"{window.end:%H:%M:%S}" if same_day else f"{window.end:%Y-%m-%d %H:%M:%S}"
    return f"{window.start:%Y-%m-%d %H:%M:%S} to {end} UTC ({length(window.minutes)})"


def clock_span(window: Window) -> str:
    """A window of a day that is known: `10:00:00 to 10:10:00 (10 min)`."""
    same_day = window.start.date() == window.end.date()
    end = f"{window.end:%H:%M:%S}" if same_day else f"{window.end:%Y-%m-%d %H:%M:%S}"
    return f"{window.start:%H:%M:%S} to {end} ({length(window.minutes)})"


#: How a page says that the rest can be asked for.
MORE = "the same question with offset="


def rows(lines: list[str], left_out: int, how: str) -> str:
    """Bulleted lines, and what was left out with how to ask for it."""
    text = "\n".join(f"- {line}" for line in lines)
    return f"{text}\n({left_out} more left out; {how})" if left_out else text


def page(lines: list[str], left_out: int, offset: int) -> str:
    """Bulleted lines of a list, and how the rest of it is asked for."""
    return rows(lines, left_out, f"{MORE}{offset + len(lines)} goes on")


def paragraphs(*parts: str) -> str:
    """The parts that say something, one under the other."""
    return "\n".join(part for part in parts if part)


def capital(text: str) -> str:
    """A sentence with its first letter as sentences have it."""
    return text[:1].upper() + text[1:]


def length(minutes: float) -> str:
    """A span of time as people say it: `40 s`, `5 min`, `3.5 h`, `4 days`."""
    if minutes < 1:
        return f"{minutes * 60:.0f} s"
    if minutes < 180:
        return f"{_short(minutes)} min"
    return f"{_short(minutes / 60)} h" if minutes < 72 * 60 else f"{_short(minutes / 1440)} days"


def _short(value: float) -> str:
    if value != 0 and abs(value) < 0.001:
        return f"{value:.1e}"
    if abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}"


def _bytes(value: float) -> str:
    for name in ("B", "kB", "MB", "GB"):
        if abs(value) < 1000:
            return f"{_short(value)} {name}"
        value /= 1000
    return f"{_short(value)} TB"
