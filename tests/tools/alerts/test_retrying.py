"""A sender that is sent away is answered what it tries again; one that never does is not sent away."""

import pytest

from tools.alerts.registry import all_forms
from tools.alerts.retrying import NOT_KNOWN, Retrying, all_retrying, busy_status


def test_every_form_says_how_its_sender_tries_again_or_that_it_is_not_documented() -> None:
    assert set(all_retrying()) == {form.name for form in all_forms()}
    assert busy_status("a form of one's own") is NOT_KNOWN


@pytest.mark.parametrize(("name", "told"), all_retrying().items())
def test_a_sender_is_answered_what_it_tries_again(name: str, told: Retrying) -> None:
    if told.statuses is None:
        assert told.busy_status is NOT_KNOWN
        return
    assert told.source.startswith("https://"), "where does that stand?"
    status = told.busy_status
    if status is None:
        assert not {429, 503, "5xx", "no 2xx"} & set(told.statuses)
    else:
        also = "5xx" if status == NOT_KNOWN else None
        assert {int(status), also, "no 2xx"} & set(told.statuses)


@pytest.mark.parametrize(
    ("name", "status"),
    [("alertmanager", 503), ("datadog", 503), ("sentry", 503), ("grafana", 429), ("pagerduty-events", 429),
     ("nexus", 429), ("opsgenie", 503), ("github", None)],
)  # fmt: skip
def test_the_status_of_some(name: str, status: int | None) -> None:
    assert busy_status(name) == status
