"""A fault of a new release's pods alone is that release's; one that older pods have as well is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from incidents.cluster import FaultKind, Finding
from incidents.findings import Category
from tests.tools.live.kubernetes.world import Json, till
from tools.live.cluster.faults import findings
from tools.live.cluster.objects import Workload
from tools.live.cluster.resources.pods import Pod
from tools.live.cluster.snapshot import Snapshot

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
KILLED = {
    "name": "till", "ready": False, "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
}  # fmt: skip
WELL = {"name": "till", "ready": True, "restartCount": 0, "state": {"running": {}}}
LIMIT = {"resources": {"limits": {"memory": "16Mi"}}}


def kept(number: int, template: Json, age: timedelta, made_by: str = "till") -> Workload:
    owner = {"kind": "Deployment", "name": made_by, "uid": f"u-{made_by}", "controller": True}
    return Workload.model_validate({
        "metadata": {
            "name": f"{made_by}-{number}", "uid": f"s-{number}",
            "creationTimestamp": (NOW - age).isoformat(), "ownerReferences": [owner],
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
        },
        "spec": {"template": template},
    })  # fmt: skip


def pod(of: str, status: Json) -> Pod:
    owner = {"kind": "ReplicaSet", "name": of, "uid": "s", "controller": True}
    conditions = [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Ready", "status": str(status["ready"])},
    ]
    return Pod.model_validate({
        "metadata": {
            "name": f"{of}-x", "labels": {"app": "till"}, "ownerReferences": [owner],
            "creationTimestamp": (NOW - timedelta(minutes=3)).isoformat(),
        },
        "spec": {"containers": till("2.0")["spec"]["containers"], "nodeName": "n"},
        "status": {"phase": "Running", "containerStatuses": [status], "conditions": conditions},
    })  # fmt: skip


def told(*sets: Workload, **pods: Json) -> Finding:
    template = sets[-1].spec.template
    workload = Workload.model_validate({
        "metadata": {"name": "till", "uid": "u-till"}, "spec": {"replicas": 2, "template": template},
    })  # fmt: skip
    seen = Snapshot(
        namespace="shop", at=NOW, workloads=(workload,), sets=sets,
        pods=tuple(pod(name.replace("_", "-"), status) for name, status in pods.items()),
    )  # fmt: skip
    (found,) = (one for one in findings(seen) if one.kind is FaultKind.OUT_OF_MEMORY)
    return found


OLD = timedelta(days=2)
FRESH = timedelta(minutes=4)
BEFORE = kept(1, till("1.0"), OLD)


def test_it_is_the_releases_and_says_what_that_changed() -> None:
    found = told(kept(1, till("1.0"), OLD), kept(2, till("1.0", **LIMIT), FRESH), till_2=KILLED, till_1=WELL)
    assert found.category is Category.DEPLOYMENT
    assert found.evidence[-2:] == (
        "revision 2 of 11:56:00 UTC changed resources of till (limits.memory none to 16Mi)",
        "pod/till-1-x, of a template before, is ready",
    )


@pytest.mark.parametrize(("ready", "brought"), [(WELL, True), (KILLED, False)])
def test_one_that_is_long_ago_is_told_by_a_pod_of_before_that_is_ready(ready: Json, brought: bool) -> None:
    found = told(BEFORE, kept(2, till("2.0"), timedelta(days=1)), till_2=KILLED, till_1=ready)
    assert (found.category is Category.DEPLOYMENT) == brought
    assert any("revision 2 of 2026-11-28 12:00:00 UTC" in one for one in found.evidence) == brought


@pytest.mark.parametrize(
    ("sets", "pods"),
    [
        pytest.param([kept(2, till("2.0"), FRESH)], {"till_2": KILLED}, id="nothing ran before"),
        pytest.param([BEFORE, kept(2, till("2.0"), timedelta(hours=1))], {"till_2": KILLED}, id="old"),
        pytest.param(
            [BEFORE, kept(2, till("2.0"), FRESH)], {"till_2": KILLED, "till_1": KILLED},
            id="the pods of before have it too",
        ),
        pytest.param([BEFORE, kept(2, till("1.0"), FRESH)], {"till_2": KILLED}, id="restart"),
        pytest.param(
            [kept(1, till("1.0"), OLD, "other"), kept(2, till("2.0"), FRESH)], {"till_2": KILLED},
            id="of another workload",
        ),
    ],
)  # fmt: skip
def test_else_it_stays_what_it_is(sets: list[Workload], pods: Any) -> None:
    found = told(*sets, **pods)
    assert found.category is Category.INFRASTRUCTURE
    assert not any("revision" in one for one in found.evidence)
