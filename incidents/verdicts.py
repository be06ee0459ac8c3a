"""What people say of a diagnosis afterwards, and what the agents' words for confidence are worth by that."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from incidents.findings import Category, Confidence, Diagnosis
from incidents.value import Moment, Value


class Judgement(StrEnum):
    """Whether a diagnosis was right."""

    RIGHT = "right"
    PARTLY = "partly"
    WRONG = "wrong"
    DO_NOT_KNOW = "do_not_know"


class DiagnosisVerdict(Value):
    """One person's word on one diagnosis: a label to evaluate by. Who says it again has changed their mind.

    Attributes:
        key: of the diagnosis that was judged; a later one of the same incident is judged anew.
        service, category, change, confidence, summary: what the diagnosis said.
        engine: who the agents were.
        actual_service, actual_category: what it really was, where that is said.
    """

    incident: str
    key: str
    service: str | None
    category: Category
    change: str | None
    confidence: Confidence
    summary: str
    engine: str
    judgement: Judgement
    actual_service: str | None = None
    actual_category: Category | None = None
    note: str = ""
    by: str
    person: str
    at: Moment


class CalibrationLine(Value):
    """What one word for confidence was worth.

    Attributes:
        incidents: on how many diagnoses of that confidence somebody said something.
        share_right: of those that were right, partly or wrong, how many were right; null where none was.
    """

    confidence: Confidence
    incidents: int
    right: int
    partly: int
    wrong: int
    do_not_know: int
    share_right: float | None = Field(ge=0, le=1)


def key_of(diagnosis: Diagnosis) -> str:
    """By what a diagnosis is known."""
    return hashlib.sha256(diagnosis.model_dump_json().encode()).hexdigest()[:16]


def calibration(verdicts: Iterable[DiagnosisVerdict]) -> tuple[CalibrationLine, ...]:
    """How often each word for confidence was right; of several people on one diagnosis the latest counts."""
    latest: dict[tuple[str, str], DiagnosisVerdict] = {}
    for one in sorted(verdicts, key=lambda one: one.at):
        latest[one.incident, one.key] = one
    told = Counter((one.confidence, one.judgement) for one in latest.values())
    return tuple(_line(word, {j: told[word, j] for j in Judgement}) for word in Confidence)


def _line(word: Confidence, told: dict[Judgement, int]) -> CalibrationLine:
    known = told[Judgement.RIGHT] + told[Judgement.PARTLY] + told[Judgement.WRONG]
    return CalibrationLine(
        confidence=word, incidents=sum(told.values()), **{j.value: many for j, many in told.items()},
        share_right=told[Judgement.RIGHT] / known if known else None,
    )  # fmt: skip
