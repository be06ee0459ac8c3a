"""What an adapter asks right before it changes something: whether it still may; and it is written down."""

from incidents.errors import StaleLease
from tools.clock import Clock
from tools.fence import Fence
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.key_lock import KeyLock


class Effect:
    """The effect of one key, while its lock is held.

    Args:
        log: where it is written that the effect is about to begin.
        record: the key and its plan.
        lock: the key's.
        fence: says whether this process may still act.
        clock: when it is about to begin.
    """

    def __init__(
        self, log: ActionLog, record: ActionRecord, lock: KeyLock, fence: Fence, clock: Clock
    ) -> None:
        self.record = record
        self._log = log
        self._lock = lock
        self._fence = fence
        self._clock = clock

    @property
    def descriptor(self) -> int:
        """Of the lock: where the end of a program is written."""
        return self._lock.descriptor

    def begin(self) -> float:
        """Call it right before each request or program that changes something.

        Returns:
            Until when that may be begun, in seconds of `tools.clock.since_boot`.

        Raises:
            StaleLease: this process may not act any more.
            ToolFailed: it cannot be written down.
        """
        until = self._fence.may_act()
        if self.record.sent is None:
            self._lock.forget()
            self._mark(self.record.model_copy(update={"marked": True, "sent": self._clock.now()}))
            try:
                until = self._fence.may_act()  # the disk may have been slow
            except StaleLease:
                self.not_begun()
                raise
        return until

    def not_begun(self) -> None:
        """What was just about to be sent never left this machine: nothing was changed."""
        self._mark(self.record.model_copy(update={"marked": True, "sent": None}))

    def _mark(self, record: ActionRecord) -> None:
        self._log.write(record)
        self.record = record
