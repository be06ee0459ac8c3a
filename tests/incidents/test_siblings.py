"""Which open incidents look like one cause, and which do not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.findings import Category, Confidence, Diagnosis
from incidents.incident import Incident
from incidents.join_rules import Candidate
from incidents.lessons import Lessons, lessons_between
from incidents.siblings import Hint, hints
from tests.incidents.test_correlate import CATALOGUE, NOW, alert, at_host, said

WITHIN = timedelta(minutes=15)


def opened(
    number: int, *services: str, minutes: float = 0, cause: str | None = None, host: str | None = None
) -> Candidate:
    alerts = [alert(name, f"{number}:{name}") for name in services]
    if host is not None:
        alerts.append(at_host("checkout", "mail", host=host))
    made = Incident.opened(f"INC-{number}", tuple(alerts), NOW + timedelta(minutes=minutes), "playbook", None)
    if cause is not None:
        found = Diagnosis(
            service=cause, category=Category.CODE, confidence=Confidence.LOW, summary="s", evidence=("E",)
        )
        made = made.evolve(diagnosis=found)
    return Candidate.of(made)


def told(*open_ones: Candidate, lessons: Lessons | None = None) -> list[Hint]:
    return list(hints(open_ones, CATALOGUE, lessons or Lessons(), WITHIN))


def test_two_diagnoses_that_name_one_service_are_hinted_at_whenever_they_began() -> None:
    one, other = opened(1, "checkout", cause="database"), opened(2, "search", minutes=600, cause="database")
    assert told(one, other) == [Hint("INC-1", "INC-2", "both diagnoses name database")]


@pytest.mark.parametrize(
    ("services", "words"),
    [
        (("database",), "the diagnosis of INC-1 names database, and INC-2 is about it"),
        (("search",), "the diagnosis of INC-1 names database, and INC-2 is about what needs it (search)"),
        (("payment",), ""),
        (("mail",), ""),
    ],
)
def test_what_a_diagnosis_names_may_be_the_cause_of_what_needs_it(
    services: tuple[str, ...], words: str
) -> None:
    found = told(opened(1, "checkout", cause="database"), opened(2, *services, minutes=30))
    assert [one.reason for one in found] == ([words] if words else [])
    younger_knows = told(opened(1, *services), opened(2, "checkout", minutes=30, cause="database"))
    assert len(younger_knows) == len(found)


def test_siblings_that_began_at_one_time_and_call_the_same() -> None:
    checkout, search = opened(1, "checkout"), opened(2, "search", minutes=5)
    (hint,) = told(checkout, search)
    assert hint.reason == "both began at one time, and checkout and search call database"
    assert told(checkout, opened(2, "search", minutes=16)) == []
    assert told(checkout, opened(2, "mail", minutes=5)) == []
    elsewhere = opened(2, "search", minutes=5, cause="search")
    assert told(checkout, elsewhere) == [], "its cause is known, and it is not what both call"


def test_a_host_on_which_several_fail_brings_them_together() -> None:
    found = told(opened(1, "checkout"), opened(2, "mail"), opened(3, host="n1", minutes=1))
    assert [(one.older, one.younger) for one in found] == [("INC-1", "INC-3")]
    assert found[0].reason == "INC-3 is about host n1, where checkout stands"


def test_what_people_separated_is_not_hinted_at() -> None:
    lesson = lessons_between([alert("checkout")], [alert("search")], said(together=False))
    assert told(opened(1, "checkout"), opened(2, "search"), lessons=Lessons(taught=lesson)) == []


OPEN = st.lists(
    st.tuples(
        st.sampled_from(CATALOGUE.names), st.integers(0, 40), st.sampled_from([None, "database", "mail"])
    ),
    max_size=8,
)


@given(OPEN)
def test_each_incident_is_hinted_at_once_at_most_and_with_an_older_one(
    made: list[tuple[str, int, str | None]],
) -> None:
    ordered = sorted(made, key=lambda one: one[1])
    ones = [opened(n, service, minutes=at, cause=cause) for n, (service, at, cause) in enumerate(ordered)]
    found = told(*ones)
    ids = [one.id for one in ones]
    assert len({hint.younger for hint in found}) == len(found)
    assert all(ids.index(hint.older) < ids.index(hint.younger) for hint in found)
