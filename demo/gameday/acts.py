"""A change that begins without a person on a game day: what shall come of it, and whether it did."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from demo.gameday.policy import KIND, PERSON, UNSIGNED
from demo.launcher import Shop
from incidents.act_permission import ActPermission, PermissionState, Withdrawal
from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.incident import Incident
from incidents.value import Value
from incidents.verification import Recovery
from nexus.config.site import load_site
from nexus.home import Home
from nexus.runtime.waiting import Approver
from nexus.service.autonomy import AutonomyDoor

#: So long after the announcement the person vetoes it; so long after its time it is looked whether it began.
READS, AFTER = timedelta(seconds=15), timedelta(seconds=10)
#: What the rebuilt release answers every payment with.
_GOOD, _BROKEN = 'return str(answer["authorisation"])', 'raise LookupError("no codec for this network")'


class Ending(StrEnum):
    """What shall come of it."""

    VETO = "veto"
    ACT = "act"
    WRONG = "wrong"


class Acted(Value):
    """What came of a change that began, or did not, without a person.

    Attributes:
        expected: what should.
        right: whether it did.
        told: what happened, in sentences.
    """

    expected: Ending
    right: bool
    told: tuple[str, ...]


def spoil(shop: Shop, version: str) -> None:
    """The release that is gone back to was built again, with a library that fails: all payments do, then."""
    app = shop.folder / "releases" / UNSIGNED / version / "app.py"
    text = app.read_text()
    if _GOOD not in text:
        raise ValueError(f"{UNSIGNED} {version} is another program than this knows")
    app.write_text(text.replace(_GOOD, _BROKEN))


@dataclass(frozen=True)
class Vetoing:
    """Somebody who reads the announcement and says no; nobody answers what is asked later."""

    say: Callable[[str], None]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def __call__(self, incident: Incident, proposal: Proposal, now: datetime) -> Approval | None:
        """Their no, once they have read it."""
        if proposal.begins_at is None:
            return None
        await self.pause(READS.total_seconds())
        at = now + READS
        left = (proposal.begins_at - at).total_seconds()
        self.say(f"{PERSON.name} vetoes {proposal.id}, {left:.0f} s before it begins")
        return Approval(
            action=proposal.id, digest=proposal.digest, verdict=Verdict.REJECT, by=PERSON.name,
            person=PERSON.id, via=PERSON.via, at=at, note="The bank asked us to wait",
        )  # fmt: skip


def person(ending: Ending, say: Callable[[str], None]) -> Approver:
    """Who is asked."""
    return Vetoing(say) if ending is Ending.VETO else nobody


async def nobody(incident: Incident, proposal: Proposal, now: datetime) -> None:
    """Nobody answers."""


def over(incident: Incident, permission: ActPermission | None, ending: Ending, now: datetime) -> bool:
    """Whether all has happened that can be waited for."""
    if incident.closed or incident.in_peoples_hands:
        return True
    if permission is None:
        return False
    if ending is Ending.VETO:
        return permission.state is not PermissionState.ANNOUNCED and now >= permission.begins_at + AFTER
    return permission.undone and any(_undid(one) for one in incident.proposals)


def acted(
    incident: Incident, permission: ActPermission | None, withdrawn: Withdrawal | None, ending: Ending
) -> Acted:
    """Hold what came of it against what should have."""
    if permission is None:
        return Acted(expected=ending, right=False, told=("nothing was announced: a person had to sign",))
    change = incident.proposals[0]
    signed = [one for each in incident.proposals for one in each.approvals if one.verdict is Verdict.APPROVE]
    told = [f"{change.id} to {change.action.title} was announced by this record: {permission.record.told}"]
    done = [one for one in incident.proposals if one.outcome is not None]
    told += [f"{one.id} to {one.action.title} {_when(one)}" for one in done]
    told += ["nothing was carried out"] if not done else []
    seen = incident.verification
    recovered = seen is not None and seen.action == change.id and seen.verdict is Recovery.RECOVERED
    told += [f"afterwards: {seen.summary}"] if seen is not None and done else []
    told += [f"the permission is {permission.state}{f': {permission.why}' if permission.why else ''}"]
    right = {
        Ending.VETO: permission.state is PermissionState.VETOED and not done and withdrawn is None,
        Ending.ACT: permission.state is PermissionState.USED and recovered and withdrawn is None,
        Ending.WRONG: permission.state is PermissionState.WITHDRAWN and withdrawn is not None
        and any(_undid(one) and one.undo_of == change.id for one in incident.proposals),
    }[ending]  # fmt: skip
    return Acted(expected=ending, right=right and not signed, told=tuple(told))


async def renewed(home: Home, incident: Incident) -> str:
    """A person renews what was withdrawn; how that stands afterwards, in a sentence."""
    site = load_site(Path((await home.store.world_of(incident.id)).path))
    view = await AutonomyDoor.of(home).renew(site, KIND, UNSIGNED, actor=PERSON)
    left = f"{len(view.withdrawals)} left" if view.withdrawals else "none is left"
    return f"{PERSON.name} renewed it (`nexus policy renew {KIND} {UNSIGNED}`): of withdrawals {left}"


def _undid(one: Proposal) -> bool:
    return one.undo_of is not None and one.state is ActionState.DONE


def _when(one: Proposal) -> str:
    at = f" at {one.outcome.at:%H:%M:%S} UTC" if one.outcome is not None else ""
    return f"{one.state}{at}, {'signed' if one.approvals else 'without a signature'}"
