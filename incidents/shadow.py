"""What of an incident is in shadow: everything runs, and nothing of it leaves Nexus. Pure.

It is decided when the incident begins and kept on it: a later change of `nexus.yaml` neither lets out nor
silences half of one.
"""

from incidents.action import Action, ActionKind
from incidents.value import Value

#: What an incident is filed under that is in shadow whole, beside the keys of its alerts.
SHADOW = "shadow"


class Shadow(Value):
    """What is in shadow.

    Attributes:
        whole: nobody is told or asked, and nothing is changed.
        services: changes of these are proposed in shadow.
        kinds: so are changes of these kinds, wherever.
    """

    whole: bool = False
    services: tuple[str, ...] = ()
    kinds: tuple[ActionKind, ...] = ()

    @property
    def told(self) -> str:
        """What is in shadow, in words; empty where nothing is."""
        if self.whole:
            return "in shadow: nothing of it leaves Nexus, nobody is asked, nothing is changed"
        parts = [f"of {', '.join(self.services)}"] if self.services else []
        kinds = ", ".join(one.replace("_", " ") for one in self.kinds)
        parts += [f"of the kind {kinds}"] if kinds else []
        return f"changes {' or '.join(parts)} stand in shadow" if parts else ""

    def keeps(self, action: Action) -> bool:
        """Whether a change is proposed in shadow: the strictest that fits decides."""
        return self.whole or action.service in self.services or action.kind in self.kinds


#: Nothing is.
LIVE = Shadow()
