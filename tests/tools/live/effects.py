"""A recorded change carried out by a process that dies before the outcome is written."""

from pathlib import Path

from incidents.action import Outcome
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
