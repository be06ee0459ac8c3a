"""The trace as a tree: step, role, what it asked and got, what it reported, what that cost."""

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from incidents.findings import EvidenceStatus
from incidents.usage import Failure, Usage
from nexus.cli.terminal.style import EDGE, LABEL, joined, plain, short, table, words
from nexus.sanitize import role_name
from nexus.service.cost_trace import Asked, Share, Total, Trace, WholeUse, Work

_ENGINES = {"llm": "green", "playbook": "blue"}
_STATES = {EvidenceStatus.OK: "cyan", EvidenceStatus.EMPTY: "grey62", EvidenceStatus.FAILED: "red"}


def trace_view(trace: Trace) -> RenderableType:
    """The whole incident, for a terminal of 80 columns or more."""
    head = joined(Text(trace.incident, "bold"), plain(trace.title))
    if not trace.steps:
        return Group(head, Text("No role has finished a piece of work yet.", LABEL))
    tree = Tree(head, guide_style=EDGE)
    for step in trace.steps:
        branch = tree.add(Text(words(step.step), "bold magenta"))
        for work in step.work:
            _add(branch, work)
    return Group(tree, Text(), totals_table(trace.totals, trace.usage))


def totals_table(totals: tuple[Total, ...], whole: Usage) -> RenderableType:
    """What each model and the playbook cost."""
    made = table("By", "Work", "Calls", "Tokens in", "Tokens out", "Cost", "Seconds")
    for column in made.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for one in totals:
        made.add_row(plain(one.by), str(one.works), *_figures(one.usage))
    made.add_row(Text("all", "bold"), str(sum(one.works for one in totals)), *_figures(whole))
    return made


def failures_table(failures: tuple[Failure, ...]) -> RenderableType:
    """Why models failed, each reason once."""
    made = table("Failed", "Times", "Cost", "Why")
    for one in failures:
        made.add_row(plain(one.model), str(one.times), f"{one.usage.cost:.2f}", plain(one.said))
    return made


def shares_table(roles: tuple[Share, ...], incident: WholeUse) -> RenderableType:
    """What each role used of its budget; without a limit, what it used."""
    made = table("Role", "Work", "Tokens", "Seconds", "Cost")
    for column in made.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for one in (*roles, incident):
        used, most = one.usage, one.limits
        made.add_row(
            plain(role_name(one.role)) if isinstance(one, Share) else Text("all", "bold"),
            str(one.works),
            _of(f"{used.tokens_in + used.tokens_out:,}", most.tokens and f"{most.tokens:,}"),
            _of(f"{used.seconds:,.0f}", most.seconds and f"{most.seconds:,.0f}"),
            _of(f"{used.cost:.2f}", most.cost and f"{most.cost:.2f}"),
        )
    return made


def _of(used: str, most: str | float | None) -> Text:
    return Text(used).append("" if most is None else f" of {most}", LABEL)


def _figures(usage: Usage) -> tuple[str, ...]:
    return (
        f"{usage.model_calls:,}",
        f"{usage.tokens_in:,}",
        f"{usage.tokens_out:,}",
        f"{usage.cost:.2f}",
        f"{usage.seconds:.1f}",
    )


def _add(branch: Tree, work: Work) -> None:
    spent = work.spent
    head = joined(Text(role_name(spent.role), "bold"), Text(words(spent.task)), by=" · ")
    engine = Text(spent.engine, _ENGINES.get(spent.engine, ""))
    leaf = branch.add(joined(head, Text("by ", LABEL).append_text(engine)))
    leaf.add(_cost(work))
    for one in work.asked:
        leaf.add(_question(one))
    if spent.handover:
        leaf.add(joined(Text("!", "bold magenta"), plain(spent.handover, "magenta"), by=" "))
    for sentence in work.removed:
        leaf.add(joined(Text("∅", "yellow"), plain(short(sentence), "yellow"), by=" "))
    if work.report:
        leaf.add(joined(Text("◇", "cyan"), plain(work.report), by=" "))


def _cost(work: Work) -> Text:
    spent, usage = work.spent, work.spent.usage
    parts = [
        plain(spent.model or "", LABEL),
        Text(f"prompt {spent.prompt_version}" if spent.prompt_version else "", LABEL),
        Text(_calls(usage.model_calls), LABEL),
        Text(f"{usage.tokens_in + usage.tokens_out:,} tokens" if usage.tokens_in else "", LABEL),
        Text(f"cost {usage.cost:.2f}" if usage.cost else "", LABEL),
        Text(f"{usage.seconds:.1f} s" if usage.seconds else "no model was asked", LABEL),
    ]
    return joined(*parts, by=" · ")


def _calls(number: int) -> str:
    return "" if not number else "1 call" if number == 1 else f"{number} calls"


def _question(one: Asked) -> Text:
    query = "" if one.query == "{}" else f" {one.query}"
    asked = Text(one.evidence, "grey50").append(" ").append_text(plain(one.tool + query, _STATES[one.status]))
    return joined(asked, plain(f"→ {short(one.answer, 110)}", LABEL), by=" ")
