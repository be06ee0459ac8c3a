"""Somebody at a terminal who is asked about proposals: a client of the commands, like everybody else."""

import asyncio
from collections.abc import Callable

from incidents.action import Approval
from incidents.actor import Actor, Via
from incidents.errors import Refused
from nexus.home import Home
from nexus.runtime.waiting import Approver
from nexus.service.decisions import IncidentDecisions
from tools.clock import Clock

#: How often it looks for what waits to be decided, in seconds.
PROPOSAL_POLL = 0.25


async def ask_about(
    home: Home,
    incident: str,
    approver: Approver,
    clock: Clock,
    refused: Callable[[Refused], None],
) -> None:
    """Ask an approver about each proposal that waits, once for each signature, and send what it decides.

    Args:
        home: whose incident it is.
        incident: its id.
        approver: is shown the proposal; it decides, or does not, and says whether it knows who that was.
        clock: the wall's.
        refused: told of a decision that does not count.
    """
    decisions, asked = IncidentDecisions.of(home), set[tuple[str, int]]()
    while True:
        known = await home.find(incident)
        for proposal in known.pending:
            signature = proposal.id, len(proposal.approvals)
            if signature in asked:
                continue
            asked.add(signature)
            answer = await approver(known, proposal, clock.now())
            if isinstance(answer, Approval):
                by = Actor(id=answer.signer, name=answer.by, via=Via.CLI, authenticated=answer.authenticated)
                what = {"action": answer.action, "digest": answer.digest, "note": answer.note}
                try:
                    await decisions.decide(incident, answer.verdict, actor=by, **what)
                except Refused as error:
                    refused(error)
        await asyncio.sleep(PROPOSAL_POLL)


async def left_by_the_agents(home: Home, incident: str) -> None:
    """Wait until an incident owes nothing any more, or people have it, whoever drives it."""
    while not ((known := await home.find(incident)).closed or known.in_peoples_hands):  # noqa: ASYNC110
        await asyncio.sleep(PROPOSAL_POLL)
