"""The inventory of a recorded world: instances as recorded or scaled since, flags that its changes name."""

from collections.abc import Callable, Collection, Sequence

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import Change, ChangeKind
from incidents.inventory import FlagState, Inventory

_OFF = frozenset({"off", "false", "0", "disabled"})


class RecordedInventory:
    """What a recording tells of what runs.

    Args:
        so_far: the changes up to now, with those that actions made.
        instances: how many of a service run now; None: not known.
        reactions: the keys of actions after which something was recorded.
    """

    def __init__(
        self,
        *,
        so_far: Callable[[], Sequence[Change]],
        instances: Callable[[str], int | None],
        reactions: Collection[str],
    ) -> None:
        self._so_far = so_far
        self._instances = instances
        self._reactions = reactions

    async def inventory(self, service: str) -> Inventory:
        """What is known of a service now."""
        switched = [c for c in self._so_far() if c.kind is ChangeKind.FLAG and c.service == service]
        flags: dict[str, bool | None] = {}
        for change in switched:
            name, _, state = change.version_to.rpartition("=")
            flags[name or self._name(change, switched)] = state.lower() not in _OFF if state else None
        known = tuple(FlagState(name=name, on=on) for name, on in flags.items())
        return Inventory(service=service, instances=self._instances(service), flags=known or None)

    def _name(self, change: Change, switched: Sequence[Change]) -> str:
        """Ids are unique, so a record counts what is switched again: `name`, then `name-2`."""
        name, _, number = change.id.rpartition("-")
        if not number.isdecimal() or not name:
            return change.id
        again = any(other.id == name for other in switched) or name in change.summary.split()
        return name if again or self._reacts(change.service, name) else change.id

    def _reacts(self, service: str, flag: str) -> bool:
        wanted = [Arguments(flag=flag, enabled=on) for on in (True, False)]
        actions = [Action(kind=ActionKind.FEATURE_FLAG, service=service, arguments=one) for one in wanted]
        return any(action.key in self._reactions for action in actions)
