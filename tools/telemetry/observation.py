"""What can be seen of an incident at one moment: the window, the reference, the frames and levels of both."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from incidents.action import ActionState, Proposal
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from incidents.incident import Incident
from tools.analysis import Telemetry
from tools.telemetry.levels import DEVIATES, DEVIATES_LOAD, Level
from tools.time_windows import in_window
from tools.wording import clock_span, length, span

#: Rows in fewer of its minutes than this share are pieces of a span, not the span.
_DENSE = 0.5
#: The rule of `tools.telemetry.levels` in a few words.
MARKED = (
    f"`!` marks what deviates: beyond the usual range by {DEVIATES:.0f} times its spread (errors, latency) "
    f"or {DEVIATES_LOAD:.0f} times (the rest)"
)
#: Rows come every so often: that the first and the last lie so far inside says nothing.
_ENDS = timedelta(seconds=20)
#: How far back deployments are looked for.
HISTORY = timedelta(days=30)


@dataclass(frozen=True)
class MadeChange:
    """A change that was made: by Nexus (A1), or by people outside of it (C1)."""

    id: str
    title: str
    at: datetime


@dataclass(frozen=True)
class Observation:
    """One look at the world.

    Attributes:
        window: from the end of the quiet time, or 20 minutes before the opening, until now.
        recent: the part that counts as now; after an action it begins no earlier than the action.
        alerted: when the first alert began; before it, by `lead`, the window counts as untroubled.
        lead: see `tools.ports.Spans`.
        telemetry: the frames of the window.
        signals: its samples as signals (`tools.telemetry.levels.signal_frame`).
        levels: where every series stands, most deviating first.
        baseline: the frames of the quiet time, or None.
        same_source: whether the quiet time is of the same recording as the window.
        quiet: the quiet time's span, or None.
        catalogue: the services that were looked at: all, or of a large catalogue what something points at.
        changes: everything that changed in the last 30 days, oldest first.
        action: the change that was made last, or None.
        gaps: sentences: which backend did not answer, what is old or missing.
        failed: why a channel could not be read, by its name.
        refused: of these, the channels whose backend answered and does not tell.
    """

    at: datetime
    window: Window
    recent: Window
    alerted: datetime
    lead: timedelta
    telemetry: Telemetry
    signals: pl.DataFrame
    levels: tuple[Level, ...]
    baseline: Telemetry | None
    baseline_signals: pl.DataFrame | None
    same_source: bool
    quiet: Window | None
    catalogue: Catalogue
    changes: tuple[Change, ...]
    action: MadeChange | None
    gaps: tuple[str, ...]
    failed: Mapping[str, str]
    refused: frozenset[str] = frozenset()

    def need(self, channel: str) -> None:
        """Make sure that a channel was read: metrics, logs, traces or changes.

        Raises:
            Declined: its backend does not tell.
            ToolFailed: its backend did not answer.
        """
        if channel in self.failed:
            kind = Declined if channel in self.refused else ToolFailed
            raise kind(unread(channel, self.failed[channel], refused=channel in self.refused))

    @property
    def untroubled(self) -> Window:
        """The part of the window before the alert, which serves as reference too."""
        return untroubled(self.window, self.alerted, self.lead)

    def _told(self, part: Window) -> str:
        """A time with its date, unless that is the date of now."""
        return clock_span(part) if part.start.date() == self.recent.end.date() else span(part)

    @cached_property
    def reference(self) -> str:
        """What levels are compared with, in words."""
        parts = []
        if self.untroubled.minutes > 0:
            parts.append(f"the time before the alert ({self._told(self.untroubled)})")
        if self.baseline_signals is not None and self.quiet is not None:
            where = "the quiet time" if self.same_source else "a baseline recorded apart"
            parts.append(f"{where} ({said_cover(self.baseline_signals, self.quiet, self.recent.end)})")
        return " and ".join(parts) or "not known: no baseline"


def unread(channel: str, why: str, *, refused: bool) -> str:
    """Why a channel is missing; a backend that refuses is not down, and that is said."""
    how = "refuses to tell, which is no outage" if refused else "did not answer"
    return f"the {channel} backend {how}: {why}"


def said_look(now: Window, usual: str) -> str:
    """The two times that are compared, and what a mark means; begins with `prompts.text.LOOKED`."""
    return f"Looked: now is {span(now)}; usual is {usual}; {MARKED}."


def untroubled(window: Window, alerted: datetime, lead: timedelta) -> Window:
    """The part of a window that ends `lead` before the alert."""
    return Window(start=window.start, end=max(window.start, alerted - lead))


def last_action(incident: Incident) -> MadeChange | None:
    """The change that was made last, by whomever, or None."""
    done = [p for p in incident.proposals if p.state is ActionState.DONE and p.outcome is not None]
    ours = [MadeChange(p.id, p.action.title, acted_at(p)) for p in done]
    theirs = [MadeChange(change.id, change.title, change.at) for change in incident.outside_changes]
    return max((*ours, *theirs), key=lambda change: change.at, default=None)


def acted_at(proposal: Proposal) -> datetime:
    """When an executed proposal took place."""
    return proposal.outcome.at if proposal.outcome is not None else proposal.proposed_at


def covered(frame: pl.DataFrame, window: Window) -> Window:
    """The part of a window that its rows span; a quiet time may hold traces of a minute only."""
    times = in_window(frame, window)["time"]
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return window
    return Window(start=first, end=last)


def near(one: Window, other: Window) -> bool:
    """Whether two times are the same but for the rows that happen to lie at their ends."""
    return abs(one.start - other.start) <= _ENDS and abs(one.end - other.end) <= _ENDS


def said_cover(frame: pl.DataFrame, window: Window, beside: datetime | None = None) -> str:
    """What the rows of a window cover, in words: their span, and how much of it holds data."""
    part = covered(frame, window)
    said = span(part) if beside is None or beside.date() != part.start.date() else clock_span(part)
    minutes = in_window(frame, window)["time"].dt.truncate("1m").n_unique()
    if minutes + 1 >= part.minutes * _DENSE:
        return said
    return f"{said}, {length(minutes)} of it with data"


def whole(frame: pl.DataFrame, recent: Window) -> Window:
    """The recent part for a channel that is older than the others: its own last minutes instead."""
    if not frame.height or in_window(frame, recent).height:
        return recent
    last = frame["time"].max()
    if not isinstance(last, datetime):
        return recent
    end = last + timedelta(milliseconds=1)
    return Window(start=end - (recent.end - recent.start), end=end)
