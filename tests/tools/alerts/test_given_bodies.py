"""Bodies that were given for trying, one sender a file: each is read as the table beside them says."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.alert import Alert
from tools.alerts.formats import read_delivery
from tools.alerts.reading import Reading

BESIDE = [parent / "shared" for parent in Path(__file__).parents]
SHARED = next((folder for folder in BESIDE if (folder / "inputs" / "alerts").is_dir()), BESIDE[0])
FOLDER = SHARED / "inputs" / "alerts"
NOW = datetime(2026, 11, 29, 3, 45, tzinfo=UTC)
START = datetime(2026, 11, 29, 3, 30, tzinfo=UTC)
END = START + timedelta(minutes=10)
MS = timedelta(milliseconds=1)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the given bodies are not beside this checkout")

#: File: title, service, severity, start (None: not in the body), key (None: made of the content), end's file.
TABLE: Mapping[str, tuple[str, str | None, str | None, datetime | None, str | None, str | None]] = {
    "pagerduty-v3": (
        "payment error rate above 5 %", "payment", "P1", START, "QEXAMPLE1", "pagerduty-v3-resolved"
    ),
    "opsgenie": ("payment: error rate", "payment", "P1", START + 136 * MS, "pay-err", "opsgenie-close"),
    "datadog-default": (
        "Error rate", "payment", None, START + 136 * MS, None, "datadog-default-recovered"
    ),
    "grafana-unified": (
        "Payment errors: 5xx of payment", "payment", "critical", START, "00000000000e0001",
        "grafana-resolved-start-is-end",
    ),
    "grafana-nodata": ("Payment errors: no data", None, None, START, "00000000000e0002", None),
    "grafana-legacy": ("Payment errors", "payment", "critical", None, "1/1", "grafana-legacy-ok"),
    "cloudwatch-sns": (
        "payment-5xx", "payment", None, START + 137 * MS,
        "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:payment-5xx", "cloudwatch-sns-ok",
    ),
    "gcp-monitoring": (
        "payment 5xx", "payment", "Critical", START, "0.example1", "gcp-monitoring-closed"
    ),
    "sentry-issue-alert": (
        "PaymentError: gateway timeout", "payment", "error", START + 137 * MS, "sentry:1", None
    ),
    "newrelic-workflow": (
        "payment error percentage above 5 %", "payment", "CRITICAL", START + 136 * MS,
        "00000000-0000-4000-8000-000000000031", "newrelic-workflow-closed",
    ),
    "icinga2": (
        "payment-1 http: HTTP CRITICAL: 503", None, "critical", START + timedelta(microseconds=136_700),
        "payment-1!http", "icinga2-recovery",
    ),
    "nagios-json": (
        "payment-1 HTTP: HTTP CRITICAL: 503", None, "CRITICAL", START, "payment-1!HTTP",
        "nagios-json-recovery",
    ),
    "uptime-kuma": (
        "[payment] [🔴 Down] Request failed with status code 503", "payment", None, START + 123 * MS,
        "uptime-kuma:3", "uptime-kuma-up",
    ),
    "pingdom": ("payment: HTTP Error 503", "payment", "HIGH", START, "pingdom:12", "pingdom-up"),
    "kibana-webhook": (
        "payment errors threshold met", "payment", None, START + 138 * MS,
        "00000000-0000-4000-8000-000000000041/payment", "kibana-webhook-recovered",
    ),
    "argocd-notification": (
        "Application payment has degraded.", "payment", None, None, "default/payment", None
    ),
    "cloudevents": (
        "payment 5xx", "payment", "critical", START + 138 * MS, "payment-5xx", "cloudevents-resolved"
    ),
    "alertmanager-api-v2-array": (
        "HighErrorRate: 5xx", "payment", "critical", START + 138 * MS, "00000000000e0201", None
    ),
    "simple-triggered": ("payment 5xx", "Payment API", "SEV1", START, None, None),
}  # fmt: skip


def read(path: Path) -> Reading:
    return read_delivery(path.read_bytes(), NOW)


def only(name: str) -> Alert:
    (alert,) = read(FOLDER / f"{name}.json").alerts
    return alert


@pytest.mark.parametrize("name", TABLE)
def test_a_given_body_is_read_as_its_table_says(name: str) -> None:
    title, service, severity, start, key, end = TABLE[name]
    alert = only(name)
    assert (alert.title, alert.service, alert.severity) == (title, service, severity)
    assert alert.firing
    assert (alert.starts_at, alert.start_sent) == ((start, True) if start else (NOW, False))
    assert key in {None, alert.fingerprint}
    if end is not None:
        over = only(end)
        assert not over.firing
        assert over.fingerprint == alert.fingerprint
        assert over.ends_at is None or END <= over.ends_at < END + timedelta(seconds=1)


def test_what_is_no_alert_is_taken_and_opens_nothing() -> None:
    no_data = read(FOLDER / "cloudwatch-sns-insufficient-data.json")
    assert (no_data.alerts, [one.kind.value for one in no_data.notices]) == ((), ["no data"])
    subscription = read(FOLDER / "sns-subscription.json")
    assert subscription.alerts == ()
    assert subscription.confirmations[0].link.startswith(
        "https://sns.eu-west-1.amazonaws.com/?Action=Confirm"
    )
    workflow = read(FOLDER / "github-workflow-run.json")
    assert workflow.alerts == ()
    assert workflow.changes or workflow.notices


@pytest.mark.parametrize(
    ("vendor", "sender"),
    [
        ("axiom", "axiom"), ("checkly", "checkly"), ("checkmk", "checkmk"), ("cloudwatch", "sns"),
        ("coralogix", "coralogix"), ("dash0", "dash0"), ("datadog", "datadog"),
        ("gcpmonitoring", "google-cloud"), ("grafana", "grafana"), ("graylog", "graylog"),
        ("libre_nms", "librenms"), ("netbox", "netbox"), ("prometheus", "alertmanager"),
        ("sentry", "sentry"), ("signalfx", "splunk-observability"), ("thousandeyes", "thousandeyes"),
        ("wazuh", "wazuh"),
    ],
)  # fmt: skip
def test_every_further_sample_is_read_by_the_form_of_its_sender(vendor: str, sender: str) -> None:
    content: Any = json.loads((SHARED / "alerts" / f"{vendor}.json").read_text())
    for sample in content["samples"]:
        reading = read_delivery(json.dumps(sample["payload"]).encode(), NOW)
        assert reading.sender.startswith(sender)
        assert reading.alerts or reading.notices or reading.changes
