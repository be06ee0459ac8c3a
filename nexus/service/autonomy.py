"""What may begin without a person: what the policy says, whom a change needs and why, and who renews it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from incidents.access import Permission
from incidents.act_permission import ActPermission, PermissionState, Withdrawal
from incidents.action import ActionKind, ActionState, Proposal
from incidents.actor import Actor
from incidents.autonomy import Autonomy
from incidents.catalogue import Catalogue
from incidents.earned import Judged, grounds_of, judge
from incidents.errors import Forbidden, Refused, UnknownName
from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from incidents.value import Value
from nexus.config.site import Site, load_site
from nexus.home import Home
from nexus.store.audit import Deed, DeedKind
from nexus.store.earned import EarnedPermissions
from nexus.store.records import WorldKind


class PolicyView(Value):
    """The policy of a site.

    Attributes:
        autonomy: what nexus.yaml says; null: nothing, so that people sign every change.
        digest: of all that it says, as permissions name it.
        withdrawals: what waits for a person to renew it.
    """

    site: str
    autonomy: Autonomy | None
    digest: str | None
    withdrawals: tuple[Withdrawal, ...]


class Explained(Value):
    """Why a change needs whom.

    Attributes:
        state: where it stands.
        said: how it was decided, or whom it needs, in a sentence.
        judged: what the policy says of it as of now; null once nobody has to decide on it any more.
        permission: that of the change, where it had or has one.
    """

    incident: str
    proposal: str
    change: str
    state: ActionState
    said: str
    judged: Judged | None = None
    permission: ActPermission | None = None


@dataclass(frozen=True)
class AutonomyDoor:
    """The door of those who ask about it and renew it."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home)

    async def view(self, site: Site) -> PolicyView:
        """What a site's policy says, and what is withdrawn."""
        autonomy = site.autonomy
        return PolicyView(
            site=site.site, autonomy=autonomy, digest=autonomy.digest if autonomy is not None else None,
            withdrawals=await self.home.store.withdrawals(site.site),
        )  # fmt: skip

    async def explain(self, identity: str, action: str | None = None) -> Explained:
        """Why a change needs whom; the last that an incident proposed, if none is named.

        Raises:
            UnknownName: there is no such incident or change.
            Refused: nothing was proposed yet.
        """
        incident = await self.home.find(identity)
        named = action if action is not None else last_proposed(identity, incident.proposals)
        proposal = incident.proposal(named)
        if proposal is None:
            raise UnknownName("action", named, (one.id for one in incident.proposals))
        permission = await self.home.store.permission(proposal.digest)
        judged = await self._judged(incident, proposal) if proposal.state is ActionState.PROPOSED else None
        return Explained(
            incident=identity, proposal=proposal.id, change=proposal.action.title, state=proposal.state,
            said=_said(proposal, judged, permission), judged=judged, permission=permission,
        )  # fmt: skip

    async def renew(self, site: Site, kind: ActionKind, service: str, *, actor: Actor) -> PolicyView:
        """Let the record of a kind and a service count again from now on.

        Raises:
            Forbidden: they do not decide on such changes.
            Refused: nothing is withdrawn there.
        """
        policy = site.policy
        policy.require(actor, Permission.DECIDE)
        if policy.people and (actor.name not in policy.people or not policy.may(actor.name, kind, service)):
            raise Forbidden(f"{actor.name} does not decide on a {kind} of {service}; somebody else has to")
        deed = Deed.by(actor, DeedKind.RENEW, self.home.clock.now(), about=f"{kind} {service}")
        if not await self.home.store.renew_permission(site.site, kind, service, deed):
            raise Refused(f"nothing is withdrawn for a {kind} of {service}; nothing was changed")
        return await self.view(site)

    async def _judged(self, incident: Incident, proposal: Proposal) -> Judged:
        world = await self.home.store.world_of(incident.id)
        policy, action = self.home.policy_of(world), proposal.action
        usual = policy.needed(action.kind, incident.severity, action.service)
        live = world.kind is WorldKind.LIVE
        now = self.home.clock.now() if live else await self.home.store.clock_of(incident.id)
        site = load_site(Path(world.path)) if live else None
        earned = EarnedPermissions(self.home.store, site.site if site is not None else "")
        record = await earned.record(incident, action, now)
        catalogue = site.catalogue if site is not None else Catalogue()
        begins_at = proposal.begins_at or _begins(policy, now)
        grounds = grounds_of(incident, proposal, record, catalogue, policy.freezes, begins_at)
        return judge(incident.id, proposal, policy.autonomy, usual, grounds)


def last_proposed(identity: str, proposals: Sequence[Proposal]) -> str:
    """The id of the change that an incident proposed last.

    Raises:
        Refused: nothing was proposed yet.
    """
    if not proposals:
        raise Refused(f"{identity} has proposed no change yet")
    return proposals[-1].id


def _begins(policy: ApprovalPolicy, now: datetime) -> datetime:
    return now + policy.autonomy.announce if policy.autonomy is not None else now


def _said(proposal: Proposal, judged: Judged | None, permission: ActPermission | None) -> str:
    name = proposal.id
    if permission is not None and permission.state in {PermissionState.USED, PermissionState.WITHDRAWN}:
        since = f"; withdrawn since, for {permission.why}" if permission.why else ""
        return f"{name} began without a signature, by its record: {permission.record.told}{since}"
    if judged is None:
        signed = " and ".join(one.by for one in proposal.approvals)
        return f"{name} is {proposal.state}" + (f"; {signed} decided" if signed else "")
    if proposal.begins_at is not None and proposal.undo_of is None:
        at = f"{proposal.begins_at:%H:%M:%S} UTC"
        return f"{name} begins by itself at {at} unless somebody rejects it; nobody has to sign"
    people = "a person signs it" if judged.usual == 1 else f"{judged.usual} people sign it"
    return f"{name} waits until {people}"
