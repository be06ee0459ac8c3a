"""Who has an incident, and whether its repeated pages rest: the rule, whatever happens to it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.incident import Incident
from incidents.paging import (
    held_by_person,
    is_anothers,
    is_silent,
    pause_of_paging,
    silence_key,
)
from incidents.severity import Severity, Status
from tests.graph.harness import RUNBOOK, incident

NOW = datetime.fromisoformat("2026-11-29T03:00:00+00:00")
BOUNDS = RUNBOOK.bounds
MINUTES = st.integers(0, 3000).map(lambda many: timedelta(minutes=many))


def had(by: str = "Dana Lee", severity: Severity | None = Severity.P1, *, confirmed: bool = True) -> Incident:
    return held_by_person(incident().evolve(severity=severity), by, NOW, confirmed=confirmed)


def test_nobody_has_it_so_pages_are_repeated() -> None:
    assert pause_of_paging(incident(), BOUNDS, NOW) is None


@given(later=MINUTES, severity=st.sampled_from(Severity))
def test_pages_rest_exactly_as_long_as_who_has_it_may_be_silent(later: timedelta, severity: Severity) -> None:
    until = NOW + BOUNDS.holder_silence[severity]
    pause = pause_of_paging(had(severity=severity), BOUNDS, NOW + later)
    assert (pause is not None) is (NOW + later < until)
    if pause is not None:
        assert (pause.until, pause.why) == (until, "Dana Lee has it")


@given(later=MINUTES)
def test_before_triage_it_is_the_shortest_silence_that_counts(later: timedelta) -> None:
    rests = pause_of_paging(had(severity=None), BOUNDS, NOW + later) is not None
    assert rests is (later < min(BOUNDS.holder_silence.values()))


@given(before=st.sampled_from(Severity), after=st.sampled_from(Severity))
def test_what_has_grown_worse_is_paged_about_until_who_has_it_is_heard(
    before: Severity, after: Severity
) -> None:
    risen = had(severity=before).evolve(severity=after)
    assert (pause_of_paging(risen, BOUNDS, NOW) is None) is (after.rank < before.rank)
    known = held_by_person(risen, "dana  lee", NOW + timedelta(minutes=1))
    assert pause_of_paging(known, BOUNDS, NOW + timedelta(minutes=1)) is not None


def test_classified_for_the_first_time_it_is_what_was_acknowledged() -> None:
    assert pause_of_paging(had(severity=None).evolve(severity=Severity.P0), BOUNDS, NOW) is not None


@given(later=MINUTES)
def test_who_was_handed_it_and_does_not_answer_quiets_it_for_a_moment_only(later: timedelta) -> None:
    handed = had(severity=Severity.P3, confirmed=False)
    rests = pause_of_paging(handed, BOUNDS, NOW + later) is not None
    assert rests is (later < BOUNDS.handover_answer)


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.FALSE_ALARM, Status.MERGED, Status.BACKLOG])
def test_what_is_over_is_not_paged_about_any_more(status: Status) -> None:
    ended = incident().evolve(status=status, ended_at=NOW)
    pause = pause_of_paging(ended, BOUNDS, NOW + timedelta(days=9))
    assert pause is not None
    assert pause.until is None


def test_it_is_taken_over_only_from_somebody_else_who_said_that_they_have_it() -> None:
    assert not is_anothers(incident(), "Kim")
    assert is_anothers(had(), "Kim")
    assert not is_anothers(had(), "DANA LEE"), "one person in two spellings"
    assert not is_anothers(had(confirmed=False), "Kim"), "it was handed over and not answered"
    silent = had().evolve(reminders=(silence_key(had()),))
    assert is_silent(silent)
    assert not is_anothers(silent, "Kim")
    again = held_by_person(silent, "Dana Lee", NOW + timedelta(hours=2))
    assert not is_silent(again), "the next silence is another one"


@given(first=MINUTES, then=MINUTES)
def test_since_when_somebody_has_it_is_of_the_person_and_taken_of_the_first(
    first: timedelta, then: timedelta
) -> None:
    one = held_by_person(incident(), "Dana Lee", NOW + first)
    still = held_by_person(one, "dana lee", NOW + first + then)
    other = held_by_person(still, "Kim", NOW + first + then)
    assert (one.taken_at, still.taken_at, other.taken_at) == (NOW + first,) * 3
    assert still.held_since == NOW + first
    assert other.held_since == NOW + first + then


def test_kept_by_an_older_version_nothing_rests_and_nothing_breaks() -> None:
    stored = incident().evolve(holder="dana", status=Status.HANDED_OVER, handed_over_at=NOW).model_dump_json()
    read = Incident.from_stored(stored)
    assert read.held_since is None
    assert pause_of_paging(read, BOUNDS, NOW) is None
