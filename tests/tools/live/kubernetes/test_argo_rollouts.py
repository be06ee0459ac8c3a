"""Argo Rollouts, from their documents alone: no controller of them was tried."""

from pathlib import Path
from typing import Any

import pytest

from incidents.action import Plan
from incidents.changes import ChangeKind
from incidents.errors import ActionRefused
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.world import APPS, HPAS, Json, Made, World, scaler, till
from tools.fence import UNFENCED

A, B = "2026-11-29T01:00:00Z", "2026-11-29T02:00:00Z"
ROLLOUTS = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts"


def rollout(**more: Any) -> World:
    """A canary from 1.0 to 2.0 that is done."""
    found = World([Made(till("1.0"), A, (1,)), Made(till("2.0"), B, (2,), pods=3)], **more)
    for one in [found.deployment, *found.sets]:
        notes = one["metadata"]["annotations"]
        one["metadata"]["annotations"] = {
            name.replace("deployment.kubernetes.io", "rollout.argoproj.io"): value
            for name, value in notes.items()
        }
    for one in found.sets:
        labels = one["spec"]["template"]["metadata"]["labels"]
        labels["rollouts-pod-template-hash"] = labels.pop("pod-template-hash")
    found.deployment["spec"]["strategy"] = {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}
    found.deployment["status"] |= {"observedGeneration": "9", "phase": "Healthy"} | more.get("status", {})
    found.deployment["spec"] |= more.get("spec", {})
    return found


def served(namespace: World) -> Handler:
    def answers(asked: Asked) -> Answer:
        if asked.path.startswith(APPS) and asked.path.endswith(("deployments", "sets")):
            items = namespace.sets if asked.path.endswith("replicasets") else []
            return told({"metadata": {}, "items": items})
        path = asked.path.replace(ROLLOUTS, f"{APPS}/deployments")
        return namespace(Asked(asked.method, path, asked.query, asked.headers, asked.body))

    return answers


async def planned(namespace: World, action: Any, tmp_path: Path) -> Plan:
    with serving(served(namespace)) as server:
        async with doors(server.url, tmp_path, ("till",), deployments={"till": "rollout/till"}) as ours:
            return await ours.actions.plan(action)


def healthy(found: Json) -> None:
    found["status"] |= {"observedGeneration": str(found["metadata"]["generation"]), "phase": "Healthy"}
    found["status"]["restartedAt"] = found["spec"].get("restartAt", "")


def degraded(found: Json) -> None:
    generation = str(found["metadata"]["generation"])
    found["status"] |= {"observedGeneration": generation, "phase": "Degraded", "message": "metric failed"}


def waits(found: Json) -> None:
    generation = str(found["metadata"]["generation"])
    found["status"] |= {"observedGeneration": generation, "phase": "Paused", "message": "CanaryPauseStep"}


async def test_their_revisions_are_changes(tmp_path: Path) -> None:
    with serving(served(rollout())) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            changes = await open_doors.changes()
    assert [(one.id, one.version_from, one.version_to) for one in changes.values()] == [
        ("rollout-till-r1", "", "1.0"), ("rollout-till-r2", "1.0", "2.0"),
    ]  # fmt: skip


async def test_one_that_was_aborted_runs_what_was_before(tmp_path: Path) -> None:
    gone = {
        "abort": True,
        "abortedAt": "2026-11-29T02:07:00Z",
        "phase": "Degraded",
        "message": "metric failed",
    }
    namespace = rollout(status=gone)
    for one, pods in zip(namespace.sets, (3, 0), strict=True):
        one["status"] |= {"replicas": pods, "availableReplicas": pods}
    with serving(served(namespace)) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            last = (await open_doors.changes())["rollout-till-aborted"]
    assert (last.kind, last.version_from, last.version_to) == (ChangeKind.DEPLOY, "2.0", "1.0")
    assert last.summary == "aborted: metric failed"


async def test_a_rollback_and_a_restart_are_done_when_it_is_healthy_again(tmp_path: Path) -> None:
    namespace = rollout(patched=healthy)
    with serving(served(namespace)) as server:
        async with doors(server.url, tmp_path, ("till",), deployments={"till": "ro/till"}) as ours:
            plan = await ours.actions.plan(rollback("till", "1.0"))
            assert "may wait at one of them until somebody promotes it" in " ".join(plan.effects)
            assert (await ours.actions.execute(plan.action, KEY, UNFENCED)).done
            template = namespace.deployment["spec"]["template"]
            assert template["spec"]["containers"][0]["image"].endswith(":1.0")
            assert list(template["metadata"]["labels"]) == ["app"]
            assert (await ours.actions.execute(restart("till"), "INC-1:A2:x", UNFENCED)).done
            assert namespace.deployment["spec"]["restartAt"]


@pytest.mark.parametrize(
    ("patched", "said"),
    [(degraded, "it failed; it is Degraded: metric failed"), (waits, "it is Paused: CanaryPauseStep")],
)
async def test_one_that_fails_or_waits_is_no_success(patched: Any, said: str, tmp_path: Path) -> None:
    with serving(served(rollout(patched=patched))) as server:
        async with doors(server.url, tmp_path, ("till",), deployments={"till": "ro/till"}) as ours:
            outcome = await ours.actions.execute(rollback("till", "1.0"), KEY, UNFENCED)
    assert not outcome.done
    assert said in outcome.detail


async def test_whose_template_is_elsewhere_is_not_patched(tmp_path: Path) -> None:
    elsewhere = rollout(spec={"workloadRef": {"kind": "Deployment", "name": "till-base"}})
    with pytest.raises(ActionRefused, match="has the template of Deployment till-base"):
        await planned(elsewhere, rollback("till", "1.0"), tmp_path)
    sized = scaler(2, 3)
    sized["spec"]["scaleTargetRef"]["kind"] = "Rollout"
    with pytest.raises(ActionRefused, match="set it back to 3"):
        await planned(rollout(objects={HPAS: [sized]}), scale("till", 5), tmp_path)
