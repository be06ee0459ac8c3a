"""What every sender's form keeps, on the bodies that lie beside the forms."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.alert import Alert
from incidents.errors import AlertError
from tests.conformance.alert_cases import RECEIVED, AlertCase, cases, changed, files, lacking, paths
from tools.alerts.body import Body
from tools.alerts.formats import read_delivery, telling_headers
from tools.alerts.reading import Reading
from tools.alerts.registry import all_forms, envelope_of
from tools.alerts.senders.generic import GENERIC

CASES = {case.id: case for case in cases()}
READ = [case for case in CASES.values() if "refused" not in case.expected]
JSON = [case for case in CASES.values() if not isinstance(case.body, str)]
PAIRS = [case for case in READ if {"ends", "same"} & case.expected.keys()]


def each(cases: Iterable[AlertCase]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", list(cases), ids=lambda case: case.id)


def read(case: AlertCase, body: Any = None, sender: str | None = None) -> Reading:
    sent = case.sent if body is None else json.dumps(body).encode()
    return read_delivery(sent, RECEIVED, sender, headers=case.headers)


def told(alert: Alert) -> dict[str, Any]:
    """What can be expected of an alert, flat."""
    values = alert.model_dump(mode="python")
    labels = {f"label {one.name}": one.value for one in alert.labels}
    links = {f"link {one.name}": one.url for one in alert.links}
    return values | labels | links | {"status": alert.status.value}


def listed(expected: Mapping[str, Any], name: str) -> list[Any]:
    """What is expected under a name, one or several or none."""
    values = expected.get(name, [])
    return values if isinstance(values, list) else [values]


def expect(values: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        is_time = isinstance(values.get(name), datetime) and value is not None
        wanted = datetime.fromisoformat(value) if is_time else value
        assert values.get(name) == wanted, name


@each(CASES.values())
def test_each_body_is_read_as_it_is_meant(case: AlertCase) -> None:
    expected = case.expected
    if "refused" in expected:
        with pytest.raises(AlertError) as refusal:
            read(case)
        assert expected["refused"] in str(refusal.value)
        return
    reading = read(case)
    assert reading.sender == case.form
    reads = listed(expected, "reads")
    assert len(reading.alerts) == len(reads)
    for alert, wanted in zip(reading.alerts, reads, strict=True):
        expect(told(alert), {"source": case.form, "status": "firing"} | wanted)
    assert [notice.kind.value for notice in reading.notices] == listed(expected, "notice")
    assert len(reading.changes) == ("change" in expected)
    for change in reading.changes:
        expect(change.model_dump(), expected["change"])
    assert [one.link for one in reading.confirmations] == listed(expected, "confirms")
    assert reading.truncated == expected.get("truncated", 0)


@each(case for case in READ if not isinstance(case.body, str))
def test_each_body_is_recognised_by_one_form_only(case: AlertCase) -> None:
    body = Body(case.body, {name.lower(): value for name, value in case.headers.items()})
    envelope = envelope_of(body)  # of its headers: what is inside may have a form of its own
    forms = all_forms() if envelope is None else [form for form in all_forms() if form.envelope]
    claimed = [form.name for form in forms if form is not GENERIC and form.recognises(body)]
    assert claimed == ([] if case.form == GENERIC.name else [case.form])


@each(READ)
def test_the_senders_name_changes_nothing(case: AlertCase) -> None:
    assert read(case, sender=case.form) == read(case)


@each(case for case in READ if case.headers)
def test_a_body_is_read_again_by_the_headers_that_are_kept(case: AlertCase) -> None:
    headers = telling_headers({**case.headers, "Traceparent": "00-1-2-01", "Authorization": "Bearer t"})
    assert len(headers) <= len(case.headers)
    assert read_delivery(case.sent, RECEIVED, None, headers=headers) == read(case)


@each(PAIRS)
def test_a_condition_stays_the_same_at_its_end_and_under_changing_labels(case: AlertCase) -> None:
    other = CASES[f"{case.file}: {case.expected.get('ends') or case.expected['same']}"]
    before, after = read(other).alerts, read(case).alerts
    assert [alert.condition for alert in before] == [alert.condition for alert in after]
    if "ends" in case.expected:
        assert [alert.fingerprint for alert in before] == [alert.fingerprint for alert in after]
        assert {alert.status.value for alert in after} == {"resolved"}


@each(case for case in READ if isinstance(case.body, dict))
def test_further_fields_change_nothing(case: AlertCase) -> None:
    assert read(case, case.body | {"zz_invented": {"deep": [1, None]}}) == read(case)


@each(JSON)
def test_without_a_field_it_is_read_or_refused_in_a_sentence(case: AlertCase) -> None:
    for path in paths(case.body):
        for body in (lacking(case.body, path), changed(case.body, path, None), changed(case.body, path, [])):
            assert (said := sentence(case, body)) is None or len(said.split()) > 3


def sentence(case: AlertCase, body: Any) -> str | None:
    """Why a body is refused, if it is."""
    try:
        read(case, body)
    except AlertError as error:
        return str(error)
    return None


VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just({}) | st.just([])
    | st.just([{}]) | st.just({"a": {"b": 1}}) | st.just("\ud800") | st.just("2026-11-29T03:30:00Z")
)  # fmt: skip


@given(data=st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_body_is_turned_into_it_is_read_or_refused(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(JSON))
    body = case.body
    for _ in range(data.draw(st.integers(1, 3))):
        if known := paths(body):
            path, value = data.draw(st.sampled_from(known)), data.draw(VALUES)
            body = changed(body, path, value)
    sender = data.draw(st.sampled_from([None, case.form]))
    try:
        reading = read(case, body, sender)
    except AlertError:
        return
    assert reading.model_dump_json().encode()


def test_every_form_has_a_row_and_bodies() -> None:
    rows = {form for content in files().values() for form in content["forms"]}
    assert {form.name for form in all_forms()} == rows
    assert {case.form for case in CASES.values()} == rows
