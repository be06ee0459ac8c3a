"""The runbook and the roster as the tables people know. Plain text when the output is no terminal."""

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from agents.role import Role, Roster
from incidents.duration import format_duration
from incidents.errors import UnknownName
from incidents.runbook import Branch, Runbook, StepRole
from incidents.severity import Severity, Step

_COLOURS = {Severity.P0: "bold red", Severity.P1: "dark_orange", Severity.P2: "yellow", Severity.P3: "cyan"}
_EDGE = "grey50"


def render_runbook(runbook: Runbook, roster: Roster) -> list[RenderableType]:
    """The whole runbook in its order; print each with a rich console."""
    return [
        _title(runbook),
        _severities(runbook),
        *_teams(runbook, roster),
        *_sequence(runbook, roster),
        _decision_tree(runbook, roster),
        _cadences(runbook, roster),
        _post_mortem(runbook, roster),
        *_templates(runbook),
        _escalations(runbook, roster),
    ]


def render_roles(roster: Roster) -> list[RenderableType]:
    """The roster: who each role is, what it is asked to do, with which tools, on which tier of model."""
    table = _table(f"{len(roster.roles)} roles")
    table.add_column("Role", style="bold", min_width=18, ratio=1)
    table.add_column("Tier", no_wrap=True)
    table.add_column("Mission, tasks, tools", ratio=3)
    for role in roster.roles:
        table.add_row(_text(role.name), role.tier, _what_it_does(role))
    return [table]


def _what_it_does(role: Role) -> Text:
    text = _text(role.mission)
    for name, values in (
        ("tasks", role.tasks),
        ("tools", role.tools),
        ("may propose", role.actions),
        ("develops for", role.owns),
    ):
        if values:
            text.append(f"\n{name}: ", style="cyan")
            text.append(", ".join(values), style="dim")
    return text


def _text(text: str, style: str = "") -> Text:
    """Text that always wraps, also on a console that was told not to."""
    return Text(text, style=style, no_wrap=False, overflow="fold")


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=box.ROUNDED, border_style=_EDGE,
        show_lines=True, expand=True,
    )  # fmt: skip


def _heading(text: str) -> Padding:
    return Padding(_text(text, style="bold underline"), (1, 0, 0, 0))


def _name(roster: Roster, slug: str) -> str:
    try:
        return roster.get(slug).name
    except UnknownName:
        return slug


def _severity(severity: Severity, name: str = "") -> Text:
    return _text(f"{severity} {name}".strip(), style=_COLOURS[severity])


def _title(runbook: Runbook) -> RenderableType:
    facts = [f"Mode: {runbook.mode}"]
    facts += [f"Duration: {runbook.duration}"] if runbook.duration else []
    facts += [f"Agents: {runbook.agents}"] if runbook.agents else []
    body = _text(" | ".join(facts), style="bold")
    body.append(f"\n{runbook.scenario}", style="not bold")
    return Panel(body, title=f"Runbook: {runbook.name}", title_align="left", border_style=_EDGE)


def _severities(runbook: Runbook) -> RenderableType:
    table = _table("Severity classification")
    for column in ("Level", "Definition", "Examples", "Response time"):
        table.add_column(column, no_wrap=column == "Level", ratio=None if column == "Level" else 1)
    for severity in Severity:
        row = runbook.severities[severity]
        table.add_row(
            _severity(severity, row.name),
            _text(row.definition),
            _text(", ".join(row.examples)),
            _text(row.response_time),
        )
    return table


def _teams(runbook: Runbook, roster: Roster) -> list[RenderableType]:
    rendered: list[RenderableType] = []
    for severity in Severity:
        table = _table(f"{severity} {runbook.severities[severity].name} response team")
        table.title_style = _COLOURS[severity]
        actions = any(member.action for member in runbook.teams[severity])
        for column in ("Agent", "Role", "Action")[: 3 if actions else 2]:
            table.add_column(column, ratio=1)
        table.show_lines = False
        for member in runbook.teams[severity]:
            cells = (_text(_name(roster, member.role)), _text(member.title), _text(member.action))
            table.add_row(*cells[: 3 if actions else 2])
        rendered.append(table)
    return rendered


def _sequence(runbook: Runbook, roster: Roster) -> list[RenderableType]:
    rendered: list[RenderableType] = [_heading("Incident response sequence")]
    for number, step in enumerate(Step, start=1):
        row = runbook.steps[step]
        tree = Tree(_text(f"Step {number}: {row.title} ({row.timing})", style="bold cyan"), guide_style=_EDGE)
        for role in row.roles:
            branch = tree.add(_whom(role, roster))
            for check in _checks(role):
                branch.add(check)
        tree.add(_text(f"Output: {row.output}", style="italic"))
        lead = [_text(f"TRIGGER: {row.trigger}", style="dim")] if row.trigger else []
        rendered.append(Padding(Group(*lead, tree), (1, 0, 0, 0)))
    return rendered


def _whom(role: StepRole, roster: Roster) -> Text:
    text = _text(_name(roster, role.role), style="bold")
    conditions = []
    if set(role.severities) != set(Severity):
        conditions.append(", ".join(role.severities))
    if role.only_if_api:
        conditions.append("if API-related")
    if conditions:
        text.append(f" ({'; '.join(conditions)})", style="not bold dim")
    return text


def _checks(role: StepRole) -> list[Text]:
    """The checks, numbered; those that are questions stand below the check before them."""
    lines: list[Text] = []
    number = 0
    for check in role.checks:
        if check.endswith("?") and lines:
            lines[-1].append(f"\n   - {check}")
            continue
        number += 1
        lines.append(_text(f"{number}. {check}"))
    return lines


def _decision_tree(runbook: Runbook, roster: Roster) -> RenderableType:
    tree = Tree(_text("Decision tree", style="bold underline"), guide_style=_EDGE)
    for category, branches in runbook.decision_tree.items():
        node = tree.add(_text(f"IF the cause is: {category}", style="bold magenta"))
        for branch in branches:
            node.add(_branch(branch, roster))
    always = tree.add(_text("THROUGHOUT", style="bold magenta"))
    for duty in runbook.throughout:
        always.add(_text(f"{_name(roster, duty.role)}: {duty.does}"))
    return Padding(tree, (1, 0, 1, 0))


def _branch(branch: Branch, roster: Roster) -> Text:
    text = _text(f"{_name(roster, branch.role)}: {branch.does}")
    if branch.actions:
        text.append(f"  [may propose {', '.join(branch.actions)}]", style="dim")
    elif branch.step is not Step.MITIGATION:
        text.append(f"  [{branch.step}]", style="dim")
    return text


def _cadences(runbook: Runbook, roster: Roster) -> RenderableType:
    table = _table("Cadences and limits")
    table.add_column("What", ratio=3)
    table.add_column("When", ratio=2)
    table.show_lines = False
    for duty in runbook.throughout:
        severities = ", ".join(duty.severities)
        table.add_row(
            _text(f"{_name(roster, duty.role)}: {duty.does}"),
            f"every {format_duration(duty.every)} while open ({severities})",
        )
    watch, bounds = runbook.watch, runbook.bounds
    boxes = ", ".join(f"{severity} {format_duration(bounds.step_box[severity])}" for severity in Severity)
    for what, when in (
        (
            "Watch after a fix",
            f"{format_duration(watch.lasts)}, a check every {format_duration(watch.every)}",
        ),
        ("A fix may take to show", format_duration(watch.settle)),
        ("Time box of a step", boxes),
        ("Approval expires after", format_duration(bounds.approval_expiry)),
        ("Reminder to approve after", format_duration(bounds.approval_reminder)),
        ("Handed over to people after no decision for", format_duration(bounds.decision_wait)),
        ("Investigations / mitigations at most", f"{bounds.investigations} / {bounds.mitigations}"),
    ):
        table.add_row(what, when)
    for floor in runbook.floors:
        table.add_row(f"Severity at least {floor.severity}", _text(f"when {floor.reason}"))
    return table


def _post_mortem(runbook: Runbook, roster: Roster) -> RenderableType:
    row = runbook.post_mortem
    tree = Tree(
        _text(
            f"Post-mortem within {format_duration(row.within)}, led by {_name(roster, row.lead)}",
            style="bold",
        ),
        guide_style=_EDGE,
    )
    for number, section in enumerate(row.sections, start=1):
        node = tree.add(_text(f"{number}. {section.title}"))
        for question in section.questions:
            node.add(_text(question))
    tree.add(_text(f"Prevention tasks go to the backlog through the {_name(roster, row.backlog)}"))
    return Padding(tree, (1, 0, 1, 0))


def _templates(runbook: Runbook) -> list[RenderableType]:
    return [
        Panel(_text(template.rstrip()), title=title, title_align="left", border_style=_EDGE)
        for title, template in (
            ("Status page update", runbook.templates.status_update),
            ("Executive update", runbook.templates.brief),
        )
    ]


def _escalations(runbook: Runbook, roster: Roster) -> RenderableType:
    table = _table("Escalation matrix")
    for column in ("Condition", "Escalate to", "Action"):
        table.add_column(column, ratio=1)
    for row in runbook.escalations:
        to = " + ".join(_name(roster, role) for role in row.to)
        table.add_row(_text(row.condition), _text(to), _text(row.action))
    return table
