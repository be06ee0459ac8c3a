"""What the ranking could not look at, in sentences."""

from datetime import datetime

import polars as pl

from incidents.value import iso
from tools.analysis.telemetry import Telemetry

#: As many names as a reader takes in; the rest is counted.
_NAMED = 5


def missing_channels(observed: Telemetry, baseline: Telemetry | None, at: datetime) -> tuple[str, ...]:
    """Sentences on channels that are absent or partial in the window or the baseline."""
    said = []
    for name, frame in _channels(observed):
        if frame.is_empty():
            said.append(f"No {name} were recorded in the window.")
            continue
        last = frame["time"].max()
        if isinstance(last, datetime) and last < at:
            said.append(f"The {name} end at {iso(last)}, before the alert.")
    if baseline is None or all(frame.is_empty() for _, frame in _channels(baseline)):
        said.append("There is no baseline: only the earlier part of the window is the reference.")
        return tuple(said)
    for (name, frame), (_, quiet) in zip(_channels(observed), _channels(baseline), strict=True):
        said += _lacking(name, frame, quiet)
    return tuple(said)


def _channels(telemetry: Telemetry) -> tuple[tuple[str, pl.DataFrame], ...]:
    return (("metrics", telemetry.metrics), ("logs", telemetry.logs), ("traces", telemetry.traces))


def _lacking(name: str, frame: pl.DataFrame, quiet: pl.DataFrame) -> list[str]:
    if frame.is_empty():
        return []
    if quiet.is_empty():
        return [f"The baseline has no {name}."]
    unknown = sorted(set(frame["service"].unique()) - set(quiet["service"].unique()))
    if not unknown:
        return []
    shown = ", ".join(unknown[:_NAMED])
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    return [f"The baseline has no {name} of {shown}{more}."]
