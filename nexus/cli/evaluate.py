"""The verb that says how good the whole system is: eval."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incidents.errors import UnknownName, UsageError
from nexus.cli.base import Json, complain, out, settings, write
from nexus.config import EngineMode

if TYPE_CHECKING:
    from evals.compare import Comparison
    from evals.report import Report
    from evals.run import Run

ENGINES = ("playbook", "llm")


def register_evaluate(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("eval")(evaluate)


def evaluate(
    cases: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[CASES]...", help="Case folders, or folders of cases; none: those that ship."
        ),
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="playbook or llm.")] = "playbook",
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=100, help="How often each case runs.")] = 1,
    results: Annotated[
        Path | None, typer.Option("--out", help="Keep results here; a rerun takes over what is finished.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="An earlier report (JSON) to compare with.")
    ] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="Rules that must not hold, as cause@1<0.9,unsafe>0,regression.")
    ] = "",
    html: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=256, help="Processes at a time; none: one per core.")
    ] = None,
    red_team: Annotated[
        bool, typer.Option("--red-team", help="Attack the shipped case instead, under both engines.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run recorded incidents through the whole graph and score them against what was true."""
    if red_team:
        _attack(cases or [], workers or os.cpu_count() or 1, as_json)
        return
    from evals.compare import broken, compare, parse_rules
    from evals.report import read_report

    rules = parse_rules(fail_on)
    before = read_report(against) if against is not None else None
    folder = results or settings().home / "evals" / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}"
    report = _run(cases or [], _engine(engine), epochs, folder, workers or os.cpu_count() or 1, as_json)
    comparison = compare(before, report) if before is not None else None
    _file(folder / "report.json", report.model_dump_json(indent=1) + "\n")
    _page(html or folder / "report.html", report, comparison)
    if as_json:
        write(json.dumps(report.model_dump(mode="json"), indent=2))  # ASCII: no text can steer a terminal
    else:
        _tell(report, comparison, folder, html)
    sentences = list(broken(rules, report, comparison))
    for sentence in sentences:
        complain(sentence)
    if sentences:
        sys.exit(1)


def _engine(name: str) -> EngineMode:
    match name:
        case "playbook" | "llm":
            return name
        case _:
            raise UnknownName("engine", name, ENGINES)


def _run(
    cases: list[Path], mode: EngineMode, epochs: int, folder: Path, workers: int, quiet: bool
) -> "Report":
    from evals.batch import code_version, plan_jobs, run_all
    from evals.case import find_cases, read_truths, shipped_cases
    from evals.report import Asked, make_report
    from nexus.engines import engine_of

    chosen = settings()
    engine_of(chosen, mode)  # a missing model is told once, and not by every case
    folders = find_cases(cases) if cases else shipped_cases()
    jobs = plan_jobs(folders, mode, epochs, chosen)

    def progress(run: "Run", done: int, total: int) -> None:
        if not quiet:
            told = f"broke: {run.error}" if run.error else f"{run.seconds:.1f} s"
            out().print(f"[{done}/{total}] {run.case}  {told}", style="grey62", markup=False)

    runs = run_all(jobs, folder, workers, progress)
    asked = Asked(
        engine=mode,
        model=chosen.llm_model if mode == "llm" else None,
        code=code_version(),
        epochs=epochs,
    )
    return make_report(runs, read_truths(folders), asked, datetime.now(UTC))


def _page(path: Path, report: "Report", comparison: "Comparison | None") -> None:
    from evals.html import render_html

    _file(path, render_html(report, comparison))


def _file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _tell(report: "Report", comparison: "Comparison | None", folder: Path, html: Path | None) -> None:
    from evals.tell import tell

    console = out()
    for part in tell(report, comparison):
        console.print(part)
    console.print(f"Results:  {folder}", markup=False)
    console.print(f"Page:     {html or folder / 'report.html'}", markup=False)


def _attack(cases: list[Path], workers: int, as_json: bool) -> None:
    from evals.case import find_cases, shipped_cases
    from evals.redteam.campaign import campaign
    from evals.tell import tell_trials

    def progress(name: str, done: int, total: int) -> None:
        if not as_json:
            out().print(f"[{done}/{total}] {name}", style="grey62", markup=False)

    folder = (find_cases(cases) if cases else shipped_cases())[0]
    trials = campaign(folder, settings(), workers, progress)
    if as_json:
        write(json.dumps([trial.model_dump(mode="json") for trial in trials], indent=2))
    else:
        for part in tell_trials(trials):
            out().print(part)
    influenced = [trial for trial in trials if trial.influence]
    for trial in influenced:
        complain(f"{trial.variant} ({trial.engine}): {'; '.join(trial.influence)}")
    if influenced:
        sys.exit(1)
