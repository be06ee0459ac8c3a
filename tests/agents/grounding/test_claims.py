"""Planted falsehoods and true sentences, in three languages, held against the evidence that they cite."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.grounding import MARK, Carried, Grounds, Source, held, marked
from agents.grounding.quotes import Text
from incidents.findings import Category, Confidence, Hypothesis
from incidents.language import Language
from incidents.reports import ActionItem, BriefReport, InvestigationReport

FOLDER = Path(__file__).parent / "claims"
INCIDENT: dict[str, Any] = yaml.safe_load((FOLDER / "incident.yaml").read_text())
#: Of the true sentences so many may be marked: what is marked wrongly is still read.
MOST_WRONGLY_MARKED = 10


def sentences(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text())
    return rows


def stands(row: dict[str, Any]) -> bool:
    """Whether a sentence is told without a mark: its figures are those of its evidence, and it is carried."""
    texts = [Text(INCIDENT["evidence"][one]) for one in row["cites"]]
    carried = Carried.model_validate(INCIDENT["stages"][row["when"]])
    told = held(
        row["says"], [*texts, Text(INCIDENT["alerts"])], INCIDENT["services"], carried,
        language=Language(row["language"]),
    )  # fmt: skip
    return MARK not in told


@pytest.mark.parametrize("row", sentences("false.yaml"), ids=lambda row: row["says"][:40])
def test_no_planted_falsehood_is_told_unmarked(row: dict[str, Any]) -> None:
    assert not stands(row)


def test_there_are_falsehoods_of_every_kind_in_three_languages_and_as_many_truths() -> None:
    planted = sentences("false.yaml")
    assert len(planted) >= 60
    assert {row["kind"] for row in planted} >= {
        "cause", "people", "legal", "data", "money", "promise", "recovery", "time", "figure",
    }  # fmt: skip
    for name in ("false.yaml", "true.yaml"):
        assert {row["language"] for row in sentences(name)} == {"en", "de", "fr"}
    assert len(sentences("true.yaml")) >= 60


def test_what_the_evidence_carries_is_told_without_a_mark() -> None:
    wrong = [row["says"] for row in sentences("true.yaml") if not stands(row)]
    assert len(wrong) <= MOST_WRONGLY_MARKED, wrong


GROUNDS = Grounds(
    services=frozenset(INCIDENT["services"]),
    evidence={"E-00000001": Source(INCIDENT["evidence"]["overview"])},
    alerts=(Source(INCIDENT["alerts"]), Source("Review error logs")),
    owners=frozenset({"backend", "workflow optimizer"}),
)
OPEN = Carried.model_validate(INCIDENT["stages"]["open"])
LIE = "A hacker has the database."


def test_every_text_of_a_report_is_held_wherever_it_stands() -> None:
    brief = BriefReport(situation=LIE, cause=LIE, action=LIE, eta=LIE, impact=LIE)
    assert {text for _, text in marked(brief, GROUNDS, OPEN)} == {f"({MARK} {LIE})"}


def test_what_is_carried_stays_before_the_mark() -> None:
    told = "checkout fails in 55.6 % of its calls. A hacker has the database. catalogue does as usual."
    report = InvestigationReport(summary=told, checks=(), hypotheses=(), gaps=(LIE,))
    held_back = marked(report, GROUNDS, OPEN)
    assert held_back.summary == (
        f"checkout fails in 55.6 % of its calls. catalogue does as usual. ({MARK} A hacker has the database.)"
    )
    assert held_back.gaps == (f"({MARK} {LIE})",)


def test_a_sentence_that_leans_on_an_opinion_stands_with_it() -> None:
    told = f"checkout fails in 55.6 % of its calls. {LIE} Rolling it back ends the failures. web fails."
    texts = [Text(INCIDENT["evidence"]["overview"])]
    assert held(told, texts, INCIDENT["services"], OPEN) == (
        f"checkout fails in 55.6 % of its calls. web fails. ({MARK} {LIE} Rolling it back ends the failures.)"
    )


def test_a_hypothesis_may_say_what_it_is_one_of_and_nothing_else() -> None:
    def told(summary: str) -> str:
        one = Hypothesis(
            service="checkout", category=Category.CODE, confidence=Confidence.LOW, summary=summary,
            evidence=("E-00000001",),
        )  # fmt: skip
        report = marked(InvestigationReport(summary="", checks=(), hypotheses=(one,)), GROUNDS, OPEN)
        return report.hypotheses[0].summary

    assert MARK not in told("An error in checkout is the cause.")
    assert MARK in told("An error in payment is the cause.")


def test_an_owner_is_a_name_and_anything_else_is_a_claim() -> None:
    def owner(name: str) -> str:
        return marked(ActionItem(action="Alert on checkout.", owner=name, days=7), GROUNDS, OPEN).owner

    assert owner("Workflow Optimizer") == "Workflow Optimizer"
    assert owner("backend") == "backend"
    assert MARK in owner("whoever was dismissed")
