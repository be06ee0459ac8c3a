"""Cases as a task of inspect-ai: a sample is a case, the solver the incident graph on its virtual clock."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from inspect_ai import Epochs, Task
from inspect_ai.agent import agent_bridge
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import transcript
from inspect_ai.model import Model, ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from evals.batch import Job
from evals.case import open_eval_case, read_truths
from evals.run import Run
from evals.scorers import SCORERS, score_run
from incidents.errors import CaseError
from tools.recorded.document import Truth

#: Runs one job to its end; a run that breaks is a result as well.
Work = Callable[[Job], Awaitable[Run]]

#: What has been run, by case and epoch.
Results = dict[tuple[str, int], Run]


def incident_task(jobs: Sequence[Job], models: Mapping[str, Model], work: Work) -> Task:
    """A task of jobs that all cases have in the same epochs.

    Args:
        jobs: every case in every epoch.
        models: by tier; requests for `inspect/<tier>` go to them.
        work: runs one job.
    """
    epochs = sorted({job.epoch for job in jobs})
    folders = list(dict.fromkeys(job.folder for job in jobs))
    wanted = {(job.folder.name, epochs.index(job.epoch) + 1): job for job in jobs}
    results: Results = {}
    return Task(
        dataset=MemoryDataset([_sample(one) for one in folders], name="incidents"),
        solver=run_incident(wanted, work, results),
        scorer=[question(one.name, results, read_truths(folders)) for one in SCORERS],
        epochs=Epochs(len(epochs), "mean"),
        model=models["standard"],
        model_roles=dict(models),
        name="nexus-incidents",
    )


def _sample(folder: Path) -> Sample:
    """A case as the viewer lists it: what was reported, and what was true; the solver reads neither."""
    try:
        case = open_eval_case(folder)
    except CaseError as error:  # its run says the same, and the others go on
        return Sample(id=folder.name, input=str(error))
    cause = case.truth.cause
    target = f"{cause.category or 'unknown'} in {cause.service}" if cause.service else ""
    return Sample(id=folder.name, input=case.title, target=target)


@solver
def run_incident(jobs: Mapping[tuple[str, int], Job], work: Work, results: Results) -> Solver:
    """The incident graph; every model call of its roles goes over the bridge, into the log."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        place = str(state.sample_id), state.epoch
        async with agent_bridge():
            run = await work(jobs[place])
        results[place] = run
        for entry in run.record.entries if run.record else ():
            transcript().info({"at": entry.at.isoformat(), entry.kind: entry.text}, source=entry.role)
        state.output = ModelOutput.from_content(str(state.model), _said(run))
        state.completed = True
        return state

    return solve


def question(name: str, results: Results, truths: Mapping[str, Truth]) -> Scorer:
    """One question of the home under its name; one that the truth leaves open is unscored, not 0."""

    @scorer(metrics=[mean(), stderr()], name=name)
    def named() -> Scorer:
        async def ask(state: TaskState, target: Target) -> Score:
            case = str(state.sample_id)
            answer = score_run(results[case, state.epoch], truths.get(case, Truth())).get(name)
            if answer is None:
                return Score.unscored(explanation="left open")
            return Score(value=answer.value, explanation=answer.note)

        return ask

    return named()


def _said(run: Run) -> str:
    if run.record is None:
        return f"broke: {run.error}"
    found = run.record.incident.diagnosis
    return found.summary if found is not None else "no diagnosis"
