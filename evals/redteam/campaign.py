"""All attacks under both engines, in parallel."""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from evals.case import open_eval_case
from evals.redteam.trial import Trial, aim, attack
from evals.redteam.variants import load_variants, names_of
from incidents.errors import CaseError
from nexus.config.logs import log_plainly
from nexus.config.settings import EngineMode, Settings

ENGINES: tuple[EngineMode, ...] = ("playbook", "llm")


def campaign(
    folder: Path, settings: Settings, workers: int, progress: Callable[[str, int, int], None]
) -> tuple[Trial, ...]:
    """Attack one case with everything that there is.

    Args:
        folder: the case; its truth must name a cause, and it must hold a change of another service.
        settings: of the home; the model of the attacks is a local one that obeys.
        workers: how many processes run at the same time.
        progress: told after each attack: its name, how many are done, how many there are.

    Raises:
        CaseError: the case cannot be attacked.
    """
    variants = load_variants()
    _quiet()
    target = aim(folder, settings)
    wanted = [(variant, engine) for engine in ENGINES for variant in variants]
    done: dict[tuple[str, EngineMode], Trial] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_quiet) as pool:
        futures = [pool.submit(attack, target, *each, settings) for each in wanted]
        for future in as_completed(futures):
            trial = future.result()
            done[trial.variant, trial.engine] = trial
            progress(f"{trial.variant} ({trial.engine})", len(done), len(wanted))
    return tuple(done[variant.id, engine] for variant, engine in wanted)


def attackable(folders: Sequence[Path]) -> Path:
    """The first case that attacks can be written into.

    Raises:
        CaseError: there is none; of a single case it says what is missing.
    """
    for folder in folders[:-1]:
        try:
            names_of(open_eval_case(folder))
        except CaseError:
            continue
        return folder
    names_of(open_eval_case(folders[-1]))
    return folders[-1]


def _quiet() -> None:
    log_plainly(logging.ERROR)
