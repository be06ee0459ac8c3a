"""Plays kept occurrences through the whole graph, each until a person would be asked. Nothing is executed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evals.batch import Job, Progress, keep_quiet, perform, plan_jobs, processes, run_all
from evals.run import Record, Run
from incidents.action import Proposal
from incidents.incident import Incident
from incidents.timeline import EntryKind
from nexus.config.settings import EngineMode, Settings
from nexus.runtime.waiting import Nobody


def play(
    cases: Sequence[Path], mode: EngineMode, settings: Settings, out: Path, workers: int, progress: Progress
) -> tuple[Run, ...]:
    """The runs of some cases, in their order; what the folder holds from an earlier call is taken over.

    Each run has a home of its own that knows of no other incident: nothing that was learned later is in it.

    Args:
        cases: their folders.
        mode: who speaks for the roles.
        settings: how models are asked, and by which runbook.
        out: where results are kept.
        workers: processes at a time.
        progress: told after each run.
    """
    jobs = plan_jobs(cases, mode, 1, settings)
    return run_all(jobs, out, processes(workers, work), progress)


def work(job: Job) -> Run:
    """One case in a process of its own; where the model fell silent, half of it would be another's."""
    keep_quiet(job.settings)
    run = asyncio.run(perform(job, job.settings, _nobody))
    if run.record is None:
        return run
    if job.settings.has_model and (why := _silence(run.record)) is not None:
        return run.model_copy(update={"record": None, "error": f"{why}; call again"})
    return run.model_copy(update={"record": _needed(run.record)})


def _silence(record: Record) -> str | None:
    """Why the playbook spoke for the model, or None."""
    told = (one for one in record.entries if one.kind is EntryKind.HANDOVER and one.engine == "playbook")
    return next((one.text for one in told), None)


def _needed(record: Record) -> Record:
    """What is told of a run; hundreds of whole ones would fill the memory, and the case tells the rest."""
    found = record.incident.diagnosis
    cited = set(found.evidence) if found is not None else set()
    return record.model_copy(
        update={
            "bodies": {},
            "evidence": tuple(one for one in record.evidence if one.id in cited),
            "entries": tuple(one for one in record.entries if one.kind is EntryKind.DIAGNOSIS),
        }
    )


async def _nobody(incident: Incident, proposal: Proposal, now: datetime) -> Nobody:
    return Nobody()
