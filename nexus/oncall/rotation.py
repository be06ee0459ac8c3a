"""A small rotation that stands in `nexus.yaml`: for teams without a tool for it. Pure.

Handovers are at a time of the clock on the wall: across the change to and from summer time the time stays and
the shift is an hour shorter or longer. A time that the clock leaves out counts as the moment at which it goes
on; one that it shows twice counts the first time.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from nexus.oncall.settings import Hours, Layer, Override, RotationSettings
from nexus.oncall.shifts import Shift, joined

_DAY = timedelta(days=1)


class Rotation:
    """Implements `nexus.oncall.shifts.OnCall` for what stands in the file."""

    def __init__(self, settings: RotationSettings) -> None:
        self._settings = settings

    @property
    def name(self) -> str:
        """As `nexus.yaml` calls it."""
        return self._settings.name

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The shifts of a window."""
        return rotated(self._settings, start, end)

    async def aclose(self) -> None:
        """Nothing is open."""


def rotated(settings: RotationSettings, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Who is on duty within a window: an override first, else the last layer that has somebody.

    Args:
        settings: the rotation.
        start: of the window; shifts are cut there.
        end: of the window, likewise.
    """
    zone = settings.zone
    moments = {start, end}
    for override in settings.overrides:
        moments |= {override.start, override.until}
    for layer in settings.layers:
        moments |= set(_edges(layer, zone, start, end))
    cuts = sorted(moment for moment in moments if start <= moment <= end)
    return joined(
        Shift(person=person, start=begun.astimezone(UTC), end=over.astimezone(UTC))
        for begun, over in pairwise(cuts)
        if (person := person_at(settings, begun)) is not None
    )


def person_at(settings: RotationSettings, at: datetime) -> str | None:
    """Who is on duty at a moment; None: nobody."""
    for override in reversed(settings.overrides):
        if _covers(override, at):
            return override.person
    for layer in reversed(settings.layers):
        if (person := _in_layer(layer, settings.zone, at)) is not None:
            return person
    return None


def _covers(override: Override, at: datetime) -> bool:
    return override.start <= at < override.until


def _in_layer(layer: Layer, zone: ZoneInfo, at: datetime) -> str | None:
    if layer.hours is not None and not _within(layer.hours, zone, at):
        return None
    turn = _turn(layer, zone, at)
    return layer.people[turn % len(layer.people)] if turn >= 0 else None


def _turn(layer: Layer, zone: ZoneInfo, at: datetime) -> int:
    """The number of the shift from the first, which is 0; below that it has not begun."""
    days = (at.astimezone(zone).date() - layer.begins).days
    turn = days // layer.days
    if at < _handover(layer, zone, turn):
        return turn - 1
    return turn + 1 if at >= _handover(layer, zone, turn + 1) else turn


def _handover(layer: Layer, zone: ZoneInfo, turn: int) -> datetime:
    return local(layer.begins + turn * layer.days * _DAY, layer.handover, zone)


def local(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The moment at which the clock on the wall shows a time."""
    wanted = datetime.combine(day, at, zone)
    moment = wanted.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wanted.replace(tzinfo=None):
        return moment
    return _end_of_gap(wanted, zone)  # the clock leaves it out


def _end_of_gap(wanted: datetime, zone: ZoneInfo) -> datetime:
    """Halves what lies between a moment before and one behind the gap until it is to the second."""
    low = (wanted - timedelta(hours=3)).astimezone(UTC)
    high = (wanted + timedelta(hours=3)).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _within(hours: Hours, zone: ZoneInfo, at: datetime) -> bool:
    """Whether it lies in the hours of a day, which may reach over midnight into the next one."""
    wall = at.astimezone(zone)
    today, day_before = wall.date(), wall.date() - _DAY
    return any(
        _opens(hours, day, zone) <= at < _closes(hours, day, zone)
        for day in (day_before, today)
        if day.weekday() in hours.weekdays
    )


def _opens(hours: Hours, day: date, zone: ZoneInfo) -> datetime:
    return local(day, hours.start, zone)


def _closes(hours: Hours, day: date, zone: ZoneInfo) -> datetime:
    overnight = hours.until <= hours.start
    return local(day + _DAY if overnight else day, hours.until, zone)


def _edges(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Every moment in a window at which somebody else may be on duty."""
    first, last = _turn(layer, zone, start), _turn(layer, zone, end)
    yield from (_handover(layer, zone, turn) for turn in range(max(first, 0), last + 2))
    if layer.hours is None:
        return
    day = start.astimezone(zone).date() - _DAY
    while local(day, time(), zone) <= end:
        yield _opens(layer.hours, day, zone)
        yield _closes(layer.hours, day, zone)
        day += _DAY
