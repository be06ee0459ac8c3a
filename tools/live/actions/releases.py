"""Rollback, restart and scaling of services that run from a releases folder under a process manager.

A rollback points the link at a version that is laid out and ran before, restarts the processes and waits
until they are healthy. If they do not become healthy, nothing goes back by itself: people decide.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.action import Action, ActionKind, Arguments, Observed, Outcome, Plan
from incidents.changes import Change, ChangeKind
from incidents.errors import ActionRefused, SettingsError
from incidents.inventory import Inventory
from tools.clock import Clock
from tools.live.actions.action_log import ActionRecord
from tools.live.actions.effect import Effect
from tools.live.actions.health import Health
from tools.live.actions.layout import Layout
from tools.live.actions.supervise import Manager, Member, Supervisord, Systemd
from tools.live.actions.wait import until
from tools.live.settings import Releases
from tools.wording import clock_time

_RELEASED = frozenset({ChangeKind.DEPLOY, ChangeKind.CONFIG})
#: What a call of the manager may take beyond patience: it stops and starts a process.
_GRACE = timedelta(seconds=10)


@dataclass(frozen=True)
class _Seen:
    """How a service stands."""

    link: str
    members: Sequence[Member]
    answering: str | None
    healthy: bool
    why: str

    @property
    def running(self) -> int:
        return sum(member.running for member in self.members)


class ReleasesActions:
    """The adapter for one releases folder.

    Args:
        spec: the folder, the services and how their processes are kept.
        clock: when an outcome is told.
        manager: another one than the spec names, such as a systemctl elsewhere.
        pause: before the second look at a service that settles; the next ones come up to ten times slower.
    """

    undoes = False
    arrives_within = _GRACE
    goes_on_elsewhere = None

    def __init__(
        self,
        spec: Releases,
        clock: Clock,
        manager: Manager | None = None,
        pause: timedelta = timedelta(seconds=0.1),
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._pause = pause
        self._layout = Layout(spec.root)
        self._manager = manager or _manager(spec, clock)
        self._health = Health(spec.health)

    @property
    def offers(self) -> Mapping[ActionKind, frozenset[str]]:
        """Rollback and restart, and scaling where the manager can."""
        every = frozenset(self._spec.services)
        scales = every if self._spec.scales is None else every & frozenset(self._spec.scales)
        return {
            ActionKind.ROLLBACK: every,
            ActionKind.RESTART: every,
            ActionKind.SCALE: scales if self._manager.scales else frozenset(),
        }

    async def inventory(self, service: str) -> Inventory:
        """How many processes of a service are to run."""
        members = await self._manager.members(self._program(service))
        return Inventory(service=service, instances=sum(one.wanted for one in members))

    async def plan(self, action: Action) -> Plan:
        """A dry run; raises as the port says."""
        members = await self._manager.members(self._program(action.service))
        running = self._layout.current(action.service)
        observed = [
            Observed(name="running version", value=running),
            Observed(name="running since", value=clock_time(self._since(action.service, running))),
        ]
        answering = (await self._health.look(action.service)).version
        if answering not in {None, running}:
            observed.append(Observed(name="answering version", value=str(answering)))
        if action.kind is ActionKind.ROLLBACK:
            return self._rollback(action, running, tuple(observed))
        if action.kind is ActionKind.SCALE:
            return self._scale(action, tuple(observed), members)
        effects = (
            f"the instances of {action.service} restart one after the other",
            "what they hold in memory is lost; calls under way may fail",
        )
        return Plan(action=action, observed=tuple(observed), effects=effects)

    async def make(self, deed: ActionRecord, effect: Effect) -> Outcome:
        """Switch, restart or resize, then wait until the service is healthy."""
        action = deed.plan.action
        program = self._program(action.service)
        if action.kind is ActionKind.SCALE:
            await self._manager.resize(program, action.arguments.replicas or 1, effect.begin)
        else:
            await self._manager.restart(program, self._switched(action, effect))
        return await self._settled(deed)

    def _switched(self, action: Action, effect: Effect) -> Callable[[], float]:
        """Called before each process is restarted: before a rollback's first one the link is switched.

        Not sooner: who is killed between the link and the first restart leaves the old version running.
        """

        def begin() -> float:
            until = effect.begin()
            version = action.arguments.version
            if action.kind is ActionKind.ROLLBACK and self._layout.current(action.service) != version:
                self._layout.point(action.service, version or "")
            return until

        return begin

    async def found(self, deed: ActionRecord) -> Outcome | None:
        """Judged by the link, the processes and their health; None if nothing of it is to be seen."""
        seen = await self._look(deed)
        return await self._settled(deed) if self._touched(deed, seen) else None

    async def check(self) -> str:
        """Which versions run, and whether the manager knows their processes."""
        said = await self._manager.check()
        shown = []
        for service in self._spec.services:
            members = await self._manager.members(self._program(service))
            shown.append(f"{service} {self._layout.current(service)} ({_instances(len(members))})")
        return f"{said}; {', '.join(shown)}"

    async def aclose(self) -> None:
        """Close the connections."""
        await self._manager.aclose()
        await self._health.aclose()

    def _program(self, service: str) -> str:
        return self._spec.programs.get(service, service)

    def _since(self, service: str, version: str) -> datetime:
        released = self._released(service)
        latest = released[-1] if released and released[-1].version_to == version else None
        return latest.time if latest is not None else self._layout.since(service)

    def _released(self, service: str) -> Sequence[Change]:
        """The log's changes of what runs; other changes of configuration name no version that is laid out."""
        laid_out = self._layout.versions(service)
        logged = self._layout.changes(service)
        return [one for one in logged if one.kind in _RELEASED and one.version_to in laid_out]

    def _rollback(self, action: Action, running: str, observed: tuple[Observed, ...]) -> Plan:
        service, target = action.service, action.arguments.version or ""
        laid_out = self._layout.versions(service)
        if target not in laid_out:
            shown = ", ".join(laid_out) or "none"
            raise ActionRefused(f"{service} has no release {target!r}; laid out are {shown}")
        if target == running:
            raise ActionRefused(f"{service} already runs {running}; there is nothing to roll back")
        if why := self._unproven(service, target):
            proven = [one for one in laid_out if one != running and not self._unproven(service, one)]
            raise ActionRefused(f"{why}; versions that ran before: {', '.join(proven) or 'none'}")
        return Plan(
            action=action,
            observed=observed,
            effects=(
                f"{service} goes from {running} to {target}",
                "its instances restart one after the other; calls under way may fail",
            ),
            undo=Action(kind=action.kind, service=service, arguments=Arguments(version=running)),
        )

    def _unproven(self, service: str, version: str) -> str:
        """Why a version is none to go back to: the log does not know that it ran, or that it did so well."""
        released = self._released(service)
        arrivals = [one for one in released if one.version_to == version]
        if not arrivals and all(one.version_from != version for one in released):
            return f"{service} {version} is laid out, but the releases log does not say that it ever ran"
        if self._layout.failed(service, version):
            return f"{service} {version} did not become healthy when it ran last"
        return ""

    def _scale(self, action: Action, observed: tuple[Observed, ...], members: Sequence[Member]) -> Plan:
        service, wanted = action.service, action.arguments.replicas or 1
        most = min(len(members), self._spec.max_replicas)
        now = sum(one.wanted for one in members)
        if wanted > most:
            raise ActionRefused(f"{service} can have {_instances(most)} at most, {wanted} were asked for")
        if wanted == now:
            raise ActionRefused(f"{service} already has {_instances(now)}; there is nothing to scale")
        back = Action(kind=action.kind, service=service, arguments=Arguments(replicas=now)) if now else None
        return Plan(
            action=action,
            observed=(*observed, Observed(name="replicas", value=str(now))),
            effects=(f"{service} goes from {now} to {_instances(wanted)}",),
            undo=back,
        )

    async def _look(self, deed: ActionRecord) -> _Seen:
        service = deed.plan.action.service
        members = await self._manager.members(self._program(service))
        health = await self._health.look(service)
        return _Seen(self._layout.current(service), members, health.version, health.ok, health.said)

    def _touched(self, deed: ActionRecord, seen: _Seen) -> bool:
        action = deed.plan.action
        if action.kind is ActionKind.ROLLBACK:
            return seen.link == action.arguments.version
        if action.kind is ActionKind.RESTART:
            return any(_fresh(one, deed) or not one.running for one in seen.members)
        was = {fact.name: fact.value for fact in deed.plan.observed}["replicas"]
        return str(sum(member.wanted for member in seen.members)) != was

    async def _settled(self, deed: ActionRecord) -> Outcome:
        async def well() -> _Seen | None:
            seen = await self._look(deed)
            return seen if self._as_wanted(deed, seen) else None

        service = deed.plan.action.service
        seen = await until(well, self._spec.patience, self._pause)
        done = seen is not None
        seen = seen or await self._look(deed)
        self._record(deed, seen, done)
        states = ", ".join(f"{one.name} {one.state}" for one in seen.members)
        detail = (
            f"{service} runs {seen.link} with {_instances(seen.running)} and is healthy ({seen.why})"
            if done
            else f"not healthy within {self._spec.patience.total_seconds():g} s: the link points to "
            f"{seen.link}, {seen.why}; processes: {states}"
        )
        return Outcome(done=done, detail=detail, at=self._clock.now())

    def _as_wanted(self, deed: ActionRecord, seen: _Seen) -> bool:
        action = deed.plan.action
        if not seen.healthy or seen.answering not in {None, seen.link}:
            return False
        if action.kind is ActionKind.SCALE:
            return seen.running == action.arguments.replicas == sum(one.wanted for one in seen.members)
        wanted = [member for member in seen.members if member.wanted]
        return bool(wanted) and all(one.running and _fresh(one, deed) for one in wanted)

    def _record(self, deed: ActionRecord, seen: _Seen, done: bool) -> None:
        action = deed.plan.action
        was = {fact.name: fact.value for fact in deed.plan.observed}
        kind, before, now = ChangeKind.INFRA, "", ""
        if action.kind is ActionKind.ROLLBACK:
            kind, before, now = ChangeKind.DEPLOY, was["running version"], seen.link
        elif action.kind is ActionKind.SCALE:
            before, now = _instances(int(was["replicas"])), _instances(action.arguments.replicas or 1)
            kind = ChangeKind.SCALE
        self._layout.record(deed, kind, before, now, healthy=done, shared=self._spec.keep_log)


def _fresh(member: Member, deed: ActionRecord) -> bool:
    """Whether a process was started after the deed was begun; managers tell whole seconds."""
    return member.started is not None and member.started >= deed.begun.replace(microsecond=0)


def _instances(count: int) -> str:
    return "1 instance" if count == 1 else f"{count} instances"


def _manager(spec: Releases, clock: Clock) -> Manager:
    if spec.systemd == (spec.supervisor is not None):
        raise SettingsError(
            "backends.actions: a releases adapter needs either `supervisor` or `systemd: true`"
        )
    timeout = spec.patience + _GRACE
    return Supervisord(spec.supervisor, timeout, clock) if spec.supervisor is not None else Systemd(timeout)
