# ruff: noqa: E501 - sentences stand whole
"""What people are reminded of and called for, in the language of their incident."""

from datetime import timedelta

import pytest

from graph.duties import DutyKind
from graph.paging import SENTENCES
from graph.people import hand_over
from graph.reminders import reminder, still_open
from graph.supervisor import next_move
from incidents.incident import Incident
from incidents.language import Language
from incidents.reports import Impact
from incidents.severity import Step
from nexus.config.runbook import runbook_of
from nexus.config.settings import Settings
from tests.nexus.sample import at, opened, waiting

RUNBOOK = runbook_of(Settings())


def in_german(incident: Incident) -> Incident:
    return incident.evolve(language=Language.DE)


def test_a_decision_that_waits() -> None:
    told = reminder(DutyKind.REMINDER, "reminder:A1", in_german(waiting()), RUNBOOK)
    assert told == (
        "Erinnerung: A1 („checkout auf 2026.11.1 zurückrollen“) wartet bis 03:39:10 UTC auf eine Entscheidung"
    )


@pytest.mark.parametrize(
    ("language", "call", "held"),
    [
        (
            Language.EN,
            "handed over to people: 3 investigations found no cause that is safe to act on",
            "not resolved, in people's hands for 1h 30m, nobody has taken it: "
            "3 investigations found no cause that is safe to act on. ",
        ),
        (
            Language.DE,
            "An Menschen übergeben: "
            "3 Untersuchungen fanden keine Ursache, auf die hin man sicher handeln könnte",
            "Nicht behoben, seit 1\u00a0h 30\u00a0min in Menschenhand, niemand hat es übernommen; "
            "Grund der Übergabe: 3 Untersuchungen fanden keine Ursache, auf die hin man sicher handeln könnte. ",
        ),
    ],
)  # fmt: skip
def test_what_people_have_to_take_on_and_are_reminded_of(language: Language, call: str, held: str) -> None:
    incident = opened().evolve(
        language=language, step=Step.INVESTIGATION, investigations=3, triaged_at=at(1), severity="P1",
        severity_at=at(1), impact=Impact(customers_affected=False),
    )  # fmt: skip
    move = next_move(incident, at(2), RUNBOOK, None)
    told = hand_over(incident, move.reason, at(2))
    assert told.entries[-1].text == call
    assert still_open(told.incident, at(2) + timedelta(minutes=90)).startswith(held)


def test_every_sentence_says_the_same_commands() -> None:
    for key, text in SENTENCES.english.items():
        english = text if isinstance(text, str) else text.other
        for language in Language:
            told = SENTENCES.text(language, key, 2 if text is not english else None)
            assert told.split("`")[1:2] == english.split("`")[1:2]
