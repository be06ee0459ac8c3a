"""Shifts of a schedule: who is on duty when, what follows, and where nobody is. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import Field

from incidents.value import Moment, Value


class Shift(Value):
    """One person's duty; two may be on duty at once.

    Attributes:
        person: as the source names them: a name, an id or a mail address.
        end: None: open, as far as the source tells.
        also: what else the source calls them, a mail address beside a name.
        layer: which plan of the source it is of, where it has several.
    """

    person: str
    start: Moment
    end: Moment | None = None
    also: tuple[str, ...] = ()
    layer: str = ""

    def covers(self, at: datetime) -> bool:
        """Whether it is on at a moment; a shift ends where the next begins."""
        return self.start <= at and (self.end is None or at < self.end)


class Gap(Value):
    """A time in which nobody is on duty."""

    start: Moment
    end: Moment


class Plan(Value):
    """What a source answered for a window, and when; `problem`: why it is of then and not of now."""

    shifts: tuple[Shift, ...]
    asked_at: Moment
    start: Moment
    end: Moment
    problem: str = Field(default="", description="empty: it has answered just now")

    def end_of(self, shift: Shift) -> datetime | None:
        """When a shift ends; None: it is not known, since what was asked for may have cut it off."""
        return shift.end if shift.end != self.end else None


class OnCall(Protocol):
    """A schedule, wherever it is planned."""

    @property
    def name(self) -> str:
        """As `nexus.yaml` calls it."""
        ...

    async def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """The shifts that lie in a window, or reach into it, by their beginning.

        Raises:
            ToolFailed: it does not answer, or what it answers is no schedule.
            SettingsError: a secret cannot be looked up.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


def on_duty(shifts: Iterable[Shift], at: datetime) -> tuple[Shift, ...]:
    """Those on duty at a moment; of two shifts of one person that touch it is the one that is on."""
    return tuple(one for one in in_order(shifts) if one.covers(at))


def next_on_duty(shifts: Iterable[Shift], at: datetime) -> tuple[Shift, ...]:
    """Those whose duty begins next after a moment."""
    later = [one for one in in_order(shifts) if one.start > at]
    return tuple(one for one in later if one.start == later[0].start)


def in_order(shifts: Iterable[Shift]) -> list[Shift]:
    """By their beginning, then by name."""
    return sorted(shifts, key=lambda one: (one.start, one.person))


def joined(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    """The same, where one person's shift follows another of theirs without a gap as one."""
    found: list[Shift] = []
    for one in in_order(shifts):
        place = next(
            (
                n
                for n, before in enumerate(found)
                if before.person == one.person and before.end is not None and one.start <= before.end
            ),
            None,
        )
        if place is None:
            found.append(one)
            continue
        ends = [found[place].end, one.end]
        end = None if None in ends else max(moment for moment in ends if moment is not None)
        found[place] = found[place].model_copy(update={"end": end})
    return tuple(in_order(found))


def gaps(shifts: Sequence[Shift], start: datetime, end: datetime) -> tuple[Gap, ...]:
    """Where nobody is on duty within a window."""
    found, covered = [], start
    for one in in_order(shifts):
        if one.start >= end or covered >= end:
            break
        if one.start > covered:
            found.append(Gap(start=covered, end=one.start))
        covered = end if one.end is None else max(covered, one.end)
    if covered < end:
        found.append(Gap(start=covered, end=end))
    return tuple(found)
