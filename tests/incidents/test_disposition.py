"""What an alert tells after the last word of its condition."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import Alert, AlertStatus
from incidents.disposition import LastWord, Transition, transition, with_known_start, word_of

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
FIRING, OVER = AlertStatus.FIRING, AlertStatus.RESOLVED


def told(
    status: AlertStatus, start: float = 0, *, received: float = 60, sent: bool = True, repeat: bool = False
) -> Alert:
    """An alert that began `start` minutes after ten."""
    at = NOW + timedelta(minutes=received)
    return Alert(
        source="alertmanager", title="t", service="web", status=status, received_at=at,
        starts_at=NOW + timedelta(minutes=start) if sent else at, start_sent=sent, fingerprint="f",
        ends_at=None if status is FIRING else at, repeat=repeat,
    )  # fmt: skip


def after(status: AlertStatus, start: float = 0, incident: str | None = "INC-1") -> LastWord:
    return word_of(told(status, start), incident)


@pytest.mark.parametrize(
    ("alert", "last", "what"),
    [
        (told(FIRING), None, Transition.BEGINS),
        (told(OVER), None, Transition.ENDS_UNSEEN),
        (told(FIRING), after(FIRING), Transition.REPEATS),
        (told(FIRING, 0.1), after(FIRING), Transition.REPEATS),  # another Alertmanager of the cluster
        (told(FIRING, -0.1), after(FIRING), Transition.REPEATS),
        (told(FIRING, 5), after(FIRING), Transition.BEGINS_AGAIN),
        (told(FIRING, 5, repeat=True), after(FIRING), Transition.REPEATS),
        (told(FIRING, sent=False), after(FIRING), Transition.REPEATS),
        (told(OVER), after(FIRING), Transition.ENDS),
        (told(OVER, sent=False), after(FIRING), Transition.ENDS),
        (told(OVER, -5), after(FIRING), Transition.REPEATS),  # the end of the firing before
        (told(OVER, -5), after(FIRING).model_copy(update={"start_sent": False}), Transition.ENDS),
        (told(OVER), after(OVER), Transition.REPEATS),
        (told(OVER, 5), after(OVER), Transition.ENDS),
        (told(OVER, sent=False), after(OVER), Transition.REPEATS),
        (told(FIRING), after(OVER), Transition.REPEATS),  # late, or again after the incident's end
        (told(FIRING, 0.1), after(OVER), Transition.BEGINS_AGAIN),
        (told(FIRING, sent=False), after(OVER), Transition.BEGINS_AGAIN),
        (told(FIRING), after(OVER, incident=None), Transition.REPEATS),  # its end has overtaken it
        (told(FIRING, repeat=True), None, Transition.BEGINS),
    ],
)
def test_what_an_alert_tells(alert: Alert, last: LastWord | None, what: Transition) -> None:
    assert transition(alert, last)[0] is what


def test_an_end_without_its_time_does_not_hide_the_firing_that_nobody_worked_on() -> None:
    last = after(OVER, incident=None).model_copy(update={"ends_at": None})
    assert transition(told(FIRING), last)[0] is Transition.BEGINS


def test_without_a_start_it_has_that_of_the_firing_which_it_repeats_or_ends() -> None:
    last = after(FIRING, 3)
    assert with_known_start(told(OVER, sent=False), last, Transition.ENDS).starts_at == last.starts_at
    again = told(FIRING, sent=False)
    assert with_known_start(again, after(OVER, 3), Transition.BEGINS_AGAIN) == again
    sent = told(FIRING, 4)
    assert with_known_start(sent, last, Transition.REPEATS) == sent, "a start that was sent stands"


@given(
    st.lists(
        st.tuples(st.sampled_from([FIRING, OVER]), st.integers(0, 3), st.booleans()), min_size=1, max_size=8
    )
)
def test_whatever_was_told_the_same_again_changes_nothing(
    words: list[tuple[AlertStatus, int, bool]],
) -> None:
    last = None
    for number, (status, start, sent) in enumerate(words):
        alert = told(status, start * 10, received=60 + number, sent=sent)
        what, why = transition(alert, last)
        assert why
        if what is Transition.REPEATS:
            continue
        alert = with_known_start(alert, last, what)
        last = word_of(alert, "INC-1")
        assert transition(alert, last)[0] is Transition.REPEATS
