"""The pods of a service are asked, with the last warnings about them."""

from datetime import UTC, datetime

import pytest

from incidents.catalogue import Catalogue, Service
from incidents.health import Probe
from tests.tools.live.fakes.server import Answer, Asked, serving
from tests.tools.live.kubernetes.test_other_kinds import REVISIONS, Others
from tests.tools.live.kubernetes.world import Json, Made, World, refused, till
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

LATE, EARLIER = "2026-11-29T11:58:00Z", "2026-11-29T11:50:00Z"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


async def asked(namespace: World | Others, **more: object) -> tuple[Probe, ...]:
    with serving(namespace) as server:
        said = {"kind": "kubernetes", "url": server.url, "namespace": "shop", "service": "till"} | more
        catalogue = Catalogue(services=(Service(name="till"),))
        health = Backends.model_validate({"health": [said]}).health
        port = LiveHealth(health, catalogue, Secrets({}), VirtualClock(NOW))
        try:
            return await port.probe(["till"])
        finally:
            await port.aclose()


def world(**more: object) -> World:
    made = [Made(till("1.0"), "2026-11-29T01:00:00Z", (1,), pods=3)]
    return World(made, **more)  # type: ignore[arg-type]


def pod(name: str, **status: object) -> Json:
    owner = {"kind": "ReplicaSet", "name": "till-a", "controller": True}
    return {"metadata": {"name": name, "ownerReferences": [owner]}, "status": {"phase": "Running", **status}}


def event(name: str, reason: str, **more: object) -> Json:
    about = {"kind": "Pod", "name": name, "namespace": "shop"}
    return {
        "metadata": {"name": f"{name}.1"},
        "involvedObject": about,
        "type": "Warning",
        "reason": reason,
    } | more


async def test_a_workload_that_is_well_says_how_many_can_be_used() -> None:
    ready = {"name": "till", "ready": True, "restartCount": 2, "state": {"running": {}}}
    (probe,) = await asked(
        world(objects={"pods": [pod("till-a-1", containerStatuses=[ready])], "events": []})
    )
    assert probe.healthy
    assert probe.said == "3 of 3 replicas are available"
    assert probe.target == "pods of deployment/till"
    assert [(one.name, one.value) for one in probe.figures][-1] == ("restarts of containers", 2)


async def test_pods_that_do_not_come_up_say_why_and_warnings_come_in_both_forms() -> None:
    crash = {
        "name": "till", "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
    }  # fmt: skip
    events = [
        event("till-a-1", "BackOff", count=9, lastTimestamp=LATE, message="back-off restarting"),
        event(
            "till-a-1", "Unhealthy", eventTime="2026-11-29T11:40:00.000000Z",
            message="probe failed: token=hunter2x",
            series={"count": 4, "lastObservedTime": "2026-11-29T11:59:00.123456Z"},
        ),
        event("till-a", "FailedCreate", count=1, lastTimestamp=EARLIER, message="exceeded quota"),
        event("other-1", "BackOff", count=9, lastTimestamp=LATE),
        event("till-a-1", "Old", count=9, lastTimestamp="2026-11-29T11:20:00Z"),
        event("till-a-1", "Pulled", type="Normal", lastTimestamp=LATE),
        event("till-a-1", "Timeless", lastTimestamp=None, eventTime=None, count=None),
    ]  # fmt: skip
    namespace = world(
        objects={"pods": [pod("till-a-1", containerStatuses=[crash])], "events": events},
        status={"availableReplicas": 2},
    )
    (probe,) = await asked(namespace)
    assert not probe.healthy
    assert probe.said.startswith(
        "2 of 3 replicas are available; container till is killed for using more memory than it may "
        "[pod/till-a-1 says CrashLoopBackOff: container till last ended with OOMKilled (exit 137, it was "
        "killed (SIGKILL)), 7 restarts]; Unhealthy (4 times, last at 11:59:00): probe failed: "
    )
    assert "BackOff (9 times, last at 11:58:00): back-off restarting; FailedCreate (1 times" in probe.said
    assert "hunter2x" not in probe.said
    assert [name for name in ("Old", "Pulled", "Timeless") if name in probe.said] == []


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
async def test_other_kinds_are_asked_alike(kind: str) -> None:
    (probe,) = await asked(Others(kind, REVISIONS), workload=f"{kind}/db")
    assert (probe.healthy, probe.target) == (True, f"pods of {kind}/db")


async def test_what_may_not_be_read_takes_nothing_else_with_it() -> None:
    denied = refused(403, "Forbidden", 'User "n" cannot list resource "pods"')
    paths = [f"/api/v1/namespaces/shop/{what}" for what in ("pods", "events")]
    (probe,) = await asked(world(answers={("GET", path): denied for path in paths}))
    assert probe.said == "3 of 3 replicas are available"
    gone: dict[tuple[str, str], Answer] = {
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/till"): refused(404, "NotFound", "not there")
    }
    with collect_gaps() as gaps:
        assert await asked(world(answers=gone)) == ()
    assert ["not there" in gap for gap in gaps] == [True]


async def test_only_warnings_of_its_namespace_are_asked_for() -> None:
    namespace, seen = world(objects={"pods": [], "events": []}), []

    class Watched(World):
        def __call__(self, question: Asked) -> Answer:
            seen.append((question.path, question.one("fieldSelector")))
            return namespace(question)

    await asked(Watched(namespace.made))
    assert ("/api/v1/namespaces/shop/events", "type=Warning") in seen
