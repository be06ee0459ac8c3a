"""Reads a decision, or those of an incident, as `nexus.service.decision_view` shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from incidents.act_permission import ActPermission
from incidents.action import ActionKind, ActionState, Approval, Plan, Proposal
from incidents.actor import Actor, Via, person_id
from incidents.aftermath import Stage, how_it_stands
from incidents.catalogue import Catalogue
from incidents.errors import UnknownName
from incidents.events import Event, revokes
from incidents.findings import Diagnosis, Evidence
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy, as_signed
from incidents.risks import risks_of
from incidents.standing import Standing, standing
from nexus.config.runbook import runbook_of
from nexus.home import Home
from nexus.sanitize import line
from nexus.service.decision_view import Change, Considered, DecisionView, Source
from nexus.service.pages.worlds import world_facts
from nexus.service.unsigned_view import unsigned_view
from nexus.store.find import find_incident
from nexus.store.records import WorldKind, WorldRef
from tools.felt import title
from tools.plainly import plainly

#: As much of an evidence is shown beside the link to it.
_LONGEST = 140
_PAST = frozenset(
    {
        ActionState.REJECTED, ActionState.EXPIRED, ActionState.REVOKED, ActionState.FAILED,
        ActionState.DRIFTED,
    }
)  # fmt: skip
#: A plan that a role made this long before its proposal is what people sign.
_SHARED = timedelta(minutes=1)


@dataclass(frozen=True)
class _Ground:
    """All that is read to show the decisions of one incident."""

    incident: Incident
    title: str
    catalogue: Catalogue
    permissions: dict[str, ActPermission]
    now: datetime
    policy: ApprovalPolicy
    people: tuple[Actor, ...]
    signed: tuple[Approval, ...]
    waiting: tuple[Event, ...]
    begun: frozenset[str]
    evidence: dict[str, Evidence]
    watch: timedelta


@dataclass(frozen=True)
class DecisionQueries:
    """The door of those who look at decisions."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home)

    async def decision(self, identity: str, action: str, actor: Actor, other: str = "") -> DecisionView:
        """One proposed change, as somebody sees it.

        Args:
            identity: the incident's id.
            action: the proposal's id.
            actor: who looks.
            other: the name of somebody else of whom it is asked what they may do.

        Raises:
            UnknownName: there is no such incident or proposal, or nobody of that name.
        """
        ground = await self._ground(identity)
        proposal = ground.incident.proposal(action)
        if proposal is None:
            raise UnknownName("action", action, (one.id for one in ground.incident.proposals))
        return _view(ground, proposal, _somebody(ground, other) if other else actor)

    async def cards(self, identity: str, actor: Actor) -> tuple[DecisionView, ...]:
        """Those that an incident's page shows: what waits or runs, else the last one; what waits first.

        Raises:
            UnknownName: there is no such incident.
        """
        ground = await self._ground(identity)
        proposals = ground.incident.proposals
        views = [_view(ground, one, actor) for one in reversed(proposals) if not _past(one)]
        if not views and proposals:
            views = [_view(ground, proposals[-1], actor)]
        return tuple(sorted(views, key=lambda one: not one.waits))

    async def _ground(self, identity: str) -> _Ground:
        store = self.home.store
        incident, world = await find_incident(store, identity), await store.world_of(identity)
        live = world.kind is WorldKind.LIVE
        catalogue = world_facts(world, self.home.settings).catalogue
        permitted = [await store.permission(one.digest) for one in incident.proposals] if live else []
        return _Ground(
            incident=incident,
            title=title(incident, catalogue),
            catalogue=catalogue,
            permissions={one.digest: one for one in permitted if one is not None},
            now=self.home.clock.now() if live else await store.clock_of(identity),
            policy=self.home.policy_of(world),
            people=_people(self.home, world),
            signed=await store.approvals(identity),
            waiting=await store.events(identity),
            begun=frozenset(intent.key for intent in await store.unfinished(identity)),
            evidence={one.id: one for one in await store.evidence(identity)},
            watch=runbook_of(self.home.settings).watch.lasts,
        )


def _people(home: Home, world: WorldRef) -> tuple[Actor, ...]:
    """Those who could be asked; nobody where a name is enough."""
    if world.kind is WorldKind.CASE:
        return tuple(Actor.named(name, Via.HTTP) for name in home.settings.people)
    # Imported late: the settings of backends are not needed for incidents of recorded worlds.
    from nexus.config.site import load_site  # noqa: PLC0415

    return tuple(
        Actor(id=one.identity, name=one.name, roles=one.roles, via=Via.HTTP, authenticated=True)
        for one in load_site(Path(world.path)).active_people
    )


def _somebody(ground: _Ground, name: str) -> Actor:
    """Somebody of whom it is asked; where nobody is named, anybody."""
    found = next((one for one in ground.people if person_id(name) in {one.id, person_id(one.name)}), None)
    if found is None and ground.people:
        raise UnknownName("person", name, (one.name for one in ground.people))
    return found or Actor.named(name, Via.HTTP)


def _past(proposal: Proposal) -> bool:
    """Whether nothing is to be seen of it any more beside what the timeline tells."""
    return proposal.state in _PAST


def _view(ground: _Ground, proposal: Proposal, actor: Actor) -> DecisionView:
    incident, now = ground.incident, ground.now
    proposal = as_signed(proposal, ground.signed, ground.policy)
    if any(revokes(event, proposal) for event in ground.waiting):
        proposal = proposal.revoked()

    def of(somebody: Actor) -> Standing:
        return standing(proposal, somebody, ground.policy, now, incident.severity, ground.waiting)

    aftermath = how_it_stands(incident, proposal, now, proposal.execution_key in ground.begun)
    diagnosis = incident.diagnosis
    waits = aftermath.stage is Stage.WAITING
    permission = ground.permissions.get(proposal.digest)
    return DecisionView(
        incident=incident.id,
        incident_title=ground.title,
        severity=incident.severity,
        over=not incident.open,
        now=now,
        id=proposal.id,
        digest=proposal.digest,
        state=proposal.state,
        aftermath=aftermath,
        change=_change(proposal, tuple(ground.evidence.values())),
        reason=plainly(proposal.reason),
        proposed_by=proposal.proposed_by,
        engine=proposal.engine,
        proposed_at=proposal.proposed_at,
        cause=_cause(diagnosis),
        confidence=diagnosis.confidence if diagnosis is not None else None,
        sources=tuple(_source(ground.evidence[one]) for one in proposal.evidence if one in ground.evidence),
        considered=tuple(_considered(incident, proposal)),
        signals=incident.signals,
        watch_seconds=ground.watch.total_seconds(),
        needed=proposal.approvers_needed,
        missing=proposal.missing if waits else 0,
        signatures=proposal.approvals,
        you=of(actor),
        people=tuple(of(one) for one in ground.people),
        begins_at=proposal.begins_at if waits else None,
        unsigned=unsigned_view(incident, proposal, permission, ground.catalogue, ground.policy)
        if permission is not None
        else None,
        expires_at=proposal.expires_at,
        left_seconds=(proposal.expires_at - now).total_seconds() if waits else None,
    )


def _cause(diagnosis: Diagnosis | None) -> str | None:
    """What it is, without the id of the change: that is told in words behind it."""
    if diagnosis is None:
        return None
    told = diagnosis.summary
    return plainly(told.replace(f"{diagnosis.change}: ", "") if diagnosis.change is not None else told)


def _source(evidence: Evidence) -> Source:
    said = plainly(line(evidence.summary))
    return Source(
        id=evidence.id, tool=evidence.tool, at=evidence.at,
        summary=said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…",
    )  # fmt: skip


def _change(proposal: Proposal, evidence: Sequence[Evidence]) -> Change:
    plan, action = proposal.plan, proposal.action
    before, after = from_and_to(plan)
    return Change(
        kind=action.kind, service=action.service, title=action.title, before=before, after=after,
        observed=plan.observed, observed_at=_observed_at(proposal, evidence), effects=plan.effects,
        risks=risks_of(plan), concerns=proposal.concerns,
        undo=plan.undo.title if plan.undo is not None else None, undo_of=proposal.undo_of,
    )  # fmt: skip


def from_and_to(plan: Plan) -> tuple[str | None, str | None]:
    """What a plan changes, before and after, where it is one value: `2026.11.2` and `2026.11.1`."""
    args, seen = plan.action.arguments, {fact.name: fact.value for fact in plan.observed}
    running = str(plan.running) if plan.running is not None else None
    match plan.action.kind:
        case ActionKind.ROLLBACK:
            return next((value for name, value in seen.items() if "version" in name), None), args.version
        case ActionKind.SCALE:
            return running, str(args.replicas)
        case ActionKind.FEATURE_FLAG:
            return seen.get(f"flag {args.flag}"), "on" if args.enabled else "off"
        case _:
            return None, None


def _observed_at(proposal: Proposal, evidence: Sequence[Evidence]) -> datetime:
    """When the plan looked: at its dry run, a moment before it was proposed."""
    looks = [
        one.at
        for one in evidence
        if one.tool == "plan_action"
        and one.id in proposal.evidence
        and proposal.proposed_at - _SHARED <= one.at <= proposal.proposed_at
    ]
    return max(looks, default=proposal.proposed_at)


def _considered(incident: Incident, proposal: Proposal) -> list[Considered]:
    """Other causes with what ruled them out, other changes with why not, what was asked before."""
    causes = incident.diagnosis.alternatives if incident.diagnosis is not None else ()
    found = [
        Considered(
            text=plainly(one.summary),
            why=plainly(one.ruled_out_by or "not ruled out"),
            evidence=one.evidence,
        )
        for one in causes
    ]
    found += [Considered(text=plainly(one)) for one in proposal.considered]
    before = incident.proposals[: incident.proposals.index(incident.proposal(proposal.id) or proposal)]
    return found + [Considered(text=f"{one.id}: {one.action.title}", why=f"{one.state}") for one in before]
