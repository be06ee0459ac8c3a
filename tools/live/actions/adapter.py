"""What one way to change the world offers; keys, the ledger and redaction are not its business."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, runtime_checkable

from incidents.action import Action, ActionKind, Outcome, Plan
from incidents.inventory import Inventory
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect


class Adapter(Protocol):
    """Rollback, restart, scale, ... of some services by one means."""

    #: Whether it takes actions whose arguments say `undo`; the others undo by an action of the same form.
    undoes: bool

    @property
    def arrives_within(self) -> timedelta:
        """How long after it was sent a request that was cut may still take effect.

        Zero where nothing leaves this machine but programs, which hold the key's lock.
        """
        ...

    @property
    def goes_on_elsewhere(self) -> timedelta | None:
        """How long after it was sent something may go on that was begun on another machine, under its locks.

        None: what came of it is to be seen on that machine alone.
        """
        ...

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """The kinds of change that it can make, and the services for which it can."""
        ...

    async def plan(self, action: Action) -> Plan:
        """A dry run that changes nothing; what it observes stays the same while nothing changes.

        Raises:
            ActionRefused: an argument is not in the inventory, or there is nothing to do.
            ToolFailed: the target does not answer.
        """
        ...

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Make the change and wait, within patience, until it has settled.

        `effect.begin()` is called right before each request or program that changes something; the parts of
        one change that leave the target broken when they stand alone are begun as one.

        Raises:
            ToolFailed: the target fell silent; `found` says later what became of it.
            StaleLease: from `effect.begin()`.
        """
        ...

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """What the world shows of a deed that was interrupted, or None if it took no effect at all.

        It is asked only when no program runs any more that was started for it.

        Raises:
            ToolFailed: nobody can say.
        """
        ...

    async def check(self) -> str:
        """A small real question, and what it found, in words.

        Raises:
            ToolFailed: it cannot be used as it is configured.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class Counting(Protocol):
    """What an adapter has beside that can tell what it would change without a dry run."""

    async def inventory(self, service: str) -> Inventory:
        """What it knows of one of its services.

        Raises:
            ToolFailed: the target does not answer.
        """
        ...


@runtime_checkable
class Patching(Protocol):
    """What an adapter has beside that can make a hotfix of a patch; the others take commits only."""

    @property
    def patches(self) -> bool:
        """Whether its configuration allows it."""
        ...
