"""A change that a drill really makes: begun, watched, taken back, watched. Each state is kept."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.action import ActionState, Outcome, Proposal, digest_of
from incidents.alert import Alert, AlertStatus
from incidents.drill import Drill, DrillStep, Part
from incidents.errors import ActionRefused, Refused
from incidents.incident import Incident
from incidents.verification import Recovery, Signal
from tools.clock import Clock
from tools.fence import UNFENCED
from tools.ports import World
from tools.telemetry.facts import measure
from tools.telemetry.recovery import watch
from tools.toolset import Sources

#: How often is looked while a change is watched, and how much after it is skipped.
EVERY, SETTLE = timedelta(minutes=1), timedelta(seconds=30)


@dataclass(frozen=True)
class Carrying:
    """What it takes.

    Attributes:
        lasts: how long is watched after the change, and after its undo.
        pause: lets a span pass.
        keep: keeps the drill as it stands.
    """

    world: World
    clock: Clock
    lasts: timedelta
    pause: Callable[[timedelta], Awaitable[None]]
    keep: Callable[[Drill], Awaitable[None]]

    async def signals(self, drill: Drill) -> tuple[Signal, ...]:
        """What is watched of the target.

        Raises:
            Refused: nothing measures it, so that nobody would see what a change does.
        """
        (service,) = drill.services
        found = (await measure(self._sources(drill))).signals
        mine = tuple(one.model_copy(update={"opened": True}) for one in found if one.service == service)
        if not mine:
            raise Refused(f"nothing measures {service}: a change could not be watched; nothing was begun")
        return mine

    async def through(self, drill: Drill) -> Drill:
        """The drill to its end, from where it stands. Begun again after a crash, nothing is done twice.

        Raises:
            ToolFailed: the target or the metrics fell silent; begun again it goes on.
        """
        signals = await self.signals(drill)
        change = drill.change
        assert change is not None  # it was signed  # noqa: S101
        if change.outcome is None:
            drill = await self._made(drill, change)
        if drill.change is not None and drill.change.state is ActionState.DONE and drill.change.seen is None:
            drill = await self._watched(drill, drill.change, signals)
        if drill.change is None or drill.change.state is not ActionState.DONE:
            return drill
        if drill.undo is None:
            drill = drill.model_copy(update={"undo": await self._undo(drill, drill.change)})
            await self.keep(drill)
        if drill.undo is not None and drill.undo.outcome is None:
            drill = await self._made(drill, drill.undo)
        if drill.undo is not None and drill.undo.state is ActionState.DONE and drill.undo.seen is None:
            drill = await self._watched(drill, drill.undo, signals)
        return drill

    async def _undo(self, drill: Drill, change: Proposal) -> Proposal:
        """The undo that was signed with the change, planned against the target as it is now."""
        assert change.plan.undo is not None  # without one nothing is offered  # noqa: S101
        plan, now = await self.world.actions.plan(change.plan.undo), self.clock.now()
        return change.model_copy(update={
            "id": "A2", "plan": plan, "digest": digest_of(drill.id, "A2", plan), "undo_of": change.id,
            "state": ActionState.EXECUTING, "outcome": None, "seen": None, "proposed_at": now,
        })  # fmt: skip

    async def _made(self, drill: Drill, one: Proposal) -> Drill:
        try:
            outcome = await self.world.actions.execute(one.action, one.execution_key, UNFENCED)
        except ActionRefused as refused:
            outcome = Outcome(done=False, detail=f"nothing was done: {refused}", at=self.clock.now())
        state = ActionState.DONE if outcome.done else ActionState.FAILED
        made = one.model_copy(update={"state": state, "outcome": outcome})
        return await self._kept(drill, made, outcome.detail, outcome.done, one.proposed_at)

    async def _watched(self, drill: Drill, one: Proposal, signals: tuple[Signal, ...]) -> Drill:
        assert one.outcome is not None  # it is done  # noqa: S101
        began, until = self.clock.now(), one.outcome.at + SETTLE + self.lasts
        while True:
            await self.pause(min(EVERY, max(until - self.clock.now(), timedelta(seconds=1))))
            since = one.outcome.at + SETTLE
            found = await watch(self._sources(drill), signals, one.outcome.at, since, self.clock.now())
            if found.verdict is Recovery.WORSE or self.clock.now() >= until:
                break
        seen = one.model_copy(update={"seen": found.verdict})
        passed = None if found.verdict is Recovery.UNKNOWN else found.verdict is Recovery.RECOVERED
        return await self._kept(drill, seen, f"watched: {found.summary}", passed, began)

    async def _kept(
        self, drill: Drill, one: Proposal, said: str, passed: bool | None, began: datetime
    ) -> Drill:
        seconds = max(0.0, (self.clock.now() - began).total_seconds())
        step = DrillStep(
            part=Part.REALLY, service=one.action.service, tried=one.action.title, passed=passed, said=said,
            seconds=seconds,
        )  # fmt: skip
        place = "change" if one.undo_of is None else "undo"
        drill = drill.model_copy(update={place: one, "steps": (*drill.steps, step)})
        await self.keep(drill)
        return drill

    def _sources(self, drill: Drill) -> Sources:
        """The drill as what the watch reads: nothing fires, and its changes are the last ones."""
        (service,) = drill.services
        alert = Alert(
            source="drill", title=f"a drill of {service}", service=service, status=AlertStatus.RESOLVED,
            starts_at=drill.at, received_at=drill.at, fingerprint=drill.id,
        )  # fmt: skip
        incident = Incident.opened(drill.id, (alert,), drill.at, "playbook", None)
        for one in (drill.change, drill.undo):
            incident = incident.with_proposal(one) if one is not None else incident
        return Sources(self.world, self.clock, incident)
