"""What can be done to a recorded world: plans from what is recorded, executions into the ledger."""

from collections.abc import Callable, Sequence

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.catalogue import Catalogue
from incidents.changes import Change, ChangeKind
from incidents.errors import ActionRefused
from tools.action_arguments import check_arguments
from tools.clock import Clock
from tools.fence import Fence
from tools.recorded.replay_log import Deed, Deeds
from tools.wording import clock_time

_NOT_OBSERVED = "not recorded"
#: What runs in versions: code, and configuration that is released like it.
RELEASED = frozenset({ChangeKind.DEPLOY, ChangeKind.CONFIG})


class RecordedActions:
    """The actions port over a recording. What it saw done can be done, whatever else is known of the target.

    Args:
        catalogue: the only services that can be a target.
        known: every change of the recording; versions and flags come from it.
        so_far: the changes up to now, with those that actions made.
        clock: when an execution takes place.
        ledger: where executions are kept.
        reacts: whether something was recorded after an action.
        instances: how many of a service run now; None: not known.
        scaled: with which numbers of instances a service was recorded, where it was scaled.
    """

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        so_far: Callable[[], Sequence[Change]],
        clock: Clock,
        ledger: Deeds,
        reacts: Callable[[Action], bool],
        instances: Callable[[str], int | None],
        scaled: Callable[[str], Sequence[int]],
    ) -> None:
        self._catalogue = catalogue
        self._so_far = so_far
        self._clock = clock
        self._ledger = ledger
        self._reacts = reacts
        self._instances = instances
        self._scaled = scaled

    async def plan(self, action: Action) -> Plan:
        """A dry run; changes nothing.

        Raises:
            ActionRefused: the target or an argument is not in the inventory.
        """
        return self._plan(action)

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Do it once per key; a second call repeats the first outcome.

        Raises:
            ActionRefused: the target or an argument is not in the inventory.
            StaleLease: the fence is closed.
        """
        fence.may_act()
        return self._ledger.once(key, lambda: self._deed(action, key)).outcome

    async def status(self, key: str) -> Outcome | None:
        """What became of that key, or None if it was never done."""
        found = self._ledger.find(key)
        return found.outcome if found is not None else None

    def _deed(self, action: Action, key: str) -> Deed:
        plan = self._plan(action)
        now = self._clock.now()
        # Moments are written to the millisecond; the first answer must equal what is read back.
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        detail = f"done: {plan.action.title}"
        if not self._reacts(action):
            detail += "; the recording does not say what it leads to, so nothing else changes"
        return Deed(key=key, action=action, at=now, outcome=Outcome(done=True, detail=detail, at=now))

    def _plan(self, action: Action) -> Plan:
        if self._catalogue.find(action.service) is None:
            known = ", ".join(self._catalogue.names)
            raise ActionRefused(f"{action.service!r} is not in the service catalogue; known: {known}")
        check_arguments(action)
        return {
            ActionKind.ROLLBACK: self._rollback,
            ActionKind.HOTFIX: self._hotfix,
            ActionKind.SCALE: self._scale,
            ActionKind.FEATURE_FLAG: self._flag,
        }.get(action.kind, self._plain)(action)

    def _rollback(self, action: Action) -> Plan:
        deploys = [c for c in self._so_far() if c.kind in RELEASED and c.service == action.service]
        known = {version for c in deploys for version in (c.version_from, c.version_to) if version}
        target = action.arguments.version or ""
        if target not in known and not self._reacts(action):
            shown = ", ".join(sorted(known)) or "none is recorded"
            raise ActionRefused(f"{action.service} never ran version {target!r}; known versions: {shown}")
        running = deploys[-1].version_to if deploys else ""
        if target == running:
            raise ActionRefused(f"{action.service} already runs {running}; there is nothing to roll back")
        return Plan(
            action=action,
            observed=(
                Observed(name="running version", value=running or _NOT_OBSERVED),
                Observed(
                    name="running since", value=clock_time(deploys[-1].time) if deploys else _NOT_OBSERVED
                ),
            ),
            effects=(
                f"{action.service} goes from {running or 'what it runs'} to {target}",
                "its instances restart one after the other; calls under way may fail",
            ),
            undo=_undo(action, version=running) if running else None,
        )

    def _hotfix(self, action: Action) -> Plan:
        changes = [c for c in self._so_far() if c.service == action.service and c.commit]
        if action.arguments.patch is not None:
            raise ActionRefused(f"a recording of {action.service} can be read; a patch changes nothing in it")
        commit = action.arguments.commit or ""
        if not any(c.commit == commit for c in changes) and not self._reacts(action):
            shown = ", ".join(c.commit for c in changes) or "none is recorded"
            raise ActionRefused(
                f"{action.service} has no commit {commit!r} among its changes; known: {shown}"
            )
        return Plan(
            action=action,
            observed=(
                Observed(name="newest commit", value=changes[-1].commit if changes else _NOT_OBSERVED),
                self._running(action.service),
            ),
            effects=(f"a release of {action.service} that reverts {commit} is deployed",),
        )

    def _scale(self, action: Action) -> Plan:
        """Only to the numbers that were recorded, if it was scaled; else to any, if it is known what runs."""
        service, wanted = action.service, action.arguments.replicas or 1
        running, recorded = self._instances(service), self._scaled(service)
        if running is None and not recorded:
            raise ActionRefused(
                f"how many instances of {service} run is not recorded, so it cannot be scaled"
            )
        if recorded and wanted not in recorded:
            shown = ", ".join(map(str, recorded))
            raise ActionRefused(f"{service} with {wanted} instances was not recorded; known numbers: {shown}")
        if wanted == running:
            raise ActionRefused(f"{service} already runs with {running}; there is nothing to scale")
        from_some = "" if running is None else f"from {running} "
        return Plan(
            action=action,
            observed=(
                self._running(service),
                Observed(name="replicas", value=_NOT_OBSERVED if running is None else str(running)),
            ),
            effects=(f"{service} goes {from_some}to {wanted} instances",),
            undo=_undo(action, replicas=running) if running is not None else None,
        )

    def _flag(self, action: Action) -> Plan:
        flags = [c for c in self._so_far() if c.kind is ChangeKind.FLAG and c.service == action.service]
        name, wanted = action.arguments.flag or "", bool(action.arguments.enabled)
        named = any(name in {c.id, c.summary} or name in c.summary.split() for c in flags)
        if not named and not self._reacts(action):
            raise ActionRefused(f"{action.service} has no flag {name!r} among its recorded changes")
        return Plan(
            action=action,
            observed=(
                Observed(name=f"flag {name}", value=(flags[-1].version_to if flags else "") or _NOT_OBSERVED),
            ),
            effects=(f"flag {name} of {action.service} is set to {wanted}",),
            undo=_undo(action, flag=name, enabled=not wanted),
        )

    def _plain(self, action: Action) -> Plan:
        effects = {
            ActionKind.RESTART: (
                f"the instances of {action.service} restart one after the other",
                "what they hold in memory is lost; calls under way may fail",
            ),
            ActionKind.FAILOVER: (
                f"{action.service} is served by its replica; the newest writes may be lost",
            ),
            ActionKind.FALLBACK: (f"callers of {action.service} use their fallback or cache",),
        }[action.kind]
        return Plan(action=action, observed=(self._running(action.service),), effects=effects)

    def _running(self, service: str) -> Observed:
        deploys = [c for c in self._so_far() if c.kind is ChangeKind.DEPLOY and c.service == service]
        return Observed(name="running version", value=deploys[-1].version_to if deploys else _NOT_OBSERVED)


class NoActions:
    """The actions port of a quiet time that is only looked at."""

    async def plan(self, action: Action) -> Plan:
        """Refuse.

        Raises:
            ActionRefused: always.
        """
        raise ActionRefused(f"cannot {action.title}: a baseline recording is only looked at")

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Refuse.

        Raises:
            ActionRefused: always.
        """
        raise ActionRefused(f"cannot {action.title} ({key}): a baseline recording is only looked at")

    async def status(self, key: str) -> Outcome | None:
        """Nothing was ever done here."""
        del key
        return None


def _undo(action: Action, **arguments: str | bool | int) -> Action:
    return Action(kind=action.kind, service=action.service, arguments=Arguments.model_validate(arguments))
