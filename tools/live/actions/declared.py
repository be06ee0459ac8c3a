"""What a team's script and a server's tool have in common as actions: bounded values, and what they say."""

import re
from collections.abc import Collection, Mapping

from incidents.action import Action, ActionKind, Arguments, Observed
from incidents.errors import ActionRefused
from tools.live.repository import COMMIT
from tools.live.settings_tools import HOLES, Declared
from tools.wording import plain

HOLE = re.compile(r"\{(" + "|".join(HOLES) + r")\}")
#: A dry run observes by lines such as `observed: running version = 1.2`; every other line is an effect.
_OBSERVED = re.compile(r"\s*observed:\s*([^=]{1,80}?)\s*=\s*(.*)", re.IGNORECASE)
#: As much of what was said is looked at, in characters; as many lines are shown, and each so long.
READ, _LINES, LONGEST = 64_000, 40, 300

Values = Mapping[str, str | int | bool]


def values_of(spec: Declared, action: Action, key: str) -> Values:
    """What may be filled in for an action; each value is from the inventory or of a narrow type.

    Raises:
        ActionRefused: a value is not among the allowed ones.
    """
    values: dict[str, str | int | bool] = {"service": action.service, "key": key}
    for name, value in action.arguments.given().items():
        if name == "undo":
            continue
        if not _may(spec, name, as_text(value)):
            shown = ", ".join(spec.allowed) or "none"
            raise ActionRefused(
                f"{name} {as_text(value)!r} is not allowed to {action.title}; allowed: {shown}"
            )
        values[name] = value
    return values


def need(holes: Collection[str], values: Values, action: Action) -> None:
    """Make sure that an action has what is to be filled in.

    Raises:
        ActionRefused: it has not.
    """
    if lacking := sorted(set(holes) - set(values)):
        raise ActionRefused(f"what is configured to {action.title} needs {', '.join(lacking)}")


def filled(text: str, values: Values) -> str:
    """A text with the values in it."""
    return HOLE.sub(lambda hole: as_text(values[hole[1]]), text)


def as_text(value: str | int | bool) -> str:
    """A value as it is written: `true` rather than `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def told(text: str) -> tuple[tuple[Observed, ...], tuple[str, ...]]:
    """The observed state and the effects that a dry run told; either may be empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_OBSERVED.fullmatch(line) for line in lines]
    observed = tuple(Observed(name=one[1], value=plain(one[2], LONGEST)) for one in found if one)
    effects = [plain(line, LONGEST) for line, one in zip(lines, found, strict=True) if not one]
    if len(effects) > _LINES:
        effects = [*effects[:_LINES], f"({len(effects) - _LINES} more lines)"]
    return observed, tuple(effects)


def last_lines(text: str) -> str:
    """The end of what was said, in a line; empty if nothing was."""
    lines = [line for line in text.splitlines() if line.strip()]
    return plain(" / ".join(lines[-3:]), LONGEST)


def undo_of(action: Action) -> Action | None:
    """The action that takes one back; there is none for an undo."""
    if action.arguments.undo:
        return None
    return action.model_copy(update={"arguments": action.arguments.model_copy(update={"undo": True})})


def sample(spec: Declared) -> Action | None:
    """An action to try the configuration with; there is none for a hotfix, which needs a commit."""
    kind, value = ActionKind(spec.action), next(iter(spec.allowed), None)
    given: dict[str, str | int | bool | None] = {}
    match kind:
        case ActionKind.HOTFIX:
            return None
        case ActionKind.ROLLBACK:
            given = {"version": value}
        case ActionKind.FEATURE_FLAG:
            given = {"flag": value, "enabled": True}
        case ActionKind.SCALE:
            given = {"replicas": int(value) if value and value.isdecimal() else 1}
    return Action(kind=kind, service=spec.services[0], arguments=Arguments.model_validate(given))


def _may(spec: Declared, name: str, text: str) -> bool:
    if spec.allowed and name != "enabled":
        return text in spec.allowed
    return name in {"enabled", "replicas"} or (name == "commit" and bool(COMMIT.fullmatch(text)))
