"""Changes whose process dies: carried out without an outcome, and what became of them afterwards."""

import asyncio
import time
from pathlib import Path

from incidents.action import Outcome
from incidents.errors import InProgress
from tests.patience import PATIENCE
from tools.clock import WallClock
from tools.fence import UNFENCED, Fence
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.effect import Effect
from tools.live.process import holding


async def carried_out(
    actions: LiveActions, record: ActionRecord, log: Path, fence: Fence = UNFENCED
) -> Outcome:
    """What the first adapter says of it; no outcome is written."""
    kept = ActionLog(log)
    with kept.held(record.key) as lock, holding(lock.descriptor):
        return await actions.adapters[0].make(record, Effect(kept, record, lock, fence, WallClock()))


async def settled(actions: LiveActions, key: str) -> Outcome | None:
    """What became of the key, as soon as nothing runs any more that was started for it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            return await actions.status(key)
        except InProgress:
            await asyncio.sleep(0.02)
    raise AssertionError("something still runs")
