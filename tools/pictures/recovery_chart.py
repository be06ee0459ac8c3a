"""Charts of the watched signals: the usual range, the baseline, the onset, the changes and the action.

A chart is evidence like any other: it is stored with an id, its query and its caption.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.changes import Change
from incidents.findings import Evidence, EvidenceStatus
from incidents.verification import Signal
from tools.pictures.drawing import ACTION, FAINT, FAULT, Mark, Panel, draw
from tools.redaction.redact import redact
from tools.telemetry.observation import Observation
from tools.telemetry.observe import observe
from tools.telemetry.watched_series import baseline_span, samples, shown_span
from tools.toolset import Toolset
from tools.wording import clock_time, plain, quantity, span

#: More panels than this are too small to read, more changes than this hide the signals.
MOST_PANELS, MOST_CHANGES = 4, 6
#: Characters of a name in the picture.
_TITLE, _NAME = 96, 48


@dataclass(frozen=True)
class Chart:
    """A drawn chart and the evidence that it became.

    Attributes:
        body: the picture as PNG; this is what the evidence holds.
        svg: the same picture as SVG.
    """

    evidence: Evidence
    body: bytes
    svg: bytes
    caption: str


async def chart(toolset: Toolset, signals: Sequence[Signal]) -> Chart | None:
    """Draw the watched signals up to now, keep the picture as evidence of the toolset's role.

    Args:
        toolset: whose sources are read and in whose store and name the chart is kept.
        signals: opened ones first; at most `MOST_PANELS` with data are drawn.

    Returns:
        The chart, or None if no signal has data.
    """
    seen = await observe(toolset.sources)
    ordered = sorted(signals, key=lambda signal: not signal.opened)
    drawable = [panel for signal in ordered if (panel := _panel(seen, signal)) is not None]
    if not drawable:
        return None
    panels, changes = drawable[:MOST_PANELS], _changes(seen)
    onset = _onset(toolset, seen)
    marks = _marks(seen, changes[-MOST_CHANGES:], onset)
    incident = toolset.sources.incident
    title = _label(f"{incident.id}: {incident.title}", _TITLE)
    picture = await asyncio.to_thread(draw, title, panels, marks, shown_span(seen), baseline_span(seen))
    left_out = [
        f"{count} further {what} not drawn"
        for count, what in (
            (len(drawable) - len(panels), "signals are"),
            (len(signals) - len(drawable), "signals have no data and are"),
            (len(changes) - MOST_CHANGES, "changes are"),
        )
        if count > 0
    ]
    caption = _caption(seen, panels, marks, left_out)
    evidence = _evidence(toolset, [f"{s.service} {s.metric}" for s in ordered], caption, picture.png)
    await toolset.store.put(evidence, picture.png)
    return Chart(evidence=evidence, body=picture.png, svg=picture.svg, caption=caption)


def _panel(seen: Observation, signal: Signal) -> Panel | None:
    series = samples(seen, signal)
    if series is None:
        return None
    return Panel(
        title=_label(f"{signal.service}: {signal.metric}", _TITLE // 2),
        unit=plain(signal.unit, 16),
        times=series.times,
        values=series.values,
        usual=series.usual,
        opened=signal.opened,
    )


def _changes(seen: Observation) -> list[Change]:
    """What changed on the axis before the action, which has a mark of its own."""
    shown = shown_span(seen)
    until = seen.action.at if seen.action is not None else shown.end + timedelta(milliseconds=1)
    return [change for change in seen.changes if shown.start <= change.time < until]


def _onset(toolset: Toolset, seen: Observation) -> datetime | None:
    """Since when things deviate: as it was diagnosed, else as it is measured now, before any action."""
    diagnosis = toolset.sources.incident.diagnosis
    if diagnosis is not None and diagnosis.onset is not None:
        return diagnosis.onset
    onsets = [level.onset for level in seen.levels if level.deviates and level.onset is not None]
    return min(onsets, default=None) if seen.action is None else None


def _marks(seen: Observation, changes: Sequence[Change], onset: datetime | None) -> list[Mark]:
    marks = [
        Mark(one.time, _label(f"{one.kind} {one.service} {one.version_to}", _NAME), FAINT) for one in changes
    ]
    if onset is not None:
        marks.append(Mark(onset, "onset", FAULT, dashed=True))
    marks.append(Mark(seen.alerted, "alert", FAULT))
    if (act := seen.action) is not None:
        done = _label(f"{act.id} {act.title}", _NAME)
        marks.append(Mark(act.at, done, ACTION))
    return sorted(marks, key=lambda mark: mark.at)


def _label(text: str, longest: int) -> str:
    """Text for a picture: names come from outside, and nobody can search a picture for secrets."""
    return plain(redact(text), longest)


def _caption(
    seen: Observation, panels: Sequence[Panel], marks: Sequence[Mark], left_out: Sequence[str]
) -> str:
    lines = [
        panel.title
        + (" (opened the incident)" if panel.opened else "")
        + f": last {quantity(panel.values[-1], panel.unit)}, usual "
        + (f"up to {quantity(panel.usual[1], panel.unit)}" if panel.usual else "unknown")
        for panel in panels
    ]
    told = "; ".join(f"{mark.text} {clock_time(mark.at)}" for mark in marks)
    more = "".join(f" {one}." for one in left_out)
    return f"Watched signals, {span(shown_span(seen))}. {'. '.join(lines)}. Marked: {told}.{more}"


def _evidence(toolset: Toolset, signals: Sequence[str], caption: str, body: bytes) -> Evidence:
    query = json.dumps({"signals": list(signals)}, sort_keys=True)
    digest = hashlib.sha256(body).hexdigest()
    incident = toolset.sources.incident.id
    # By its words: the same picture differs by a pixel where another version of a library drew it.
    identity = hashlib.sha256(f"{incident} chart {query} {caption}".encode()).hexdigest()
    return Evidence(
        id=f"E-{identity[:8]}",
        incident=incident,
        tool="chart",
        query=query,
        role=toolset.role,
        at=toolset.sources.clock.now(),
        status=EvidenceStatus.OK,
        summary=caption,
        size=len(body),
        digest=digest,
    )
