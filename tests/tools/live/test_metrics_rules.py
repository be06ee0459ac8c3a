"""The team's alert rules as Prometheus tells them, and the values of those that alert."""

from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("promql_parser", reason="the extra `rules` is not installed")

from incidents.findings import Window
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tools.clock import VirtualClock
from tools.live.metrics import live_metrics
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus
from tools.telemetry.data_gaps import collect_gaps

NOW = datetime(2026, 3, 12, 10, tzinfo=UTC)


def rule(name: str, query: str, **labels: str) -> dict[str, object]:
    return {
        "name": name,
        "query": query,
        "duration": 300,
        "labels": labels,
        "type": "alerting",
        "state": "inactive",
    }


RULES = [
    rule("PileUp", "queue_jobs > 50 and on () up == 1", severity="critical"),
    rule("Low", "10 > buffer_left"),
    rule("Gone", "absent(queue_jobs)"),
    rule("Odd", "sum("),
    rule("Fixed", "sum(lost) > 0", service="payment"),
]


def handle(asked: Asked) -> Answer:
    if asked.path == "/api/v1/rules":
        return told({"status": "success", "data": {"groups": [{"name": "team", "rules": RULES}]}})
    if asked.path == "/api/v1/query":
        return told({"status": "success", "data": {"resultType": "vector", "result": []}})
    end = float(asked.one("end"))
    by_query: dict[str, list[dict[str, str]]] = {
        "group by (alertname) (ALERTS)": [
            {"alertname": "PileUp"},
            {"alertname": "Fixed"},
            {"alertname": "Other"},
        ],
        "queue_jobs": [{"service": "payment", "instance": "a"}, {"service": "stranger"}],
        "sum(lost)": [{}],
    }
    found = [{"metric": one, "values": [[end, "80"]]} for one in by_query.get(asked.one("query"), ())]
    return told({"status": "success", "data": {"resultType": "matrix", "result": found}})


async def test_rules_are_understood_counted_and_asked_for_while_they_alert() -> None:
    with serving(handle) as server:
        spec = Prometheus(kind="prometheus", url=server.url)
        port = live_metrics(spec, ("payment",), Secrets({}), VirtualClock(NOW))
        try:
            rules = {one.name: one for one in await port.alert_rules()}
            frame = await port.metrics(Window(start=NOW - timedelta(minutes=5), end=NOW))
            said = await port.check()
        finally:
            await port.aclose()
    assert [(name, str(one.limit), one.metrics) for name, one in rules.items()] == [
        ("PileUp", "> 50", ("queue_jobs",)),
        ("Low", "< 10", ("buffer_left",)),
        ("Fixed", "> 0", ("lost",)),
    ]
    assert (rules["PileUp"].severity, rules["PileUp"].lasts) == ("critical", timedelta(minutes=5))
    assert frame.select("service", "instance", "metric", "value").rows() == [
        ("payment", "", "rule:Fixed", 80.0),
        ("payment", "a", "rule:PileUp", 80.0),
    ]
    assert "3 of 5 alert rules are understood" in said


@pytest.mark.parametrize(("status", "told_as_gap"), [(401, True), (403, True), (404, False)])
async def test_rules_that_may_not_be_read_are_a_gap_and_not_none(status: int, told_as_gap: bool) -> None:
    def closed(asked: Asked) -> Answer:
        if asked.path == "/api/v1/rules":
            return Answer("rules are for the owners", status)
        return told({"status": "success", "data": {"resultType": "matrix", "result": []}})

    with serving(closed) as server:
        spec = Prometheus(kind="prometheus", url=server.url)
        port = live_metrics(spec, ("payment",), Secrets({}), VirtualClock(NOW))
        try:
            with collect_gaps() as gaps:
                await port.metrics(Window(start=NOW - timedelta(minutes=5), end=NOW))
            checked = await port.check()
        finally:
            await port.aclose()
    said = [gap for gap in gaps if "the alert rules may not be read" in gap]
    assert [("rules are for the owners" in gap) for gap in said] == [True] * told_as_gap
    assert ("the alert rules may not be read" in checked) is told_as_gap
