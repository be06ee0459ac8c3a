"""Moments and spans as the pages say them; templates use these as filters."""

from datetime import datetime, timedelta

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def span(lasts: timedelta | float) -> str:
    """A span in two units at most: `2 d 3 h`, `1 h 20 min`, `6 min`, `4 s`; a number is in seconds."""
    seconds = round(lasts.total_seconds() if isinstance(lasts, timedelta) else lasts)
    if abs(seconds) < 60:
        return f"{seconds} s"
    parts = []
    for size, unit in _UNITS:
        many, seconds = divmod(seconds, size)
        parts.append((many, unit))
    first = next(place for place, (many, _) in enumerate(parts) if many)
    return " ".join(f"{many} {unit}" for many, unit in parts[first : first + 2] if many)


def ago(moment: datetime, now: datetime) -> str:
    """How long ago it was: `6 min ago`, `just now`; what lies ahead: `in 6 min`."""
    passed = now - moment
    if abs(passed) < timedelta(seconds=1):
        return "just now"
    return f"{span(passed)} ago" if passed > timedelta() else f"in {span(-passed)}"


def clock(moment: datetime) -> str:
    """`07:54:52`, in UTC as all times of the pages."""
    return f"{moment:%H:%M:%S}"


def minute(moment: datetime) -> str:
    """`07:54`."""
    return f"{moment:%H:%M}"


def day(moment: datetime) -> str:
    """`2026-11-23`."""
    return f"{moment:%Y-%m-%d}"
