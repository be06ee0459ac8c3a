"""Records that differ in one thing from one that really ran."""

from evals.run import Record, Run
from evals.scorers import SCORERS, Score
from tools.recorded.document import Truth


def bent(record: Record, **changes: object) -> Record:
    """The record with some fields of its incident changed."""
    return record.model_copy(update={"incident": record.incident.evolve(**changes)})


def ask(name: str, record: Record, truth: Truth) -> Score | None:
    """One scorer's answer."""
    return next(one for one in SCORERS if one.name == name).ask(record, truth)


def value(name: str, record: Record, truth: Truth) -> float | None:
    """One scorer's number."""
    score = ask(name, record, truth)
    return score.value if score is not None else None


def truth_of(**fields: object) -> Truth:
    """A truth that knows only what is given."""
    return Truth.model_validate(fields)


def failed_run(case: str) -> Run:
    """A run that broke."""
    return Run(case=case, group="g", engine="playbook", epoch=1, seconds=0.1, error="it broke")
