"""A team's own script as a typed action: argv without a shell, bounded values, bounded time, redacted."""

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

from incidents.action import Action, ActionKind, Observed, Outcome, Plan
from incidents.errors import ActionRefused, SettingsError, ToolFailed
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.declared import HOLE, READ, filled, last_lines, need, sample, told, undo_of, values_of
from tools.live.actions.effect import Effect
from tools.live.actions.key_lock import Ended
from tools.live.process import Ran, run
from tools.live.secrets import SecretRef, Secrets, without
from tools.live.settings import Command
from tools.redaction.redact import redact
from tools.wording import CONTROL, plain

#: So long after its limit a command is killed by its guard at the latest.
GUARD_WAITS = timedelta(seconds=5)


class CommandActions:
    """The adapter for one command.

    Args:
        spec: the programs, and what may stand in their arguments.
        secrets: resolves what the programs get beside PATH.
        clock: when an outcome is told.
    """

    #: A command holds the lock of its key; what it sends is its own to answer for in `status`.
    arrives_within = timedelta()

    def __init__(self, spec: Command, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._secrets = secrets
        self._clock = clock
        self._kind = ActionKind(spec.action)
        self.undoes = bool(spec.undo)

    @property
    def goes_on_elsewhere(self) -> timedelta:
        """As long as its guard lets the command run, which is there too when Nexus is gone."""
        return self._spec.timeout + GUARD_WAITS

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
        observed, effects = told(self._clean(ran.out))
        if undoes:
            effects = (
                f"the undo command is run: {plain(' '.join(self._argv(self._spec.undo, action, '')))}",
            )
        return Plan(
            action=action,
            observed=observed or (Observed(name="observed state", value="the dry run tells none"),),
            effects=(*(effects or ("the dry run printed no effect",)), *self._lent()),
            undo=undo_of(action) if self.undoes else None,
        )

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Run it; its exit status decides."""
        action = deed.plan.action
        template = self._spec.undo if action.arguments.undo else self._spec.run
        given = await self._given(action, deed.key)
        until = effect.begin()
        ran = await self._run(template, action, deed.key, effect.descriptor, until, given)
        said = self._said(ran, given.values())
        detail = said if not ran.status else f"the command failed with status {ran.status}: {said}"
        return self._outcome(detail, done=not ran.status)

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """How it ended, if that was written down; else what the status command says of the key."""
        ended = deed.ended or Ended()
        if ended.late:
            return None
        if ended.problem:
            return self._outcome(f"the command cannot be started: {ended.problem}", done=False)
        if ended.status is not None:
            detail = f"the command ended with status {ended.status} while Nexus was away; its words are lost"
            return self._outcome(detail, done=not ended.status)
        found = await self._asked(deed)
        if found is None and ended.limit is not None:
            detail = (
                f"it did not end within {ended.limit:g} s and was killed; its status says that it is not done"
            )
            return self._outcome(detail, done=False)
        return found

    async def _asked(self, deed: ActionRecord) -> Outcome | None:
        """What the status command says; None if it says that the key was never begun.

        Raises:
            ToolFailed: there is none, or it cannot say.
        """
        action = deed.plan.action
        unknown = f"it is not known whether it was done to {action.title}"
        if not self._spec.status:
            raise ToolFailed(f"{unknown}: the command has no `status`; look at {action.service}")
        ran = await self._run(self._spec.status, action, deed.key)
        if ran.status not in {0, 1}:
            raise ToolFailed(f"{unknown}: the status command ended with {ran.status}: {self._said(ran)}")
        return self._outcome(self._said(ran), done=True) if ran.status == 0 else None

    async def check(self) -> str:
        """That the dry run of the first service and value can be run."""
        action = sample(self._spec)
        if action is None:
            return f"{self._kind}: {self._spec.dry_run[0]} is run when there is a commit to try it with"
        ran = await self._run(self._spec.dry_run, action, "")
        said = f"the dry run to {action.title} ended with {ran.status}: {self._said(ran)}"
        return f"{self._kind}: {said}{self._reach()}"

    async def aclose(self) -> None:
        """Nothing is open."""

    def _argv(self, template: tuple[str, ...], action: Action, key: str) -> list[str]:
        """The arguments with the action's values; raises like `values_of` and `need`."""
        values = values_of(self._spec, action, key)
        need([name for part in template for name in HOLE.findall(part)], values, action)
        return [filled(part, values) for part in template]

    def _outcome(self, detail: str, *, done: bool) -> Outcome:
        return Outcome(done=done, detail=detail, at=self._clock.now())

    def _lent(self) -> tuple[str, ...]:
        """What a change would be made with that is given for it alone, for whoever decides."""
        asked = self._spec.credential
        given = (
            f"it gets a {asked.variable} of its own from {asked.command[0]} when it begins" if asked else ""
        )
        return (given,) if given else ()

    def _reach(self) -> str:
        """What a change is made with that is there at any time."""
        if self._spec.credential is not None:
            return f"; each change gets its own {self._spec.credential.variable}"
        names = ", ".join(sorted(self._spec.environment))
        return f"; it holds {names} at any time, `credential` would give it for one change" if names else ""

    async def _given(self, action: Action, key: str) -> Mapping[str, str]:
        """What is given for this change alone; nothing has been begun yet.

        Raises:
            ToolFailed: its program gives none.
        """
        asked = self._spec.credential
        if asked is None:
            return {}
        environment = self._resolved(asked.environment)
        ran = await run(
            self._argv(asked.command, action, key), timeout=asked.timeout, environment=environment
        )
        why = redact(without(ran.err, environment.values()))  # what it printed may be the secret: not shown
        if ran.status:
            raise ToolFailed(
                f"{asked.command[0]} gave no credential to {action.title} ({ran.status}): "
                f"{last_lines(CONTROL.sub('', why)) or 'it gives no reason'}; nothing was begun"
            )
        lines = ran.out.strip().splitlines()
        if len(lines) != 1:
            raise ToolFailed(
                f"{asked.command[0]} printed {len(lines)} lines where a credential is one; nothing was begun"
            )
        return {asked.variable: lines[0].strip()}

    async def _run(
        self, template: tuple[str, ...], action: Action, key: str, record: int | None = None,
        until: float = math.inf, given: Mapping[str, str] = MappingProxyType({}),
    ) -> Ran:  # fmt: skip
        argv, environment = self._argv(template, action, key), {**self._environment(), **given}
        return await run(
            argv, timeout=self._spec.timeout, environment=environment, record=record, until=until
        )

    def _environment(self) -> dict[str, str]:
        return self._resolved(self._spec.environment)

    def _resolved(self, refs: Mapping[str, SecretRef]) -> dict[str, str]:
        try:
            return {name: self._secrets(ref).get_secret_value() for name, ref in refs.items()}
        except SettingsError as error:
            raise ToolFailed(f"the command for {self._kind} was not run: {error}") from None

    def _clean(self, text: str, given: Iterable[str] = ()) -> str:
        """What a program printed first, in whole lines, without the secrets that it was given or others."""
        text = text if len(text) <= READ else text[:READ].rpartition("\n")[0]
        return redact(CONTROL.sub("", without(text, [*self._environment().values(), *given])))

    def _said(self, ran: Ran, given: Iterable[str] = ()) -> str:
        return last_lines(self._clean(f"{ran.out}\n{ran.err}", given)) or "it printed nothing"
