"""What one way to change the world offers; keys, the ledger and redaction are not its business."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from incidents.action import Action, ActionKind, Outcome, Plan
from tools.live.actions.action_log import ActionRecord


class Adapter(Protocol):
    """Rollback, restart, scale, ... of some services by one means."""

    #: Whether it takes actions whose arguments say `undo`; the others undo by an action of the same form.
    undoes: bool

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

    async def make(self, deed: ActionRecord) -> Outcome:
        """Make the change and wait, within patience, until it has settled.

        Raises:
            ToolFailed: the target fell silent; `found` says later what became of it.
        """
        ...

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """What the world shows of a deed that was interrupted, or None if it took no effect at all.

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
class Patching(Protocol):
    """What an adapter has beside that can make a hotfix of a patch; the others take commits only."""

    @property
    def patches(self) -> bool:
        """Whether its configuration allows it."""
        ...
