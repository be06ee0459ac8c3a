"""A team's own script as a typed action: argv without a shell, bounded values, bounded time, redacted."""

import re
from collections.abc import Mapping

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.errors import ActionRefused, SettingsError, ToolFailed
from tools.clock import Clock
from tools.live.actions.ledger import Deed
from tools.live.process import Ran, run
from tools.live.repository import COMMIT
from tools.live.secrets import Secrets
from tools.live.spec import Command
from tools.redact import redact
from tools.words import CONTROL, plain

_HOLE = re.compile(r"\{(service|version|replicas|commit|flag|enabled|key)\}")
#: A dry run observes by lines such as `observed: running version = 1.2`; every other line is an effect.
_OBSERVED = re.compile(r"\s*observed:\s*([^=]{1,80}?)\s*=\s*(.*)", re.IGNORECASE)
_READ, _LINES, _LONGEST = 64_000, 40, 300
#: A shorter value is no secret, and replacing it would garble what is said.
_SECRET = 4


class CommandActions:
    """The adapter for one command.

    Args:
        spec: the programs, and what may stand in their arguments.
        secrets: resolves what the programs get beside PATH.
        clock: when an outcome is told.
    """

    undoes = True

    def __init__(self, spec: Command, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._kind = ActionKind(spec.action)
        if self._kind in {ActionKind.ROLLBACK, ActionKind.FEATURE_FLAG} and not spec.allowed:
            raise SettingsError(f"backends.actions: a command for {self._kind} needs `allowed`")

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """One kind of change."""
        return {self._kind: frozenset(self._spec.services)}

    async def plan(self, action: Action) -> Plan:
        """What the dry run prints; raises as the port says, also where the dry run fails."""
        undoes = bool(action.arguments.undo)
        ran = await self._run(self._spec.dry_run, action, "")
        if ran.status and not undoes:
            raise ActionRefused(f"the dry run of {action.title} failed ({ran.status}): {self._said(ran)}")
        observed, effects = _told(self._clean(ran.out))
        if undoes:
            effects = (
                f"the undo command is run: {plain(' '.join(self._argv(self._spec.undo, action, '')))}",
            )
        return Plan(action=action, observed=observed, effects=effects, undo=self._undo(action))

    async def make(self, deed: Deed) -> Outcome:
        """Run it; its exit status decides."""
        action = deed.plan.action
        ran = await self._run(self._spec.undo if action.arguments.undo else self._spec.run, action, deed.key)
        said = self._said(ran)
        detail = said if not ran.status else f"the command failed with status {ran.status}: {said}"
        return Outcome(done=not ran.status, detail=detail, at=self._clock.now())

    async def found(self, deed: Deed) -> Outcome | None:
        """What the status command says; None if it says that the key was never begun."""
        action = deed.plan.action
        unknown = f"it is not known whether it was done to {action.title}"
        if not self._spec.status:
            raise ToolFailed(f"{unknown}: the command has no `status`; look at {action.service}")
        ran = await self._run(self._spec.status, action, deed.key)
        if ran.status not in {0, 1}:
            raise ToolFailed(f"{unknown}: the status command ended with {ran.status}: {self._said(ran)}")
        if ran.status == 1:
            return None
        return Outcome(done=True, detail=self._said(ran), at=self._clock.now())

    async def check(self) -> str:
        """That the dry run of the first service and value can be run."""
        value = next(iter(self._spec.allowed), None)
        argument = {ActionKind.ROLLBACK: "version", ActionKind.FEATURE_FLAG: "flag"}.get(self._kind)
        given: dict[str, str | int | bool | None] = {argument: value} if argument else {}
        if self._kind is ActionKind.FEATURE_FLAG:
            given["enabled"] = True
        if self._kind is ActionKind.SCALE:
            given["replicas"] = int(value) if value and value.isdecimal() else 1
        if self._kind is ActionKind.HOTFIX:
            return f"{self._kind}: {self._spec.dry_run[0]} is run when there is a commit to try it with"
        arguments = Arguments.model_validate(given)
        action = Action(kind=self._kind, service=self._spec.services[0], arguments=arguments)
        ran = await self._run(self._spec.dry_run, action, "")
        return f"{self._kind}: the dry run to {action.title} ended with {ran.status}: {self._said(ran)}"

    async def aclose(self) -> None:
        """Nothing is open."""

    def _undo(self, action: Action) -> Action | None:
        if not self._spec.undo or action.arguments.undo:
            return None
        return action.model_copy(update={"arguments": action.arguments.model_copy(update={"undo": True})})

    def _argv(self, template: tuple[str, ...], action: Action, key: str) -> list[str]:
        """The arguments with the action's values; each is from the inventory or of a narrow type.

        Raises:
            ActionRefused: a value is not among the allowed ones, or one that is needed is not given.
        """
        given = {"service": action.service, "key": key}
        for name, value in action.arguments.given().items():
            if name == "undo":
                continue
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if not self._may(name, text):
                shown = ", ".join(self._spec.allowed) or "none"
                raise ActionRefused(f"{name} {text!r} is not allowed to {action.title}; allowed: {shown}")
            given[name] = text
        holes = {name for part in template for name in _HOLE.findall(part)}
        if lacking := sorted(holes - set(given)):
            raise ActionRefused(f"the command to {action.title} needs {', '.join(lacking)}")
        return [_HOLE.sub(lambda hole: given[hole[1]], part) for part in template]

    def _may(self, name: str, text: str) -> bool:
        if self._spec.allowed and name != "enabled":
            return text in self._spec.allowed
        return name in {"enabled", "replicas"} or (name == "commit" and bool(COMMIT.fullmatch(text)))

    async def _run(self, template: tuple[str, ...], action: Action, key: str) -> Ran:
        argv = self._argv(template, action, key)
        return await run(argv, timeout=self._spec.timeout, environment=self._environment())

    def _environment(self) -> dict[str, str]:
        try:
            refs = self._spec.environment.items()
            return {name: self._secrets(ref).get_secret_value() for name, ref in refs}
        except SettingsError as error:
            raise ToolFailed(f"the command for {self._kind} was not run: {error}") from None

    def _clean(self, text: str) -> str:
        """What a program printed first, in whole lines, without the secrets that it was given or others."""
        text = text if len(text) <= _READ else text[:_READ].rpartition("\n")[0]
        for secret in self._environment().values():
            if len(secret) >= _SECRET:
                text = text.replace(secret, "<credential>")
        return redact(CONTROL.sub("", text))

    def _said(self, ran: Ran) -> str:
        lines = [line for line in self._clean(f"{ran.out}\n{ran.err}").splitlines() if line.strip()]
        return plain(" / ".join(lines[-3:]), _LONGEST) or "it printed nothing"


def _told(text: str) -> tuple[tuple[Observed, ...], tuple[str, ...]]:
    """The observed state and the effects that a dry run printed."""
    lines = [line for line in text.splitlines() if line.strip()]
    found = [_OBSERVED.fullmatch(line) for line in lines]
    observed = tuple(Observed(name=one[1], value=plain(one[2], _LONGEST)) for one in found if one)
    effects = [plain(line, _LONGEST) for line, one in zip(lines, found, strict=True) if not one]
    if len(effects) > _LINES:
        effects = [*effects[:_LINES], f"({len(effects) - _LINES} more lines)"]
    return (
        observed or (Observed(name="observed state", value="the dry run tells none"),),
        tuple(effects) or ("the dry run printed no effect",),
    )
