"""What may stand in an action's arguments: names, as releases, commits and flags have them, and no code."""

import re

from incidents.action import Action
from incidents.errors import ActionRefused

#: No space, quote, bracket or shell character, and no `-` in front, which a command would take for an option.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+:@/~=,^-]{0,199}")


def check_arguments(action: Action) -> None:
    """Whoever writes into the record of changes writes into the inventory; a name is all that gets through.

    Raises:
        ActionRefused: an argument is no name.
    """
    for name, given in action.arguments.given().items():
        if isinstance(given, str) and not _NAME.fullmatch(given):
            raise ActionRefused(f"the {name} {given[:80]!r} is no name of one, so nothing is done with it")
