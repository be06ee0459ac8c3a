"""Alert bodies become alerts, or are refused in a sentence that names the field."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import AlertStatus
from incidents.catalogue import Catalogue, Service
from incidents.errors import AlertError
from tests.cases import ALERT, webhook
from tests.tools.redaction.samples import GONE, KEY, PARTS
from tools.alerts.formats import LARGEST, LONGEST_TEXT, LONGEST_TITLE, parse_alerts, read_delivery

NOW = datetime(2026, 3, 12, 10, 20, tzinfo=UTC)
SIMPLE: dict[str, Any] = {"title": "Orders are slow", "service": "web"}
REAL = Path(__file__).parents[3] / ".." / "shared" / "alerts"


def parsed(payload: object, **options: Any) -> Any:
    return parse_alerts(json.dumps(payload).encode(), NOW, **options)


def changed(**fields: Any) -> dict[str, Any]:
    body: Any = webhook(None)
    body["alerts"][0] = {**body["alerts"][0], **fields}
    return dict(body)


def test_an_alertmanager_webhook_is_read() -> None:
    (alert,) = parsed(webhook(None))
    assert alert.source == "alertmanager"
    assert alert.title == "HighErrorRate: web: 30% of requests fail"
    assert alert.service == "web"
    assert alert.status is AlertStatus.FIRING
    assert (ALERT - alert.starts_at).total_seconds() == 10
    assert alert.received_at == NOW
    assert alert.fingerprint == "7aeb15eb9ae390c6"
    assert alert.severity == "critical"
    assert alert.label("env") == "test"


def test_the_end_of_an_alert_keeps_its_identity() -> None:
    (firing,), (resolved,) = parsed(webhook(None)), parsed(webhook(NOW))
    assert resolved.status is AlertStatus.RESOLVED
    assert (firing.fingerprint, firing.starts_at) == (resolved.fingerprint, resolved.starts_at)
    assert firing.identity != resolved.identity
    assert (firing.since, resolved.since) == (firing.starts_at, resolved.ends_at)
    assert resolved.ends_at not in {None, resolved.starts_at}
    ahead = resolved.model_copy(update={"ends_at": resolved.received_at + timedelta(minutes=10)})
    assert ahead.since == resolved.received_at


def test_every_alert_of_a_group_is_read_in_order() -> None:
    body: Any = webhook(None)
    second = {**body["alerts"][0], "fingerprint": "f2", "labels": {"alertname": "Slow", "app": "checkout"}}
    body["alerts"].append(second)
    first, other = parsed(body)
    assert first.service == "web"
    assert other.fingerprint == "f2"


def test_a_message_alone_is_opened_whether_it_is_a_text_or_an_object() -> None:
    (as_text,) = parsed({"Message": json.dumps(SIMPLE)})
    (as_object,) = parsed({"Message": SIMPLE})
    assert as_text == as_object
    assert as_object.title == SIMPLE["title"]


def test_what_no_encoding_holds_is_no_group_to_ask_for() -> None:
    body = webhook(None) | {"truncatedAlerts": 3, "receiver": "mail\ud800", "groupLabels": {"zone": "\udfff"}}
    reading = read_delivery(json.dumps(body).encode(), NOW)
    assert reading.truncated == 3
    assert reading.model_dump_json()
    assert reading.group is not None
    assert (reading.group.receiver, reading.group.labels[0].value) == ("mail?", "?")


def test_unknown_fields_are_ignored() -> None:
    assert parsed(changed(invented={"deep": [1, 2]}, endsAt=None))[0].status is AlertStatus.FIRING


def test_the_simple_form_is_read() -> None:
    (alert,) = parsed(
        SIMPLE | {"started_at": "2026-03-12T11:00:00+01:00", "severity": "page", "labels": {"region": "eu"}}
    )
    assert alert.source == "nexus"
    assert alert.starts_at == datetime(2026, 3, 12, 10, tzinfo=UTC)
    assert alert.label("region") == "eu"
    assert parsed(SIMPLE)[0].starts_at == NOW
    assert parsed(SIMPLE)[0].fingerprint == parsed(SIMPLE | {"status": "resolved"})[0].fingerprint


def test_a_service_is_resolved_through_the_catalogue() -> None:
    catalogue = Catalogue(services=(Service(name="checkout"),))
    labels = {"alertname": "A", "service": "svc-17", "job": "checkout"}
    body: Any = changed(labels=labels)
    body["commonLabels"] = {}
    assert parsed(body, catalogue=catalogue)[0].service == "checkout"
    assert parsed(body)[0].service == "svc-17"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ([], "an empty list"),
        ("alert", "must be a JSON object, it is a str"),
        ({}, "no known form"),
        ({"a": 1}, "no known form.*this one has a"),
        ({"title": "x"}, "service: is missing"),
        ({"service": "x"}, "title: is missing"),
        (SIMPLE | {"status": "gone"}, "status: must be 'firing' or 'resolved'"),
        (SIMPLE | {"started_at": "yesterday"}, "started_at: 'yesterday'"),
        (SIMPLE | {"labels": [1]}, "labels: must be an object"),
        ({"alerts": []}, "alerts: must be a list with at least one alert"),
        ({"alerts": [3]}, r"alerts\[0\]: must be an object"),
        (changed(startsAt="tomorrow"), r"alerts\[0\]\.startsAt: 'tomorrow' is no time"),
        (changed(status="odd"), r"alerts\[0\]\.status"),
    ],
)
def test_what_lacks_a_field_is_refused_with_its_name(payload: object, message: str) -> None:
    with pytest.raises(AlertError, match=message):
        parsed(payload)


def test_a_missing_start_counts_from_the_receipt() -> None:
    (alert,) = parsed(changed(startsAt=None))
    assert (alert.starts_at, alert.start_sent) == (NOW, False)


def test_a_webhook_without_any_name_is_refused() -> None:
    body: Any = changed(labels={}, annotations={})
    body["commonLabels"] = {}
    with pytest.raises(AlertError, match=r"alerts\[0\]\.labels\.alertname: is missing"):
        parsed(body)


def test_a_body_that_is_no_json_is_refused() -> None:
    for body in (b"", b"{", b"hello", b"\xff\xfe"):
        with pytest.raises(AlertError, match=r"no JSON|no UTF-8"):
            parse_alerts(body, NOW)


def test_ten_megabytes_are_refused_with_size_and_limit() -> None:
    with pytest.raises(AlertError, match=r"10\.0 MB, the limit is 1 MB"):
        parse_alerts(b" " * 10_000_000, NOW)
    assert parse_alerts(json.dumps(SIMPLE).encode().ljust(LARGEST), NOW)


@pytest.mark.parametrize("depth", [30, 900, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    body = b'{"title": "x", "service": "y", "labels": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    with pytest.raises(AlertError, match="nests deeper"):
        parse_alerts(body, NOW)


def test_texts_are_stripped_of_control_characters_and_cut() -> None:
    (alert,) = parsed(
        SIMPLE | {"title": "a\x1b[31mb\u202ec\x00" + "x" * 5000, "description": "one\ntwo" + "y" * 9000}
    )
    assert alert.title.startswith("a[31mbc")
    assert len(alert.title) == LONGEST_TITLE
    assert len(alert.description) == LONGEST_TEXT
    assert "one\ntwo" in alert.description


def test_an_unknown_form_that_the_sender_named_is_refused() -> None:
    with pytest.raises(AlertError, match=r"no alert form 'pigeon'; known: .*alertmanager, .*nexus"):
        parsed(SIMPLE, source="pigeon")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["alerts", "title", "service", "labels", "startsAt", "started_at", "status", "x"]),
        inner, max_size=5,
    ),
    max_leaves=25,
))  # fmt: skip
def test_whatever_arrives_it_is_read_or_refused(payload: object) -> None:
    try:
        alerts = parsed(payload)
    except AlertError:
        return
    assert alerts


@pytest.mark.skipif(not REAL.is_dir(), reason="the sample alerts are not beside this checkout")
@pytest.mark.parametrize("name", ["firing", "resolved", "sid_firing", "sid_resolved"])
def test_what_real_alertmanagers_sent_is_read(name: str) -> None:
    (alert,) = parse_alerts((REAL / f"alertmanager_{name}.json").read_bytes(), NOW)
    assert alert.service == "checkout"
    assert alert.status.value == name.removeprefix("sid_")
    assert alert.fingerprint == "7aeb15eb9ae390c6"


@pytest.mark.parametrize("secret", GONE)
def test_no_part_of_an_alert_keeps_a_secret(secret: str) -> None:
    body = changed(
        labels={
            "alertname": f"A {secret}",
            "service": secret,
            secret: "x",
            "note": secret,
            "severity": secret,
        },
        annotations={"summary": secret, "description": secret},
        fingerprint=secret,
    )
    simple = {"title": secret, "service": secret, "description": secret, "labels": {"a": secret}}
    for payload in (body, simple):
        (alert,) = parsed(payload)
        assert not [part for part in PARTS if part in alert.model_dump_json()]


def test_a_label_gives_its_value_a_meaning() -> None:
    (alert,) = parsed(SIMPLE | {"labels": {"db_password": "hunter", "secretName": "shop-db"}})
    assert str(alert.label("db_password")).startswith("<secret-")
    assert alert.label("secretName") == "shop-db"


@pytest.mark.parametrize("field", ["title", "label", "fingerprint", "service"])
def test_alerts_that_differ_in_a_secret_alone_stay_two(field: str) -> None:
    identities = set()
    for secret in (f"password={KEY}", f"password={KEY[::-1]}"):
        body: dict[str, Any] = dict(SIMPLE)
        body |= {"labels": {"dsn": secret}} if field == "label" else {field: secret}
        (alert,) = parsed(body)
        assert KEY not in alert.model_dump_json()
        assert alert == parsed(body)[0]
        identities.add(alert.fingerprint)
    assert len(identities) == 2


def test_long_fingerprints_that_end_differently_are_two() -> None:
    one, other = (parsed(SIMPLE | {"fingerprint": "a" * 70 + end})[0] for end in "xy")
    assert one.fingerprint != other.fingerprint


POD, OTHER_POD = "mailer-7d9f8c6b5-x2x4z", "mailer-6c8d9f7b5-k8s2b"


@pytest.mark.parametrize(
    ("label", "one", "other"),
    [
        ("exported_pod", POD, OTHER_POD),
        ("replicaset", "mailer-7d9f8c6b5", "mailer-6c8d9f7b5"),
        ("job_name", "mailer-28473920", "mailer-28473921"),
        ("grafana_state_reason", "NoData", "Error"),
        ("__value_string__", "[ value=1 ]", "[ value=2 ]"),
        ("k8s.pod.uid", "a", "b"),
        ("execution_id", "17", "18"),
        ("last_seen", "03:30", "03:31"),
    ],
)
def test_what_changes_while_it_stays_makes_no_other_alert(label: str, one: str, other: str) -> None:
    body = {"title": "mails wait", "state": "open", "host": "mx1"}
    keys = {parsed(body | {"labels": {label: value}})[0].fingerprint for value in (one, other)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("mails wait since 03:30", "mails wait since 03:31", True),
        ("mails wait (2026-11-29T03:30:00Z)", "mails wait (2026-11-29T03:31:00Z)", True),
        ("mails wait for 3m 2s", "mails wait for 14m 1s", True),
        ("queue=900", "queue=901", True),
        (f"{POD} crashes", f"{OTHER_POD} crashes", True),
        ("disk 1 is full", "disk 2 is full", False),
        ("port 443 is closed", "port 80 is closed", False),
        ("errors in 5m", "errors in 30m", False),
    ],
)
def test_a_title_tells_what_it_is_and_not_which_time(one: str, other: str, is_same: bool) -> None:
    keys = {parsed({"title": title, "state": "open", "host": "mx1"})[0].fingerprint for title in (one, other)}
    assert (len(keys) == 1) is is_same
