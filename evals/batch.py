"""Many runs at once: one process per core, results kept as they come, a broken case beside the others.

A rerun into the same folder takes over what was finished by the same code, settings and case files.
"""

import asyncio
import hashlib
import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from evals.case import open_eval_case
from evals.results_log import keep, kept_lines
from evals.run import Run, run_case
from incidents.errors import NexusError
from incidents.value import Value
from nexus.config.logs import log_plainly
from nexus.config.settings import EngineMode, Settings
from nexus.runtime.waiting import Approver

FILE = "runs.jsonl"

#: The rooms whose files decide how an incident is run; scorers are no part of it, they read the result.
_ROOMS = ("agents", "graph", "incidents", "nexus", "prompts", "tools")
_SUFFIXES = {".py", ".yaml", ".md", ".sql"}
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Job:
    """One run that is wanted. `key` tells whether a kept result is still this run's."""

    folder: Path
    mode: EngineMode
    epoch: int
    settings: Settings
    key: str


class Kept(Value):
    """One line of the results file."""

    key: str
    run: Run


#: Told after each run: the run, how many are done, how many there are.
Progress = Callable[[Run, int, int], None]

#: Does one job in a process of its own.
Work = Callable[[Job], Run]

#: Runs what is not kept yet, and gives each result as soon as it is there.
Runner = Callable[[Sequence[Job]], Iterator[tuple[Job, Run]]]


def plan_jobs(folders: Sequence[Path], mode: EngineMode, epochs: int, settings: Settings) -> tuple[Job, ...]:
    """Every case as often as wanted, epoch by epoch."""
    context = f"{code_version(settings)} {settings.model_dump_json(exclude={'home', 'log_level'})} {mode}"
    cases = {folder: _digest_of_files(folder) for folder in folders}
    return tuple(
        Job(
            folder=folder,
            mode=mode,
            epoch=epoch,
            settings=settings,
            key=_digest(f"{context} {folder.name} {cases[folder]} {epoch}"),
        )
        for epoch in range(1, epochs + 1)
        for folder in folders
    )


def code_version(settings: Settings) -> str:
    """A digest of all that decides how an incident is run: code, prompts, rules, and a team's own files."""
    rooms = [path for room in _ROOMS for path in (_ROOT / room).rglob("*") if path.suffix in _SUFFIXES]
    own = [path for path in (settings.runbook, settings.roster) if path is not None]
    return _digest_of([*rooms, *own, *_prompts(settings)])


def prompts_version(settings: Settings) -> str:
    """A digest of the prompts alone."""
    return _digest_of(_prompts(settings))


def _prompts(settings: Settings) -> list[Path]:
    folders = [_ROOT / "prompts", *([settings.prompts] if settings.prompts is not None else [])]
    return [path for folder in folders for path in folder.rglob("*.md")]


def _digest_of(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        name = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
        whole.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def run_all(jobs: Sequence[Job], out: Path, runner: Runner, progress: Progress) -> tuple[Run, ...]:
    """Run what is not yet kept in the folder, and return all runs in the order of the jobs.

    Args:
        jobs: what is wanted.
        out: where results are kept; it is made if it is not there.
        runner: how the others are run.
        progress: told after each run.

    Raises:
        UsageError: the folder cannot be written, or holds another program's file.
    """
    path = out / FILE
    kept = {one.key: one.run for one in _read(path) if one.run.error is None}
    done: dict[str, Run] = {}
    for job in jobs:
        if job.key in kept:
            done[job.key] = kept[job.key]
            progress(kept[job.key], len(done), len(jobs))
    left = [job for job in jobs if job.key not in done]
    for job, run in runner(left):
        keep(path, Kept(key=job.key, run=run).model_dump_json())
        done[job.key] = run
        progress(run, len(done), len(jobs))
    return tuple(done[job.key] for job in jobs)


def work(job: Job) -> Run:
    """One job in a process of its own; whatever breaks becomes a failed run."""
    keep_quiet(job.settings)
    return asyncio.run(perform(job, job.settings))


def keep_quiet(settings: Settings) -> None:
    """Log errors at most: what a run warned of is in its record."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    log_plainly(max(level, logging.ERROR))


async def perform(job: Job, settings: Settings, approver: Approver | None = None) -> Run:
    """One job with settings that may differ from its own; whatever breaks becomes a failed run.

    Without an `approver` the one who knows the truth decides.
    """
    begun = time.perf_counter()
    try:
        case = open_eval_case(job.folder)
    except NexusError as error:
        return failed(job, str(error), begun)
    try:
        return await run_case(case, settings, job.mode, job.epoch, approver)
    except NexusError as error:
        return failed(job, str(error), begun, case.group)
    except Exception as error:  # noqa: BLE001 - the edge of a job: the other cases go on, this one is reported
        return failed(job, f"{type(error).__name__}: {error}", begun, case.group)


def processes(workers: int, of: Work = work) -> Runner:
    """A runner with that many processes at the same time; each does `of` with a job."""
    return lambda jobs: _fresh(jobs, workers, of)


def by_engine(runners: Mapping[EngineMode, Runner]) -> Runner:
    """A runner that leaves each engine's jobs to that engine's runner."""

    def run(jobs: Sequence[Job]) -> Iterator[tuple[Job, Run]]:
        for mode, runner in runners.items():
            yield from runner([job for job in jobs if job.mode == mode])

    return run


def _fresh(jobs: Sequence[Job], workers: int, of: Work) -> Iterator[tuple[Job, Run]]:
    """Run jobs in parallel; those that went down with a dying process run again, each alone."""
    alone = []
    for job, future in _pooled(jobs, workers, of):
        if isinstance(future.exception(), BrokenProcessPool):
            alone.append(job)
        else:
            yield job, future.result()
    for job in alone:
        begun = time.perf_counter()
        for _, future in _pooled([job], 1, of):
            died = isinstance(future.exception(), BrokenProcessPool)
            yield job, failed(job, "its process was killed", begun) if died else future.result()


def _pooled(jobs: Sequence[Job], workers: int, of: Work) -> Iterator[tuple[Job, "Future[Run]"]]:
    if not jobs:
        return
    # Not forked from here, because a fork of a process with threads (polars has some) may hang, but from one
    # that has imported this module and done nothing: all workers together wait for the imports once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=context) as pool:
        futures = {pool.submit(of, job): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def failed(job: Job, error: str, begun: float, group: str = "unreadable") -> Run:
    """The run of a job that broke; `begun` is when it began, on the performance counter."""
    return Run(
        case=job.folder.name,
        group=group,
        engine=job.mode,
        epoch=job.epoch,
        seconds=round(time.perf_counter() - begun, 3),
        error=" ".join(error.split()) or "it broke without a word",
    )


def _read(path: Path) -> Iterator[Kept]:
    for line in kept_lines(path):
        try:
            yield Kept.model_validate_json(line)
        except ValidationError:
            continue  # kept by another version, whose key could not match either


def _digest_of_files(folder: Path) -> str:
    """What a case holds, told by the names, sizes and times of its files (not a shared baseline)."""
    if not folder.is_dir():
        return "missing"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    return _digest(" ".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
