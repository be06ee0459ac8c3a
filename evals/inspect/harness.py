"""Runs jobs under inspect-ai and hands their results on as they come."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Queue

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.model import Model, get_model

from agents.role import Tier
from evals.batch import Job, Runner, keep_quiet, perform
from evals.inspect.task import incident_task
from evals.run import Run
from nexus.config.settings import Settings
from nexus.runtime.engines import model_settings

#: A name that no request reaches: the bridge answers in its place.
_NOWHERE = "http://127.0.0.1:9/v1"

_End = BaseException | None


def inspected(log_dir: Path, settings: Settings, workers: int) -> Runner:
    """A runner whose model calls and scores land in logs for inspect's viewer.

    Args:
        log_dir: where the logs are kept; `inspect view --log-dir` shows them.
        settings: of the home; they name the model.
        workers: how many cases run at the same time, in one process.
    """
    models = bridged_models(settings)

    def run(jobs: Sequence[Job]) -> Iterator[tuple[Job, Run]]:
        news: Queue[tuple[Job, Run] | _End] = Queue()
        keep_quiet(settings)

        async def work(job: Job) -> Run:
            result = await perform(job, over_the_bridge(job.settings))
            news.put((job, result))
            return result

        tasks = [incident_task(some, models, work) for some in _alike(jobs)]
        thread = threading.Thread(target=_evaluate, args=(tasks, log_dir, workers, news), daemon=True)
        thread.start()
        yield from _until_end(news)
        thread.join()

    return run


def bridged_models(settings: Settings) -> dict[str, Model]:
    """The configured model of each tier, as inspect asks it.

    Raises:
        SettingsError: no model can be used.
    """
    chosen = model_settings(settings)
    key = chosen.api_key.get_secret_value() if chosen.api_key is not None else "none"
    return {
        tier.value: get_model(
            f"openai-api/nexus/{chosen.models[tier].name}", base_url=chosen.base_url, api_key=key
        )
        for tier in Tier
    }


def over_the_bridge(settings: Settings) -> Settings:
    """The settings of a run whose requests the bridge takes over, tier by tier."""
    return settings.model_copy(
        update={
            "llm_base_url": _NOWHERE,
            "llm_api_key": None,
            "llm_model": f"inspect/{Tier.STANDARD}",
            "llm_model_light": f"inspect/{Tier.LIGHT}",
            "llm_model_deep": f"inspect/{Tier.DEEP}",
            "llm_streaming": False,
            "llm_fallback": (),
        }
    )


def _alike(jobs: Sequence[Job]) -> list[list[Job]]:
    """The jobs in groups whose cases all lack the same epochs: after a stop they may lack different ones."""
    by_case: dict[Path, list[Job]] = defaultdict(list)
    for job in jobs:
        by_case[job.folder].append(job)
    groups: dict[tuple[int, ...], list[Job]] = defaultdict(list)
    for some in by_case.values():
        groups[tuple(sorted(job.epoch for job in some))] += some
    return list(groups.values())


def _evaluate(tasks: list[Task], log_dir: Path, workers: int, news: "Queue[tuple[Job, Run] | _End]") -> None:
    """In a thread of its own, so that results can be kept while others still run."""
    failure: _End = None
    try:
        evaluate(
            tasks,
            log_dir=str(log_dir),
            max_samples=workers,
            display="none",
            acp_server=False,
            ctl_server=False,
        )
    except BaseException as error:  # noqa: BLE001 - it is raised again where the results are read
        failure = error
    news.put(failure)


def _until_end(news: "Queue[tuple[Job, Run] | _End]") -> Iterator[tuple[Job, Run]]:
    while isinstance(item := news.get(), tuple):
        yield item
    if item is not None:
        raise item
