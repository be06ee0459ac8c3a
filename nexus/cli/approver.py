"""Who answers while an incident runs in this terminal."""

import asyncio
import getpass
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.prompt import Prompt

from incidents.action import Approval, Proposal, Verdict
from incidents.actor import Actor, Via
from incidents.errors import NexusError
from incidents.incident import Incident
from nexus.cli.signing import authenticated, live_people
from nexus.home import Home
from nexus.runtime.waiting import Approver, Nobody
from nexus.service.undecided import Undecided, UndecidedQueries

if TYPE_CHECKING:
    from nexus.service.identity import People


def approver(mode: str, home: Home, console: Console) -> Approver:
    """The approver of `--approve`: everything, nothing, or the person at the terminal, asked there."""
    if mode == "all":
        return _everything(home)
    if mode == "none":
        return _nobody_answers
    return _asking(home, console) if sys.stdin.isatty() else _nobody_is_here


async def _nobody_answers(incident: Incident, proposal: Proposal, now: datetime) -> None:
    """Time passes until the proposal expires."""


async def _nobody_is_here(incident: Incident, proposal: Proposal, now: datetime) -> Nobody:
    """The incident is left for another process."""
    return Nobody()


def _everything(home: Home) -> Approver:
    """Approves whatever is proposed; under a policy with names it takes those, else it says what it is."""

    async def answer(incident: Incident, proposal: Proposal, now: datetime) -> Approval:
        number = len(proposal.approvals)
        policy = await home.policy_for(incident.id)
        change = proposal.action
        named = [who for who in policy.people if policy.may(who, change.kind, change.service)]
        name = named[number % len(named)] if named else f"--approve all ({number + 1})"
        by = Actor.named(name, Via.CLI)
        return _approval(proposal, Verdict.APPROVE, by, now, "")

    return answer


def _asking(home: Home, console: Console) -> Approver:
    """Shows the proposal and asks, once for each person that is needed."""

    async def answer(incident: Incident, proposal: Proposal, now: datetime) -> Approval | Nobody:
        from nexus.cli.terminal.approvals import proposal_panel

        console.print()
        queries = UndecidedQueries.of(home)
        about = Undecided.of(incident, now, await queries.cited(incident))
        console.print(proposal_panel(proposal, about))
        people = live_people(home, await queries.live_configuration(incident.id))
        # In a thread: a live incident goes on with its duties while somebody thinks.
        said = await asyncio.to_thread(_prompted, proposal, console, people)
        if said is None:
            return Nobody()
        by, verdict, note = said
        return _approval(proposal, verdict, by, now, note)

    return answer


def _prompted(
    proposal: Proposal, console: Console, people: "People | None"
) -> tuple[Actor, Verdict, str] | None:
    """Who says what, and why; None for later."""
    said = Prompt.ask("Approve?", choices=["yes", "no", "later"], console=console)
    if said == "later":
        return None
    by = _signer(proposal, console, people)
    if said == "yes":
        return by, Verdict.APPROVE, ""
    return by, Verdict.REJECT, Prompt.ask("Why not? The agents look again with your reason", console=console)


def _signer(proposal: Proposal, console: Console, people: "People | None") -> Actor:
    """Who decides, where there are people by their own token; a second signature needs a second person."""
    signed = {approval.signer for approval in proposal.approvals}
    while True:
        name = Prompt.ask("Your name", default=getpass.getuser(), console=console)
        try:
            actor = Actor.named(name, Via.CLI)
            if people is not None:
                token = getpass.getpass(f"Token of {actor.name}: ")
                actor = authenticated(people, actor.name, token)
        except NexusError as refused:
            console.print(str(refused), style="yellow", markup=False)
            continue
        if actor.id not in signed:
            return actor
        console.print("Somebody else has to sign now.", style="yellow")


def _approval(proposal: Proposal, verdict: Verdict, actor: Actor, now: datetime, note: str) -> Approval:
    return Approval(
        action=proposal.id,
        digest=proposal.digest,
        verdict=verdict,
        by=actor.name,
        person=actor.id,
        via=actor.via,
        authenticated=actor.authenticated,
        at=now,
        note=note,
    )
