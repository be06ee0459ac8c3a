from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from incidents.duration import Duration, format_duration, parse_duration
from incidents.runbook import EscalationRow, Floor, Templates, WatchRow
from incidents.severity import Severity

DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15m", timedelta(minutes=15)),
        ("48h", timedelta(hours=48)),
        ("1h 30m", timedelta(minutes=90)),
        ("2 d", timedelta(days=2)),
        ("90s", timedelta(seconds=90)),
    ],
)
def test_a_duration_is_read_as_people_write_it(text: str, span: timedelta) -> None:
    assert DURATION.validate_python(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "soon", "15", 15, 1.5, "15 minutes", "-5m", "0m", "400d", "9" * 400 + "d", "m15", None, "5m5"],
)
def test_what_is_no_possible_duration_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)


@given(st.integers(min_value=1, max_value=86400 * 300))
def test_what_is_written_is_read_back(seconds: int) -> None:
    span = timedelta(seconds=seconds)
    assert parse_duration(format_duration(span)) == span


def test_an_escalation_has_exactly_one_condition() -> None:
    row = {"id": "a", "condition": "c", "to": ("x",), "action": "do"}
    assert EscalationRow.model_validate({**row, "revenue": True}).revenue
    for wrong in ({}, {"revenue": True, "user_data": True}, {"severity": "P0"}, {"unresolved_for": "5m"}):
        with pytest.raises(ValidationError):
            EscalationRow.model_validate({**row, **wrong})


def test_a_floor_needs_a_condition() -> None:
    with pytest.raises(ValidationError, match="give a condition"):
        Floor(severity=Severity.P0, reason="always")


def test_a_watch_must_fit_its_own_length() -> None:
    with pytest.raises(ValidationError, match="longer than lasts"):
        WatchRow.model_validate({"lasts": "10m", "every": "20m", "settle": "1m"})


def test_a_template_with_a_lost_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="status_update must use"):
        Templates(status_update="{timestamp} {service}", brief="")
