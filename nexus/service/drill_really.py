"""A drill that really makes a change, on a target that nexus.yaml declares for it, as a person signs it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incidents.access import Permission
from incidents.action import ActionKind, ActionState, Approval, Outcome, Plan, Proposal, Verdict, digest_of
from incidents.actor import Actor
from incidents.drill import Drill, last_of, taking_back
from incidents.errors import ActionRefused, ApprovalRefused, Refused
from incidents.findings import Window
from incidents.policy import decide, permit
from incidents.proofs import LASTS
from nexus.config.site import DrillTarget
from nexus.runtime.connections import SiteConnections
from nexus.service.drill_carrying import Carrying
from nexus.service.drill_steps import LOOKS_BACK
from nexus.service.drilling import Drilling, drill_id
from nexus.store.audit import Deed, DeedKind
from tools.clock import Clock
from tools.ports import World
from tools.redaction.world import redacted_world

#: For so long a person may think about what they are shown.
_EXPIRES = timedelta(minutes=30)


@dataclass(frozen=True)
class RealDrill:
    """The door of those who sign it.

    Attributes:
        calm: what says whether the day is.
        clock: the wall's, except in tests.
        pause: lets a span pass.
    """

    calm: Drilling
    clock: Clock
    pause: Callable[[timedelta], Awaitable[None]]

    async def offered(self, service: str) -> Proposal:
        """What would be made there: the undo of its last change, which is itself taken back afterwards.

        Raises:
            Refused: it is no target, the day is not calm, or there is nothing to take back.
            ToolFailed: a backend does not answer.
        """
        target = self._target(service)
        if (why := await self.calm.not_calm(service)) is not None:
            raise Refused(f"no drill now: {why}")
        now = self.clock.now()
        async with self._world(now) as world:
            return self._proposal(target, await self._planned(world, service, now), drill_id(now), now)

    async def run(self, actor: Actor, service: str, digest: str) -> Drill:
        """Make what was shown, watch it, take it back, watch that; one that was cut off goes on instead.

        Raises:
            Forbidden: they may not.
            Refused: as `offered`; it is no longer what was shown; it takes more than one person.
            ToolFailed: the target or the metrics fell silent; typed again it goes on.
        """
        home, site = self.calm.home, self.calm.site
        site.policy.require(actor, Permission.DECIDE)
        target, now = self._target(service), self.clock.now()
        kept = await self._unfinished(service)
        async with self._world(kept.at if kept is not None else now) as world:
            begun = await self._begun(kept, world) if kept is not None else None
            drill = begun or await self._signed(actor, target, world, digest)
            carrying = Carrying(world, self.clock, target.watch, self.pause, home.store.keep_drill)
            done = await carrying.through(drill)
        said = "passed" if done.passed else "failed"
        deed = Deed.by(actor, DeedKind.DRILL, self.clock.now(), about=done.id, said=said)
        await home.store.keep_drill(done, deed)
        return done

    async def _unfinished(self, service: str) -> Drill | None:
        """The drill of a service that was cut off, if one was."""
        drills = await self.calm.home.store.drills(self.calm.site.site, self.clock.now() - LASTS)
        return next((one for one in drills if one.unfinished and one.services == (service,)), None)

    async def _begun(self, drill: Drill, world: World) -> Drill | None:
        """A drill that was cut off; one of which nothing was begun is over: a signature does not wait."""
        change = drill.change
        if change is None or change.outcome is not None:
            return drill
        if await world.actions.status(change.execution_key) is not None:
            return drill
        nothing = Outcome(done=False, detail="it was cut off before anything was begun", at=self.clock.now())
        over = change.model_copy(update={"state": ActionState.FAILED, "outcome": nothing})
        await self.calm.home.store.keep_drill(drill.model_copy(update={"change": over}))
        return None

    async def _signed(self, actor: Actor, target: DrillTarget, world: World, digest: str) -> Drill:
        """The drill with the change as it was signed, kept before it begins."""
        home, site, service = self.calm.home, self.calm.site, target.service
        if (why := await self.calm.not_calm(service)) is not None:
            raise Refused(f"no drill now: {why}")
        now = self.clock.now()
        proposal = self._proposal(target, await self._planned(world, service, now), drill_id(now), now)
        approval = Approval(
            action=proposal.id, digest=digest, verdict=Verdict.APPROVE, by=actor.name, person=actor.id,
            via=actor.via, authenticated=actor.authenticated, at=now,
        )  # fmt: skip
        try:
            signed = decide(proposal, approval, site.policy)
            if signed.state is not ActionState.APPROVED:
                raise Refused(f"it takes {proposal.approvers_needed} people; a drill is signed by one")
            permit(signed, site.policy, now)
        except (ApprovalRefused, ActionRefused) as refused:
            raise Refused(f"{refused}; nothing was begun") from None
        drill = Drill(
            id=proposal.incident, site=site.site, at=now, by=actor.name, services=(service,), steps=(),
            stands_for=target.stands_for, change=signed.model_copy(update={"state": ActionState.EXECUTING}),
        )  # fmt: skip
        await Carrying(world, self.clock, target.watch, self.pause, home.store.keep_drill).signals(drill)
        said = Deed.by(actor, DeedKind.DRILL, now, about=drill.id, said="approve", digest=digest)
        await home.store.keep_drill(drill, said)
        return drill

    async def _planned(self, world: World, service: str, now: datetime) -> Plan:
        changes = await world.changes.changes(Window(start=now - LOOKS_BACK, end=now))
        last = last_of(changes, service)
        action = taking_back(last) if last is not None else None
        if action is None:
            raise Refused(f"no change of {service} is recorded in {LOOKS_BACK.days} days that can be undone")
        plan = await world.actions.plan(action)
        if plan.undo is None:
            raise Refused(f"no undo is prepared to {action.title}: it is not tried")
        return plan

    def _proposal(self, target: DrillTarget, plan: Plan, identity: str, now: datetime) -> Proposal:
        """Its digest is of the change, its target and its undo, the same until one of them changes."""
        kind: ActionKind = plan.action.kind
        return Proposal(
            id="A1", incident=identity, plan=plan, digest=digest_of(f"drill of {target.service}", "A1", plan),
            reason="a drill", proposed_by="nexus", engine="code", proposed_at=now, expires_at=now + _EXPIRES,
            approvers_needed=self.calm.site.policy.needed(kind),
        )  # fmt: skip

    def _target(self, service: str) -> DrillTarget:
        declared = {one.service: one for one in self.calm.site.drills}
        if service not in declared:
            named = ", ".join(declared) or "none"
            raise Refused(
                f"{service} is not declared for drills, nothing is really changed there; "
                f"`drills` of nexus.yaml names {named}"
            )
        return declared[service]

    @asynccontextmanager
    async def _world(self, began: datetime) -> AsyncIterator[World]:
        """The live world; how things usually are is what they were before the drill."""
        home, windows = self.calm.home, self.calm.site.windows
        quiet = Window(start=began - windows.quiet, end=began)
        connections = SiteConnections(home, self.calm.path, self.clock)
        try:
            async with connections.use() as live:
                yield redacted_world(replace(live.world, quiet=quiet))
        finally:
            await connections.aclose()
