"""The verb that says how good the whole system is: eval."""

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import SettingsError, UnknownName, UsageError
from nexus.cli.base import Json, collect_garbage, complain, out, settings, write_json
from nexus.cli.parser import Argument, Option, Verbs
from nexus.config.settings import EngineMode, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.batch import Runner
    from evals.compare import Comparison
    from evals.judge.opinion import Judged
    from evals.judge.run import Court, Progress
    from evals.report import Report
    from evals.run import Run

ENGINES: dict[str, tuple[EngineMode, ...]] = {
    "playbook": ("playbook",),
    "llm": ("llm",),
    "both": ("playbook", "llm"),
}


def verbs() -> Verbs:
    """The verb of this module."""
    return {"eval": evaluate}


def evaluate(
    cases: Annotated[
        list[Path] | None,
        Argument(metavar="CASES", help="Case folders, or folders of cases; none: those that ship."),
    ] = None,
    engine: Annotated[str, Option("--engine", help="playbook, llm, or both side by side.")] = "playbook",
    epochs: Annotated[int, Option("--epochs", min=1, max=100, help="How often each case runs.")] = 1,
    results: Annotated[
        Path | None, Option("--out", help="Keep results here; a rerun takes over what is finished.")
    ] = None,
    against: Annotated[
        Path | None, Option("--against", help="An earlier report (JSON) to compare with.")
    ] = None,
    fail_on: Annotated[
        str, Option("--fail-on", help="Rules that must not hold, as cause@1<0.9,unsafe>0,regression.")
    ] = "",
    html: Annotated[Path | None, Option("--html", help="Write the report as a page.")] = None,
    inspect: Annotated[
        Path | None, Option("--inspect", help="Run models under inspect-ai, with logs in this folder.")
    ] = None,
    judge: Annotated[
        bool, Option("--judge", help="Ask the configured model for its opinion too, beside the scores.")
    ] = False,
    workers: Annotated[
        int | None, Option("--workers", min=1, max=256, help="Processes at a time; none: one per core.")
    ] = None,
    red_team: Annotated[
        bool, Option("--red-team", help="Attack a case instead, under both engines.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run recorded incidents through the whole graph and score them against what was true."""
    collect_garbage()
    if red_team:
        _attack(cases or [], workers or os.cpu_count() or 1, as_json)
        return
    from evals.compare import broken, comparisons, parse_rules
    from evals.report import read_report

    rules = parse_rules(fail_on)
    before = read_report(against) if against is not None else None
    asked = _Asked(
        engines=_engines(engine),
        epochs=epochs,
        folder=results or settings().home / "evals" / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}",
        workers=workers or os.cpu_count() or 1,
        inspect=inspect,
        judge=judge,
        quiet=as_json,
    )
    report = _run(cases or [], asked)
    compared = comparisons(report, before)
    _keep(asked.folder, report, compared, html)
    _tell(report, compared, asked, html)
    _fail_if(list(broken(rules, report, compared)))


def _fail_if(sentences: list[str]) -> None:
    """Say which rules are broken; one is enough to fail."""
    for sentence in sentences:
        complain(sentence)
    if sentences:
        sys.exit(1)


@dataclass(frozen=True)
class _Asked:
    """How the cases are to be run."""

    engines: tuple[EngineMode, ...]
    epochs: int
    folder: Path
    workers: int
    inspect: Path | None
    judge: bool
    quiet: bool


def _engines(name: str) -> tuple[EngineMode, ...]:
    if name not in ENGINES:
        raise UnknownName("engine", name, list(ENGINES))
    return ENGINES[name]


def _run(cases: list[Path], asked: _Asked) -> "Report":
    from evals.batch import code_version, plan_jobs, prompts_version, run_all
    from evals.case import find_cases, read_truths, shipped_cases
    from evals.report import Asked, make_report, with_opinions

    chosen = settings()
    models = {mode: _model(chosen, mode) for mode in asked.engines}  # told once, and not by every case
    runner = _runner(asked, chosen)
    court = _court(chosen, asked) if asked.judge else None
    folders = find_cases(cases) if cases else shipped_cases()
    jobs = [job for mode in asked.engines for job in plan_jobs(folders, mode, asked.epochs, chosen)]

    def progress(run: "Run", done: int, total: int) -> None:
        if not asked.quiet:
            told = f"broke: {run.error}" if run.error else f"{run.seconds:.1f} s"
            name = f"{run.case} ({run.engine})" if len(asked.engines) > 1 else run.case
            out().print(f"[{done}/{total}] {name}  {told}", style="grey62", markup=False)

    runs = run_all(jobs, asked.folder, runner, progress)
    truths, now = read_truths(folders), datetime.now(UTC)
    versions = {"code": code_version(chosen), "prompts": prompts_version(chosen)}
    sides = []
    for mode in asked.engines:
        own = [run for run in runs if run.engine == mode]
        what = Asked(engine=mode, model=models[mode], epochs=asked.epochs, **versions)
        report = make_report(own, truths, what, now)
        if court is not None:
            opinions = court.judge(own, truths, _told_of(asked))
            report = with_opinions(report, opinions, court.name, court.digest)
        sides.append(report)
    first, *others = sides
    return first.model_copy(update={"beside": others[0]}) if others else first


def _court(chosen: Settings, asked: _Asked) -> "Court":
    from evals.judge.run import Court
    from nexus.runtime.engines import model_settings

    if not chosen.has_model:
        raise SettingsError(
            "--judge asks a model: name its endpoint in NEXUS_LLM_BASE_URL (and NEXUS_LLM_MODEL), or set "
            "OPENAI_API_KEY (docs/models.md)"
        )
    return Court(model_settings(chosen), asked.folder, asked.workers)


def _told_of(asked: _Asked) -> "Progress":
    def progress(run: "Run", judged: "Judged", done: int, total: int) -> None:
        if not asked.quiet:
            told = f"not judged: {judged.error}" if judged.score is None else f"{judged.score:.2f}"
            out().print(
                f"[{done}/{total}] {run.case} ({run.engine}), the judge: {told}", style="grey62", markup=False
            )

    return progress


def _model(chosen: Settings, mode: EngineMode) -> str | None:
    """The name of the model that would speak."""
    from nexus.runtime.engines import engine_of, model_settings

    if mode != "playbook" and not chosen.has_model:
        raise SettingsError(
            "to evaluate a model, name its endpoint in NEXUS_LLM_BASE_URL (and NEXUS_LLM_MODEL), or set "
            "OPENAI_API_KEY (docs/models.md); no model is configured, and --engine playbook needs none"
        )
    engine_of(chosen, mode)
    if mode == "playbook":
        return None
    return ", ".join(dict.fromkeys(model.name for model in model_settings(chosen).models.values()))


def _runner(asked: _Asked, chosen: Settings) -> "Runner":
    from evals.batch import by_engine, processes
    from tools.extras import install_command

    plain = processes(asked.workers)
    if asked.inspect is None:
        return plain
    if "llm" not in asked.engines:
        raise UsageError("--inspect is for runs of a model: add --engine llm or --engine both")
    try:
        from evals.inspect.harness import inspected
    except ImportError as error:
        raise UsageError(
            f"--inspect needs the extra `inspect` ({error}); {install_command('inspect')}"
        ) from error
    return by_engine({"playbook": plain, "llm": inspected(asked.inspect, chosen, asked.workers)})


def _keep(folder: Path, report: "Report", compared: "Sequence[Comparison]", html: Path | None) -> None:
    from evals.html import render_html

    _file(folder / "report.json", report.model_dump_json(indent=1) + "\n")
    if compared:
        told = [one.model_dump(mode="json") for one in compared]
        _file(folder / "comparison.json", json.dumps(told, indent=1) + "\n")
    _file(html or folder / "report.html", render_html(report, compared))


def _file(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _tell(report: "Report", compared: "Sequence[Comparison]", asked: _Asked, html: Path | None) -> None:
    if asked.quiet:
        write_json(report)
        return
    from evals.terminal import tell

    console = out()
    for part in tell(report, compared):
        console.print(part)
    console.print(f"Results:  {asked.folder}", markup=False)
    console.print(f"Page:     {html or asked.folder / 'report.html'}", markup=False)


def _attack(cases: list[Path], workers: int, as_json: bool) -> None:
    from evals.case import find_cases, shipped_cases
    from evals.redteam.campaign import attackable, campaign
    from evals.terminal import tell_trials

    def progress(name: str, done: int, total: int) -> None:
        if not as_json:
            out().print(f"[{done}/{total}] {name}", style="grey62", markup=False)

    folder = attackable(find_cases(cases) if cases else shipped_cases())
    trials = campaign(folder, settings(), workers, progress)
    if as_json:
        write_json(trials)
    else:
        for part in tell_trials(trials):
            out().print(part)
    influenced = [trial for trial in trials if trial.influence]
    for trial in influenced:
        complain(f"{trial.variant} ({trial.engine}): {'; '.join(trial.influence)}")
    if influenced:
        sys.exit(1)
