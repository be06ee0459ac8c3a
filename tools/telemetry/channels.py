"""Reading the three channels of telemetry at once, and why one of them is missing."""

import asyncio
from collections.abc import Sequence

import polars as pl

from incidents.errors import Declined, ToolFailed
from incidents.findings import Window
from tools.analysis import LOGS_SCHEMA, METRICS_SCHEMA, TRACES_SCHEMA, Telemetry
from tools.ports import World


async def read_channels(
    world: World, window: Window, services: Sequence[str], failed: dict[str, str], refused: set[str]
) -> Telemetry:
    """The three channels, asked at the same time: a look takes as long as the slowest of them.

    Args:
        world: the ports.
        window: the time.
        services: of whom; empty: of all.
        failed: is filled with why a channel could not be read, by its name.
        refused: is filled with those of them whose backend answered and does not tell.
    """
    channels = {
        "metrics": (world.metrics.metrics, METRICS_SCHEMA),
        "logs": (world.logs.logs, LOGS_SCHEMA),
        "traces": (world.traces.spans, TRACES_SCHEMA),
    }
    answers = await asyncio.gather(
        *(asked(window, services) for asked, _ in channels.values()), return_exceptions=True
    )
    frames = []
    for (name, (_, schema)), answer in zip(channels.items(), answers, strict=True):
        if isinstance(answer, ToolFailed):
            failed[name] = str(answer)
            refused.update([name] if isinstance(answer, Declined) else [])
            frames.append(pl.DataFrame(schema=schema))
        elif isinstance(answer, BaseException):
            raise answer
        else:
            frames.append(answer)
    metrics, logs, traces = frames
    return Telemetry(metrics=metrics, logs=logs, traces=traces)
