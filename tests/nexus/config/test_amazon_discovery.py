"""`nexus init` where the environment has an account of AWS: CloudWatch as moto emulates it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.cloudwatch.models import MetricDatum, cloudwatch_backends

from nexus.config.site import load_site
from tests.nexus.command_line import Terminal
from tests.nexus.config.test_site_discovery import plain
from tests.tools.live.cloudwatch import ACCOUNT, REGION, Events, cloudwatch
from tests.tools.live.fakes.server import Answer, serving
from tools.clock import WallClock
from tools.live.checks import check_backends
from tools.live.secrets import Secrets
from tools.live.settings_aws import CloudWatchLogs, CloudWatchMetrics

GROUPS: Events = {
    ("/aws/lambda/pay", "one"): [(1, "line")],
    ("/ecs/web", "one"): [(1, "line")],
    ("/aws/rds/instance/orders/error", "one"): [(1, "line")],
    ("/ecs/gone", "one"): [(1, "line")],
}
LISTED: list[tuple[str, str, dict[str, str]]] = [
    ("AWS/Lambda", "Invocations", {"FunctionName": "pay"}),
    ("AWS/Lambda", "Duration", {"FunctionName": "pay"}),
    ("AWS/Lambda", "Duration", {"FunctionName": "pay", "Resource": "pay:live"}),
    ("AWS/Lambda", "Duration", {}),
    ("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": "app/a/1", "TargetGroup": "targetgroup/web/7"}),
    ("AWS/ECS", "CPUUtilization", {"ClusterName": "blue", "ServiceName": "web"}),
    ("AWS/ECS", "CPUUtilization", {"ClusterName": "green", "ServiceName": "web"}),
    ("AWS/RDS", "CPUUtilization", {"DBInstanceIdentifier": "orders"}),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": "mails"}),
    ("Own", "Duration", {"FunctionName": "unknown"}),
]


@contextmanager
def account(nexus: Terminal, listed: list[tuple[str, str, dict[str, str]]] = LISTED) -> Iterator[None]:
    """An environment with an account of AWS that has metrics and log groups."""
    kept: Any = cloudwatch_backends[ACCOUNT][REGION]
    with cloudwatch(GROUPS) as url:
        now = datetime.now(UTC).replace(tzinfo=None)
        recent, before = now - timedelta(minutes=10), now - timedelta(hours=2)
        # moto answers a percentile of data with 500: what is asked by one has none in the last hour.
        kept.metric_data[:] = [
            MetricDatum(
                space,
                name,
                1.0,
                [{"Name": key, "Value": value} for key, value in of.items()],
                before if name == "Duration" else recent,
            )
            for space, name, of in listed
        ]
        enter(nexus, url)
        try:
            yield
        finally:
            kept.metric_data.clear()


def enter(nexus: Terminal, url: str) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "a-key-of-tests",
        "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2",
    }.items():  # fmt: skip
        nexus.set(name, value)


def test_without_a_prometheus_services_are_those_that_cloudwatch_has_metrics_of(
    nexus: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "nexus.yaml"
    with account(nexus):
        made = nexus("init", "--out", path)
        assert made.code == 0, made.err
        site = load_site(path)
        checked = asyncio.run(check_backends(site.backends, site.catalogue, Secrets({}), WallClock()))
    assert "4 services (web, pay, orders, mails)" in made.out
    said = " ".join(made.out.split())
    assert (
        "CloudWatch in eu-central-1: 10 metrics of AWS/ApplicationELB, AWS/Lambda, AWS/ECS, AWS/RDS, AWS/SQS"
        in said
    )
    assert "3 log groups of services; of no service that is known: /ecs/gone" in said
    assert {one.name: one.kind.value for one in site.services} == {
        "web": "service", "pay": "service", "orders": "database", "mails": "queue"
    }  # fmt: skip
    metrics, (logs,) = site.backends.metrics, site.backends.logs
    assert isinstance(metrics, CloudWatchMetrics)
    assert isinstance(logs, CloudWatchLogs)
    assert logs.groups == {
        "/aws/lambda/pay": "pay", "/ecs/web": "web", "/aws/rds/instance/orders/error": "orders"
    }  # fmt: skip
    asked = {(series.metric, series.name): series for series in metrics.series}
    # A counter of failures that does not exist yet is asked for; a time without data is not.
    assert [one.service for one in asked["error_rate", "Errors"].of] == ["pay"]
    assert ("latency_p95", "TargetResponseTime") not in asked
    clusters = [
        one.instance for series in metrics.series if series.namespace == "AWS/ECS" for one in series.of
    ]
    assert clusters == ["blue/web", "green/web"]
    told = {one.part: one.said for one in checked}
    assert told["metrics (cloudwatch)"].startswith("6 of 10 metrics have data in the last hour")
    assert (
        told["logs 1 (cloudwatch)"]
        == "CloudWatch in eu-central-1: 3 log groups answer, 0 lines in the last 5 min"
    )
    assert "hunter2" not in made.out + path.read_text()


def test_beside_a_prometheus_the_log_groups_of_its_services_are_written(
    nexus: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "nexus.yaml"
    with account(nexus), serving(plain) as server:
        made = nexus("init", "--prometheus", server.url, "--out", path)
    assert made.code == 0, made.err
    assert "CloudWatch in eu-central-1: 1 log groups of services" in made.out
    (logs,) = load_site(path).backends.logs
    assert isinstance(logs, CloudWatchLogs)
    assert logs.groups == {"/ecs/web": "web"}


def test_an_account_that_may_not_list_is_told_and_only_alone_a_failure(
    nexus: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "nexus.yaml"
    refusal = json.dumps({"__type": "AccessDeniedException", "message": "not authorized to list"})
    with serving(lambda _: Answer(refusal, 400)) as amazon, serving(plain) as server:
        enter(nexus, amazon.url)
        alone = nexus("init", "--out", path)
        beside = nexus("init", "--prometheus", server.url, "--out", path)
    assert (alone.code, "AccessDeniedException: not authorized to list" in alone.err) == (1, True)
    assert (beside.code, "No log groups: CloudWatch in eu-central-1 answered AccessDenied" in beside.out) == (
        0,
        True,
    )
    assert load_site(path).backends.logs == ()


@pytest.mark.parametrize("listed", [[], LISTED[-1:]])
def test_an_account_without_known_services_writes_nothing(
    nexus: Terminal, tmp_path: Path, listed: list[tuple[str, str, dict[str, str]]]
) -> None:
    with account(nexus, listed):
        made = nexus("init", "--out", tmp_path / "nexus.yaml")
    assert (made.code, "has no metrics of a known kind of service" in made.err) == (2, True)
    assert not (tmp_path / "nexus.yaml").exists()
