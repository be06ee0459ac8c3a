"""What an approver sees, at three in the morning: what would change, why, and how to take it back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from incidents.action import ActionState, Approval, Proposal, Verdict
from incidents.findings import Diagnosis, Evidence
from nexus.cli.terminal.style import LABEL, facts, hour, joined, plain, severity, short, table, words
from nexus.sanitize import role_name
from nexus.service.undecided import Undecided

_STATES = {
    ActionState.PROPOSED: "bold yellow",
    ActionState.APPROVED: "green",
    ActionState.REJECTED: "red",
    ActionState.EXPIRED: "grey62",
    ActionState.REVOKED: "grey62",
    ActionState.EXECUTING: "bold cyan",
    ActionState.UNKNOWN: "bold red",
    ActionState.DONE: "bold green",
    ActionState.FAILED: "bold red",
    ActionState.DRIFTED: "red",
    ActionState.SHADOW: "grey62",
}

_URGENT = timedelta(minutes=10)


def approvals_table(undecided: Sequence[Undecided]) -> RenderableType:
    """Every proposal that waits for people, soonest expiry first."""
    waiting = sorted(
        ((one, proposal) for one in undecided for proposal in one.pending),
        key=lambda pair: pair[1].expires_at,
    )
    if not waiting:
        return Text("Nothing waits for an approval.")
    made = table("", "Waits", "Change", "Given", "Expires")
    made.columns[1].no_wrap = made.columns[4].no_wrap = True
    made.columns[2].ratio = 1
    made.columns[2].overflow = "fold"
    made.expand = True
    for one, proposal in waiting:
        made.add_row(
            severity(one.severity),
            joined(Text(one.incident, "bold"), Text(proposal.id, "bold yellow"), by=" "),
            joined(plain(proposal.action.title, "bold"), plain(one.title, LABEL), by="\n"),
            _count(proposal),
            _left(proposal, one.now),
        )
    return made


def unsettled_line(proposal: Proposal) -> Text:
    """A change that was begun and of which nobody can tell what became: a person may say it."""
    what = f"{proposal.incident} {proposal.id} ({proposal.action.title}) is {words(proposal.state)}"
    return joined(plain(what, "bold red"), plain(proposal.settling), by=": ")


#: How many results are quoted: the whole panel should fit on a screen.
_SHOWN = 4


def proposal_panel(proposal: Proposal, about: Undecided) -> RenderableType:
    """One proposal for its approver.

    Args:
        proposal: what is asked.
        about: the incident that it is for; of evidence that it does not hold the bare ids are shown.
    """
    body = Group(
        Text.assemble((proposal.action.title, "bold"), style="bold white"),
        _section("What will change", [plain(effect) for effect in proposal.plan.effects]),
        _section("From this observed state", [_observed(proposal)]),
        _section("Why", [plain(proposal.reason)]),
        _section("Diagnosis", _doubts(about.diagnosis)),
        _section("Evidence", _evidence(proposal, about.evidence)),
        Text(),
        _terms(proposal, about.now),
    )
    title = joined(severity(about.severity), Text(f"{about.incident} {proposal.id}", "bold yellow"), by=" ")
    return Panel(body, title=title, title_align="left", border_style="yellow", padding=(1, 2))


def _section(title: str, lines: Sequence[Text]) -> RenderableType:
    if not lines:
        return Group()
    listed = [Padding(one, (0, 0, 0, 2)) for one in lines]
    return Group(Text(), Text(title, LABEL), *listed)


def _observed(proposal: Proposal) -> Text:
    seen = [joined(plain(f.name, LABEL), plain(f.value), by=" ") for f in proposal.plan.observed]
    return joined(*seen, by="   ") if seen else Text("nothing was observed", "bold red")


def _evidence(proposal: Proposal, evidence: Sequence[Evidence]) -> list[Text]:
    known = {one.id: one for one in evidence}
    lines = [
        joined(
            plain(identity, "cyan"), plain(short(known[identity].summary, 110)) if identity in known else ""
        )
        for identity in proposal.evidence[:_SHOWN]
    ]
    left = len(proposal.evidence) - _SHOWN
    if left > 0:
        lines.append(Text(f"and {left} more: nexus show {proposal.incident}", LABEL))
    return lines or [Text("none is cited", "bold red")]


def _doubts(diagnosis: Diagnosis | None) -> list[Text]:
    """How sure the diagnosis is, and what speaks against it."""
    if diagnosis is None:
        return [Text("there is no diagnosis", "bold red")]
    lines = [plain(f"{diagnosis.confidence} confidence: {diagnosis.summary}")]
    if diagnosis.disagreement:
        lines.append(plain(f"Disagreement: {diagnosis.disagreement}", "yellow"))
    return lines


def _terms(proposal: Proposal, now: datetime) -> RenderableType:
    terms = facts()
    undo = proposal.plan.undo
    terms.add_row("Undo", plain(undo.title) if undo else Text("there is no prepared undo", "bold red"))
    terms.add_row("Proposed by", joined(role_name(proposal.proposed_by), plain(proposal.engine, LABEL)))
    terms.add_row("Approvals", joined(_count(proposal), _decided(proposal)))
    terms.add_row("Expires", _left(proposal, now))
    terms.add_row("Digest", Text(proposal.digest[:12], "bold"))
    return terms


def _count(proposal: Proposal) -> Text:
    given = sum(one.verdict is Verdict.APPROVE for one in proposal.approvals)
    return Text(f"{given} of {proposal.approvers_needed}")


def _decided(proposal: Proposal) -> Text:
    return plain(", ".join(f"{said(one)} by {one.by}" for one in proposal.approvals), LABEL)


def _left(proposal: Proposal, now: datetime) -> Text:
    left = proposal.expires_at - now
    minutes = int(left.total_seconds() // 60)
    if left <= timedelta():
        return Text(f"expired at {hour(proposal.expires_at)}", "bold red")
    style = "bold red" if left <= _URGENT else "yellow"
    return joined(Text(f"in {minutes} min", style), Text(hour(proposal.expires_at), LABEL))


def said(approval: Approval) -> str:
    """What a person said to a proposal."""
    return "approved" if approval.verdict is Verdict.APPROVE else "rejected"


def state(of: ActionState) -> Text:
    """Where a proposal stands."""
    return Text(words(of), _STATES[of])
