"""How a person decides at a server that runs elsewhere: shown the proposal, for exactly that digest."""

import sys

from incidents.action import Verdict
from incidents.errors import ApprovalRefused
from nexus.cli.remote import Remote
from nexus.cli.signing import confirm, show_proposal
from nexus.service.deciding import full_digest, one_to_decide, one_to_revoke
from nexus.service.requests import Decision, Revoke
from nexus.service.views import Decided


def decide(
    far: Remote, identity: str, verdict: Verdict, note: str, action: str | None, digest: str | None
) -> Decided:
    """Show a proposal and send the decision on it.

    Raises:
        Refused: it does not count, or nobody decided.
        UsageError: there is no such proposal, or several wait and none is named.
    """
    found = far.proposals(identity)
    proposal = one_to_decide(found.incident, found.proposals, action)
    signed = full_digest(proposal, digest)
    if signed != proposal.digest:
        raise ApprovalRefused(
            f"{proposal.id} is {proposal.digest[:12]} now, not {signed[:12]}; look at it again"
        )
    show_proposal(proposal, found)
    if sys.stdin.isatty():
        confirm(f"{verdict.capitalize()} as {far.who().name}?")
    said = Decision(verdict=verdict, action=proposal.id, digest=signed, note=note)
    done = far.send(identity, said)
    assert isinstance(done, Decided)  # what a decision is answered with  # noqa: S101
    return done


def revoke(far: Remote, identity: str, note: str, action: str | None, digest: str | None) -> Decided:
    """Take back an approval; raises as `decide`."""
    found = far.proposals(identity)
    proposal = one_to_revoke(found.incident, found.proposals, action)
    said = Revoke(action=proposal.id, digest=full_digest(proposal, digest), note=note)
    done = far.send(identity, said)
    assert isinstance(done, Decided)  # as above  # noqa: S101
    return done
