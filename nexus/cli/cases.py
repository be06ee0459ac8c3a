"""Verbs that make recorded incidents: record, truth, import."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import IncidentId, Json, asks, complain, home, log_to_stderr, out, say, write_json
from nexus.cli.parser import Argument, Option, Verbs
from nexus.sanitize import line

if TYPE_CHECKING:
    from rich.console import Console

    from evals.importers import Kind
    from evals.record.draft import Draft
    from evals.record.truth import Known, Question
    from tools.recorded import Truth

Case = Annotated[Path, Argument(metavar="DIR", help="The case's folder.")]
Answer = Annotated[str, Option(help="A value, or unknown.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"record": record, "truth": truth, "import": import_cases}


def record(
    identity: IncidentId,
    target: Annotated[Path, Argument(metavar="DIR", help="The case's folder; it is made.")],
    yes: Annotated[bool, Option("--yes", help="Write without asking.")] = False,
    code: Annotated[
        bool, Option("--code/--no-code", help="With the sources that nexus.yaml names, as they were.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Make a case of a finished incident, for `nexus run --world` and `nexus eval`."""
    from evals.record.draft import draft
    from evals.record.draft import write as write_case
    from evals.record.summary import CaseSummary

    log_to_stderr()
    folder = target.absolute()
    if folder.exists():
        raise UsageError(f"{target} exists already; name a folder that does not")
    with home() as opened:
        made = asyncio.run(draft(opened, identity, folder.name, code=code))
    if as_json:
        write_json(CaseSummary.of(made))
    else:
        _show(made)
    if not yes:
        _ask_to_write(folder, asks(as_json))
    write_case(made, folder)
    if not as_json:
        say(f"Case:  {folder}")
        say(f"Its truth is what the agents believed; confirm it: nexus truth {target}")


def truth(
    folder: Case,
    severity: Answer = "",
    service: Answer = "",
    category: Answer = "",
    onset: Answer = "",
    change: Answer = "",
    metric: Answer = "",
    note: Answer = "",
    also_accept: Answer = "",
    red_herrings: Answer = "",
    right: Answer = "",
    harmless: Answer = "",
    wrong: Answer = "",
    data_breach: Answer = "",
    user_data: Answer = "",
    by: Annotated[str, Option("--by", help="Who confirms it.")] = "",
    show: Annotated[bool, Option("--show", help="Print it, change nothing.")] = False,
) -> None:
    """Say what was true of a case: asks for each field, or takes what is given; unknown is an answer."""
    from evals.record.truth import answered, known_of, write_truth
    from tools.recorded import read_truth

    given = {
        "severity": severity, "service": service, "category": category, "onset": onset, "change": change,
        "metric": metric, "note": note, "also_accept": also_accept, "red_herrings": red_herrings,
        "right": right, "harmless": harmless, "wrong": wrong, "data_breach": data_breach,
        "user_data": user_data,
    }  # fmt: skip
    found, known = read_truth(folder), known_of(folder)
    if not show:
        if not any(given.values()) and not by:
            given, by = _asked(found, known)
        found = answered(found, given, known)
        if by.strip():
            found = found.model_copy(update={"confirmed": True, "confirmed_by": by.strip()})
        write_truth(folder, found)
    _tell(found)


def import_cases(
    kind: Annotated[str, Argument(metavar="rcaeval|petshop|nezha", help="Whose layout it is.")],
    source: Annotated[Path, Argument(metavar="SOURCE", help="The data set as it is published.")],
    target: Annotated[Path, Argument(metavar="DIR", help="Where the cases go; it is made.")],
    as_json: Json = False,
) -> None:
    """Make cases of a public data set, for `nexus eval DIR`."""
    from evals.importers import import_all, kind_of

    log_to_stderr()
    chosen: Kind = kind_of(kind)
    results = []
    for one in import_all(chosen, source, target):
        results.append(one)
        if not as_json:
            out().print(line(one.sentence), style="red" if one.error else None, markup=False)
    failed = [one for one in results if one.error]
    if as_json:
        write_json(results)
    else:
        say(f"{len(results) - len(failed)} cases in {target}, {len(failed)} failed.")
    if failed:
        complain(f"{len(failed)} of {len(results)} could not be imported")
        sys.exit(1)


def _ask_to_write(folder: Path, console: "Console") -> None:
    from rich.prompt import Confirm

    if not sys.stdin.isatty():
        raise UsageError("Nothing was written: look at what was taken out, then say --yes")
    if not Confirm.ask(f"Write {folder}?", console=console, default=False):
        sys.exit(1)


def _show(made: "Draft") -> None:
    from rich.table import Table
    from rich.text import Text

    console, shot = out(), made.snapshot
    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in ("file", "taken out", "stands there now", "in texts"):
        table.add_column(name, overflow="fold")
    for file, found in made.replaced.items():
        for one, times in found.items():
            cells = (f"- {line(one.before)}", f"+ {one.after}", str(times))
            table.add_row(Text(file), *(Text(cell) for cell in cells))
    console.print(line(f"{made.document.id}: {made.document.title}"), style="bold", markup=False)
    span, alerts = shot.window, len(made.document.alerts)
    console.print(
        f"{span.start:%Y-%m-%d %H:%M} to {span.end:%H:%M} UTC: {shot.pages.told_size}, "
        f"{alerts} {'alert' if alerts == 1 else 'alerts'}",
        markup=False,
    )
    console.print(f"After actions: {', '.join(shot.aftermaths) or 'nothing was recorded'}", markup=False)
    for bundle in made.bundles:
        what = f"code/{bundle.service}.bundle ({len(bundle.data) / 1000:.1f} kB, up to {bundle.commit[:12]})"
        said = f"{what}: nothing is taken out of the sources and their history; --no-code leaves them out"
        console.print(line(said), style="yellow", markup=False)
    for sentence in shot.left_out:
        console.print(line(f"left out: {sentence}"), style="yellow", markup=False)
    rest = "the rest" if made.bundles else "it"
    if table.row_count:
        console.print(table)
    else:
        console.print(f"No secret and no personal data was found in {rest}.", markup=False)
    if made.standing:
        console.print(f"{made.standing} placeholders stand for what was taken out earlier.", markup=False)


def _asked(found: "Truth", known: "Known") -> tuple[dict[str, str], str]:
    """Every question, each again until its answer can be used."""
    from getpass import getuser

    from rich.prompt import Prompt

    from evals.record.truth import QUESTIONS

    if not sys.stdin.isatty():
        raise UsageError("Nobody is here to answer: give the fields as options (see --help), or --show")
    answers = {question.name: _answer(question, found, known) for question in QUESTIONS}
    return answers, Prompt.ask("Who says so?", default=getuser(), console=out())


def _answer(question: "Question", found: "Truth", known: "Known") -> str:
    from rich.prompt import Prompt

    from evals.record.truth import answered, shown

    choices = question.choices(known)
    if choices:
        out().print(f"  {', '.join([*choices, 'unknown'])}", style="grey62", markup=False)
    while True:
        default = line(shown(question.show(found)))
        said = Prompt.ask(question.text, default=default, console=out())
        try:
            answered(found, {question.name: said}, known)
        except UsageError as error:
            out().print(str(error), style="yellow", markup=False)
        else:
            return said


def _tell(found: "Truth") -> None:
    from rich.table import Table
    from rich.text import Text

    from evals.record.truth import QUESTIONS, shown

    table = Table(box=None, pad_edge=False, show_header=False)
    for question in QUESTIONS:
        table.add_row(Text(question.name, style="grey62"), Text(line(shown(question.show(found)))))
    out().print(table)
    by = f" by {found.confirmed_by}" if found.confirmed_by else ""
    said = f"Confirmed{by}." if found.confirmed else "Not confirmed: no eval judges by it until --by NAME."
    say(said)
