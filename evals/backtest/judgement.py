"""What people say of a backtest: one answer each; a right diagnosis becomes its case's truth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, ValidationError

from evals.backtest.said import Said
from evals.record.truth import write_truth
from evals.results_log import keep, kept_lines
from incidents.errors import UsageError
from incidents.findings import Category, Confidence
from incidents.intervals import Interval, wilson
from incidents.value import Moment, Value
from incidents.verdicts import Judgement
from tools.recorded import open_case
from tools.recorded.document import CauseTruth, Truth

FILE = "answers.jsonl"


class Answer(Value):
    """One answer; of several about one occurrence the last counts."""

    case: str
    judgement: Judgement
    by: str = Field(min_length=1)
    at: Moment
    note: str = ""


class Tally(NamedTuple):
    """How often what was said with one confidence was right, of what people judged."""

    confidence: Confidence
    right: int
    judged: int

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the share; None where nobody judged any."""
        return wilson(self.right, self.judged) if self.judged else None


def answers_in(folder: Path) -> Mapping[str, Answer]:
    """The answers of a backtest, by the occurrence."""
    found = {}
    for line in kept_lines(folder / FILE):
        try:
            answer = Answer.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(
                f"{folder / FILE} holds a line that is no answer: {error.errors()[0]['msg']}"
            ) from None
        found[answer.case] = answer
    return found


def answer(folder: Path, said: Said, given: Answer) -> None:
    """Keep an answer. What was right is the case's truth from now on; what is not, is nobody's.

    Raises:
        UsageError: there was nothing to judge, or it cannot be written.
    """
    if said.error is not None:
        raise UsageError(f"{said.case} was not played ({said.error}), so there is nothing to judge")
    if given.judgement is Judgement.RIGHT and said.service is None:
        raise UsageError(
            f"{said.case} named no cause: answer wrong where there was one to find, else do-not-know"
        )
    keep(folder / FILE, given.model_dump_json())
    write_truth(folder / "cases" / said.case, _truth(folder / "cases" / said.case, said, given))


def tallies(said: Sequence[Said], answers: Mapping[str, Answer]) -> tuple[Tally, ...]:
    """By confidence, the surest first; what nobody judged counts nowhere, and partly is not right."""
    found = []
    for confidence in sorted(Confidence, key=lambda one: -one.rank):
        judged = [
            answers[one.case].judgement
            for one in said
            if one.confidence is confidence and one.case in answers
        ]
        known = [one for one in judged if one is not Judgement.DO_NOT_KNOW]
        found.append(Tally(confidence, known.count(Judgement.RIGHT), len(known)))
    return tuple(found)


def _truth(case: Path, said: Said, given: Answer) -> Truth:
    if given.judgement is not Judgement.RIGHT:
        return Truth(confirmed=False)
    changes = {change.id for change in open_case(case).recording.changes}
    return Truth(
        cause=CauseTruth(
            service=said.service,
            category=said.category if said.category is not Category.UNKNOWN else None,
            change=said.change if said.change in changes else None,
            note=given.note or said.summary,
        ),
        confirmed=True,
        confirmed_by=given.by,
    )
