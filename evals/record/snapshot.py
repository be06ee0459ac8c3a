"""The telemetry of an incident, read through its world's ports: before, during, and after what was done."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from incidents.action import Proposal
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.errors import ToolFailed
from incidents.findings import Window
from incidents.incident import Incident
from tools.ports import World
from tools.recorded.coverage import lacks
from tools.recorded.write import Pages
from tools.redaction.redact import Replacement, replacements
from tools.telemetry.data_gaps import collect_gaps
from tools.telemetry.observation import HISTORY, acted_at

#: How long after its end an incident is recorded, as far as there is data.
AFTER = timedelta(minutes=10)

Ask = Callable[[Window], Awaitable[pl.DataFrame]]


@dataclass
class Snapshot:
    """What the world showed.

    Attributes:
        window: what `pages` covers.
        pages: until the first action, or the end.
        quiet: the part of `pages` that counts as quiet, if it is in it.
        aftermaths: after each executed action, by the action's key, until the next one.
        acted: when those actions were taken.
        baseline: of a quiet time that is kept apart.
        instances: how many of each service ran when the incident began, as far as that is known.
        left_out: sentences: what could not be read, or is not part of the recording.
        replaced: what was taken out of the texts, by file.
    """

    window: Window
    pages: Pages
    quiet: Window | None = None
    aftermaths: dict[str, Pages] = field(default_factory=dict)
    acted: dict[str, datetime] = field(default_factory=dict)
    baseline: Pages | None = None
    instances: dict[str, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    replaced: dict[str, dict[Replacement, int]] = field(default_factory=dict)


async def take(world: World, incident: Incident, now: datetime) -> Snapshot | None:
    """Read everything that an incident's recording holds.

    Args:
        world: its ports; they redact what they answer.
        incident: a finished one.
        now: the world's time; nothing later is asked for.

    Returns:
        The snapshot, or None if there are no metrics at all.
    """
    whole = _whole(world, incident, now)
    done = executed(incident)
    cuts = [_let_go(one) for one in done]
    shot = Snapshot(window=whole, pages=Pages(pl.DataFrame()))
    first = Window(start=whole.start, end=min([*cuts, whole.end]))
    pages = await pages_of(world, first, shot, "telemetry", HISTORY)
    if pages is None:
        return None
    shot.pages = pages
    shot.window = Window(start=_began(world, incident), end=_last(pages, first))
    shot.quiet = _held(world.quiet, pages) if world.baseline is None else None
    for one, start, end in zip(done, cuts, [*cuts, whole.end][1:], strict=True):
        key = one.action.key
        found = None
        if start < end and key not in shot.aftermaths:
            found = await pages_of(world, Window(start=start, end=end), shot, f"aftermath/{key}")
        if found is not None:
            shot.aftermaths[key], shot.acted[key] = found, start
        elif key not in shot.aftermaths:
            shot.left_out.append(f"aftermath/{key}: there are no metrics from after it")
    apart = world.baseline
    if apart is not None and apart.quiet is not None:
        shot.baseline = await pages_of(apart, apart.quiet, shot, "baseline")
    return shot


def executed(incident: Incident) -> list[Proposal]:
    """What was really done, oldest first."""
    done = [one for one in incident.proposals if one.outcome is not None and one.outcome.done]
    return sorted(done, key=acted_at)


def _let_go(proposal: Proposal) -> datetime:
    """When a change could begin: a real one takes a while, and is logged before its outcome is known."""
    return min([acted_at(proposal), *(approval.at for approval in proposal.approvals[-1:])])


def _began(world: World, incident: Incident) -> datetime:
    """Where the incident's own window begins: after the quiet time, if that is known."""
    earliest = (
        min([incident.opened_at, *(alert.starts_at for alert in incident.alerts)]) - world.spans.lookback
    )
    return max(world.quiet.end, earliest) if world.quiet is not None else earliest


def _whole(world: World, incident: Incident, now: datetime) -> Window:
    start = _began(world, incident)
    if world.quiet is not None:
        start = min(start, world.quiet.start)
    end = (incident.ended_at or incident.as_of or now) + AFTER
    return Window(start=start, end=max(start, min(end, now)))


def _last(pages: Pages, asked: Window) -> datetime:
    """How far the recording reaches: silence after its last sample was not recorded."""
    last = pages.metrics["time"].max()
    return min(asked.end, last + timedelta(minutes=1)) if isinstance(last, datetime) else asked.end


def _held(quiet: Window | None, pages: Pages) -> Window | None:
    """The quiet time, if the recording has samples of it."""
    if quiet is None:
        return None
    inside = pages.metrics.filter((pl.col("time") >= quiet.start) & (pl.col("time") < quiet.end))
    return quiet if inside.height else None


async def pages_of(
    world: World, window: Window, shot: Snapshot, name: str, earlier: timedelta = timedelta()
) -> Pages | None:
    """One folder's worth of a window, under its name inside the case; None without metrics.

    Changes are looked for from `earlier` before the window on; what cannot be read is noted in `shot`.
    """
    metrics = await _channel(shot, name, "metrics", world.metrics.metrics, window)
    if metrics is None or not metrics.height:
        return None
    return Pages(
        metrics=metrics,
        logs=await _channel(shot, name, "logs", world.logs.logs, window),
        traces=await _channel(shot, name, "traces", world.traces.spans, window),
        changes=await _changes(shot, name, world, Window(start=window.start - earlier, end=window.end)),
    )


async def _channel(shot: Snapshot, name: str, channel: str, ask: Ask, window: Window) -> pl.DataFrame | None:
    with replacements() as replaced, collect_gaps() as gaps:
        try:
            frame = await ask(window)
        except ToolFailed as error:
            shot.left_out.append(f"{name}: {channel} could not be read: {error}")
            return None
    shot.replaced.setdefault(f"{name}/{channel}.parquet", {}).update(replaced)
    shot.left_out += [f"{name}: {channel}: {gap}" for gap in gaps]
    return None if lacks(gaps, channel) else frame


async def _changes(shot: Snapshot, name: str, world: World, window: Window) -> Sequence[Change] | None:
    with replacements() as replaced, collect_gaps() as gaps:
        try:
            found = await world.changes.changes(window)
        except ToolFailed as error:
            shot.left_out.append(f"{name}: changes could not be read: {error}")
            return None
    shot.replaced.setdefault(f"{name}/changes.jsonl", {}).update(replaced)
    shot.left_out += [f"{name}: changes: {gap}" for gap in gaps]
    return None if lacks(gaps, "changes") else _known(found, world.catalogue, shot, name)


def _known(found: Sequence[Change], catalogue: Catalogue, shot: Snapshot, name: str) -> tuple[Change, ...]:
    """Changes to services of the catalogue, each id once: a recording can hold no others."""
    kept: dict[str, Change] = {}
    for change in found:
        if catalogue.find(change.service) is None:
            shot.left_out.append(f"{name}: change {change.id} is to {change.service!r}, which nobody knows")
        else:
            kept.setdefault(change.id, change)
    return tuple(kept.values())
