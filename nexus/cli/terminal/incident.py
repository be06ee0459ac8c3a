"""One incident for `nexus show`: the head, then each step's result, then the whole timeline."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from incidents.currency import money
from incidents.duration import format_duration
from incidents.findings import Category, Confidence, Diagnosis
from incidents.past import CAUTION
from incidents.people_did import told as people_did
from incidents.verification import Recovery, Verification
from nexus.cli.terminal.approvals import said, state
from nexus.cli.terminal.deliveries import dispositions_lines
from nexus.cli.terminal.style import (
    EDGE,
    LABEL,
    SEVERITIES,
    block,
    cited,
    facts,
    hour,
    joined,
    plain,
    severity,
    short,
    stamp,
    status,
    table,
    words,
)
from nexus.cli.terminal.timeline import timeline_view
from nexus.cli.terminal.told import told_lines
from nexus.cli.terminal.trace import failures_table, shares_table, totals_table
from nexus.sanitize import clean, role_name
from nexus.service.incident_view import ChangeView, IncidentView
from nexus.service.queries import DeadLetter
from tools.wording import quantity

_UNKNOWN = Text("unknown", "grey62")

_VERDICTS = {
    Recovery.RECOVERED: "bold green",
    Recovery.UNCHANGED: "yellow",
    Recovery.WORSE: "bold red",
    Recovery.UNKNOWN: "grey62",
}

_CONFIDENCES = {Confidence.HIGH: "bold green", Confidence.MEDIUM: "yellow", Confidence.LOW: "red"}


def incident_view(incident: IncidentView) -> RenderableType:
    """Everything about an incident, for a terminal of 80 columns or more; its ledger against the budget."""
    return Group(_head(incident), *_sections(incident), Text())


def _sections(incident: IncidentView) -> Iterator[RenderableType]:
    parts = (
        ("Alerts", dispositions_lines(incident.dispositions)),
        ("Set aside", _set_aside(incident.dead_letters)),
        ("Diagnosis", _diagnosis(incident.diagnosis)),
        ("Seen before", _past(incident)),
        ("Suspects", _suspects(incident)),
        ("Actions", _actions(incident.actions)),
        ("Verification", _verification(incident.verification)),
        ("Communications", _communications(incident)),
        ("Told outside", told_lines(incident.messages)),
        ("Notes", _notes(incident)),
        ("Notes of programs (no person wrote these)", _machine_notes(incident)),
        ("Timeline", list(timeline_view(incident.timeline))),
        ("Afterwards", _afterwards(incident)),
        ("Ledger", _ledger(incident)),
    )
    for title, body in parts:
        if body:
            yield Text()
            yield Rule(Text(title, "bold"), align="left", style=EDGE)
            yield from body


def _set_aside(letters: tuple[DeadLetter, ...]) -> list[RenderableType]:
    """Events that nothing was made of, and what to do about them."""
    return [
        plain(f"{hour(one.set_aside_at)} {one.named}: {one.why}. `nexus replay {one.incident} {one.event}`")
        for one in letters
    ]


def _head(incident: IncidentView) -> RenderableType:
    rows = facts()
    rows.add_row("Status", joined(status(incident.status), plain(incident.end_reason, LABEL)))
    rows.add_row("Step", joined(words(incident.step), Text(f"since {hour(incident.step_since)}", LABEL)))
    if told := incident.shadow.told:
        since = f"since {hour(incident.rests_since)} all is said" if incident.rests_since else ""
        rows.add_row("Shadow", joined(plain(told, "bold cyan"), Text(since, LABEL)))
    rows.add_row("Has it", _holder(incident))
    rows.add_row("Services", plain(", ".join(incident.services)) if incident.services else _UNKNOWN)
    rows.add_row("Impact", _impact(incident))
    rows.add_row("Times", _times(incident))
    rows.add_row("Engine", plain(incident.engine))
    colour = SEVERITIES[incident.severity] if incident.severity else EDGE
    parts: list[RenderableType] = [Text.assemble(plain(incident.title), style="bold")]
    if incident.summary:
        parts.append(plain(incident.summary))
    title = joined(severity(incident.severity), Text(incident.id, "bold"), by=" ")
    return Panel(
        Group(*parts, Text(), rows), title=title, title_align="left", border_style=colour, padding=(1, 2)
    )


def _holder(incident: IncidentView) -> Text:
    if incident.holder is None or incident.held_since is None:
        return plain(incident.holder) if incident.holder else Text("no person", LABEL)
    return joined(plain(incident.holder, "bold"), Text(f"since {hour(incident.held_since)}", LABEL))


def _impact(incident: IncidentView) -> Text:
    impact = incident.impact
    customers = {True: "customers notice", False: "customers do not notice", None: "customers: unknown"}
    warned = [
        Text(words, "bold red")
        for words, holds in (
            ("data at risk", impact.data_at_risk),
            ("data breach suspected", impact.data_breach_suspected),
            ("user data affected", impact.user_data_affected),
        )
        if holds
    ]
    lost = impact.revenue
    revenue = "" if lost is None else f"revenue {money(lost, impact.currency)} so far"
    users = plain(f"users: {impact.users_affected}")
    return joined(users, customers[impact.customers_affected], revenue, *warned, by=" · ")


def _times(incident: IncidentView) -> Text:
    times = incident.times
    named = (
        ("introduced", times.introduced),
        ("detected", times.detected),
        ("taken", times.taken),
        ("mitigated", times.mitigated),
        ("resolved", times.resolved),
    )
    parts = [Text(f"{name} ", LABEL).append(f"{at:%H:%M:%S}Z", "") for name, at in named if at]
    if times.impact_seconds:
        length = format_duration(timedelta(seconds=times.impact_seconds))
        parts.append(Text("user impact ", LABEL).append(length, "bold"))
    return Text(f"{times.detected:%Y-%m-%d}  ").append_text(joined(*parts, by=" · "))


def _diagnosis(diagnosis: Diagnosis | None) -> list[RenderableType]:
    if diagnosis is None:
        return []
    rows = facts()
    known = diagnosis.category is not Category.UNKNOWN
    cause = joined(
        Text(diagnosis.category, "bold magenta" if known else "grey62"),
        joined("in", plain(diagnosis.service, "bold"), by=" ") if diagnosis.service else "",
        by=" ",
    )
    rows.add_row("Cause", cause)
    rows.add_row("Confidence", Text(diagnosis.confidence, _CONFIDENCES[diagnosis.confidence]))
    rows.add_row("Summary", plain(diagnosis.summary))
    if diagnosis.change:
        rows.add_row("Change", plain(diagnosis.change))
    if diagnosis.onset:
        rows.add_row("Onset", stamp(diagnosis.onset))
    rows.add_row("Evidence", cited(diagnosis.evidence) if diagnosis.evidence else Text("none", "red"))
    if diagnosis.disagreement:
        rows.add_row("Disagreement", plain(diagnosis.disagreement, "yellow"))
    for other in diagnosis.alternatives:
        ruled = f"ruled out: {other.ruled_out_by}" if other.ruled_out_by else "not ruled out"
        rows.add_row("Also", joined(plain(other.summary), plain(ruled, LABEL)))
    return [rows]


def _past(incident: IncidentView) -> list[RenderableType]:
    if not incident.past:
        return []
    told = [plain(words) for one in incident.past for words in (one.line, *one.prevented)]
    return [plain(CAUTION, LABEL), *told]


def _suspects(incident: IncidentView) -> list[RenderableType]:
    if not incident.suspects:
        return []
    made = table("", "Service", "Score", "Why")
    made.columns[2].justify = "right"
    made.columns[3].ratio = 1
    made.expand = True
    for rank, suspect in enumerate(incident.suspects[:5], start=1):
        reasons = sorted(suspect.reasons, key=lambda reason: -reason.score)[:3]
        said_of = (joined(Text(one.channel, "cyan"), plain(short(one.text)), by=": ") for one in reasons)
        why = joined(*said_of, by="\n")
        made.add_row(
            str(rank), plain(suspect.service, "bold" if rank == 1 else ""), f"{suspect.score:.1f}", why
        )
    left = len(incident.suspects) - 5
    return [made, Text(f"{left} more with lower scores", LABEL)] if left > 0 else [made]


def _actions(proposals: Sequence[ChangeView]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for proposal in proposals:
        head = joined(Text(proposal.id, "bold yellow"), plain(proposal.title, "bold"), state(proposal.state))
        rows = facts()
        rows.add_row("Reason", plain(proposal.reason))
        rows.add_row(
            "Proposed",
            joined(
                role_name(proposal.proposed_by), plain(proposal.engine, LABEL), hour(proposal.proposed_at)
            ),
        )
        rows.add_row("Digest", Text(proposal.digest[:12]))
        for approval in proposal.approvals:
            words_of = joined(plain(approval.by, "bold"), plain(approval.note, LABEL), hour(approval.at))
            rows.add_row(said(approval).capitalize(), words_of)
        if proposal.people_did is not None:
            rows.add_row("Meanwhile", plain(people_did(proposal.people_did, proposal.proposed_at)))
        if proposal.settling:
            rows.add_row("Outcome", Text(f"not known; if you can see it: {proposal.settling}", "bold red"))
        if proposal.outcome:
            done = Text(
                "done" if proposal.outcome.done else "failed", "green" if proposal.outcome.done else "red"
            )
            rows.add_row("Outcome", joined(done, plain(proposal.outcome.detail), hour(proposal.outcome.at)))
        parts += [*([Text()] if parts else []), head, rows]
    return parts


def _verification(verification: Verification | None) -> list[RenderableType]:
    if verification is None:
        return []
    made = table("", "Signal", "Quiet", "Before", "After", "Verdict")
    made.columns[1].overflow = "fold"
    for column in made.columns[2:]:
        column.justify = "right"
        column.no_wrap = True
    for one in verification.readings:
        signal = one.signal
        made.add_row(
            Text("▲", "red") if signal.opened else "",
            joined(plain(signal.service, "bold"), plain(signal.metric), by=" "),
            *(quantity(level, signal.unit) for level in (one.baseline, one.before, one.after)),
            Text(one.verdict, _VERDICTS[one.verdict]),
        )
    head = joined(
        Text(verification.verdict, _VERDICTS[verification.verdict]),
        plain(verification.summary.removeprefix(f"{verification.verdict}: ")),
        cited(verification.evidence),
    )
    return [head, Text(), made, Text("▲ opened the incident; the others are guards", LABEL)]


def _communications(incident: IncidentView) -> list[RenderableType]:
    made = Table.grid(padding=(0, 2))
    for _ in range(2):
        made.add_column(no_wrap=True)
    made.add_column(ratio=1, overflow="fold")
    lines = [(one.at, Text(one.status, "blue"), plain(one.current_action)) for one in incident.status_updates]
    lines += [(one.at, Text("brief", "blue"), plain(_second_line(one.text))) for one in incident.briefs]
    lines += [
        (
            one.at,
            Text("escalation", "bold dark_orange"),
            joined(plain(one.condition), plain(_roles(one.roles), LABEL)),
        )
        for one in incident.escalations
    ]
    for at, kind, text in sorted(lines, key=lambda one: one[0]):
        made.add_row(Text(hour(at), LABEL), kind, text)
    return [made] if lines else []


def _second_line(text: str) -> str:
    """A brief without its heading: the situation."""
    lines = [line for line in clean(text).splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 else text


def _roles(slugs: Sequence[str]) -> str:
    return "to " + ", ".join(role_name(slug) for slug in slugs)


def _notes(incident: IncidentView) -> list[RenderableType]:
    return [
        joined(Text(hour(note.at), LABEL), plain(note.by, "bold"), plain(note.text))
        for note in incident.notes
    ]


def _machine_notes(incident: IncidentView) -> list[RenderableType]:
    return [
        joined(Text(hour(note.at), LABEL), plain(f"a program of {note.by}", LABEL), plain(note.text))
        for note in incident.machine_notes
    ]


def _ledger(incident: IncidentView) -> list[RenderableType]:
    """What each model and the playbook were used for, and by whom; `nexus trace` has every piece of work."""
    ledger = incident.ledger
    if not ledger.totals:
        return []
    spent = [totals_table(ledger.totals, ledger.incident.usage)]
    if ledger.failures:
        spent += [Text(), failures_table(ledger.failures)]
    if not incident.usage.model_calls:  # the playbook costs nothing, whoever it spoke for
        return spent
    return [*spent, Text(), shares_table(ledger.roles, ledger.incident)]


def _afterwards(incident: IncidentView) -> list[RenderableType]:
    rows = facts()
    if incident.post_mortem:
        rows.add_row("Post-mortem", block(incident.post_mortem, "bold"))
    if incident.channel:
        rows.add_row("Channel", block(incident.channel))
    for task in incident.backlog:
        rows.add_row(
            "Backlog",
            joined(plain(task.title), plain(f"{role_name(task.owner)}, due {task.due:%Y-%m-%d}", LABEL)),
        )
    usage = incident.usage
    calls = f"{usage.model_calls} model calls · {usage.tokens_in + usage.tokens_out:,} tokens"
    if usage.estimated:
        calls += f" ({usage.estimated:,} of them estimated)"
    rows.add_row("Usage", f"{calls} · cost {usage.cost:.2f} · {usage.seconds:.1f} s of work")
    return [rows]
