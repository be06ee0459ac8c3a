"""An execution is watched until the controller has observed it and finished, or it is said why not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.action import Action, Outcome
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.effects import carried_out
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.world import HPAS, RESTARTED, Json, Made, World, scaler, settles, till
from tools.clock import VirtualClock, WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord

A, B = "2026-11-29T01:00:00Z", "2026-11-29T02:00:00Z"
OLD, NEW = till("3.1"), till("3.1", args=["--new"])
BACK, RESTART, SCALE = rollback("till", "3.1@revision-1"), restart("till"), scale("till", 5)


def world(patched: Callable[[Json], None] = settles, **more: Any) -> World:
    return World([Made(OLD, A, (1,)), Made(NEW, B, (2,), pods=3)], patched=patched, **more)


async def done(namespace: World, action: Action, tmp_path: Path) -> Outcome:
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            return await open_doors.actions.execute(action, KEY, UNFENCED)


async def test_a_template_under_the_same_tag_comes_back_and_goes_again(tmp_path: Path) -> None:
    namespace = world()
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            plan = await open_doors.actions.plan(BACK)
            assert (await open_doors.actions.execute(BACK, KEY, UNFENCED)).done
            assert "args" not in namespace.deployment["spec"]["template"]["spec"]["containers"][0]
            assert plan.undo is not None
            namespace.sets[0]["metadata"]["annotations"] |= {
                "deployment.kubernetes.io/revision": "3", "deployment.kubernetes.io/revision-history": "1",
            }  # fmt: skip
            with pytest.raises(ActionRefused, match="nothing to roll back"):
                await open_doors.actions.plan(BACK)
            assert (await open_doors.actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
            assert namespace.deployment["spec"]["template"]["spec"]["containers"][0]["args"] == ["--new"]


@pytest.mark.parametrize("action", [BACK, RESTART])
async def test_after_a_kill_the_template_says_whether_it_was_done(action: Action, tmp_path: Path) -> None:
    namespace = world()
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            actions, log = open_doors.actions, tmp_path / "ledger"
            begun = WallClock().now().replace(microsecond=0)
            deed = ActionRecord(key=KEY, plan=await actions.plan(action), begun=begun, marked=True)
            ActionLog(log).write(deed)
            assert await actions.status(KEY) is None
            await carried_out(actions, deed, log)
            found = await actions.status(KEY)
            assert found is not None
            assert found.done
            assert len(namespace.patches) == 1


def never(deployment: Json) -> None:
    """The controller is not there."""


def stuck(why: str, **more: object) -> Callable[[Json], None]:
    """The controller saw it, and one new pod does not come up."""

    def sees(deployment: Json) -> None:
        condition = {"type": "Progressing", "status": "False", "reason": why}
        failure = [{"type": "ReplicaFailure", "status": "True", **more}] if more else []
        deployment["status"] |= {
            "observedGeneration": deployment["metadata"]["generation"], "conditions": [condition, *failure],
            "replicas": 4, "updatedReplicas": 1, "availableReplicas": 3,
        }  # fmt: skip

    return sees


def paused(deployment: Json) -> None:
    stuck("ReplicaSetUpdated")(deployment)
    deployment["spec"]["paused"] = True


def put_back(deployment: Json) -> None:
    """A controller that keeps the template as it is written elsewhere."""
    deployment["spec"]["template"] = NEW
    deployment["metadata"]["generation"] += 1
    settles(deployment)


def sized(replicas: int) -> Callable[[Json], None]:
    def sizes(deployment: Json) -> None:
        deployment["spec"]["replicas"] = replicas
        settles(deployment)

    return sizes


@pytest.mark.parametrize(
    ("patched", "action", "said"),
    [
        (never, BACK, ["not complete within 0.3 s", "its controller has not yet observed the change"]),
        (stuck("ReplicaSetUpdated"), BACK, ["not complete within", "3 of 3 replicas of 3.1@revision-2"]),
        (stuck("ProgressDeadlineExceeded"), RESTART, ["exceeded its progress deadline"]),
        (
            stuck("X", reason="FailedCreate", message='pods "till-a-1" is forbidden: exceeded quota: eu'),
            BACK, ["pods cannot be made (FailedCreate: pods", "exceeded quota: eu"],
        ),
        (paused, BACK, ["it does not go on", "it was paused"]),
        (put_back, BACK, ["another template again", "back meanwhile", "3 of 3 replicas of 3.1@revision-2"]),
        (put_back, RESTART, ["another template again"]),
        (sized(3), SCALE, ["its size is 3 again", "changed it back meanwhile"]),
    ],
)  # fmt: skip
async def test_what_did_not_finish_is_no_success_and_says_why(
    patched: Callable[[Json], None], action: Action, said: list[str], tmp_path: Path
) -> None:
    outcome = await done(world(patched), action, tmp_path)
    assert not outcome.done
    assert [one for one in said if one not in outcome.detail] == [], outcome.detail


def pod(name: str, **status: object) -> Json:
    return {"metadata": {"name": name}, "status": {"phase": "Pending", **status}}


def waits(why: str, message: str = "", **last: object) -> Json:
    ended = {"lastState": {"terminated": last}} if last else {}
    return {"name": "till", "state": {"waiting": {"reason": why, "message": message}}, **ended}


KILLED = {"reason": "OOMKilled", "exitCode": 137}
FAILED = {"reason": "Error", "exitCode": 3}
UNSCHEDULED = {
    "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient cpu.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("pods", "said"),
    [
        (
            [pod(n, containerStatuses=[waits("CrashLoopBackOff", "back-off", **KILLED)]) for n in "ab"],
            "2 pods: container till is in CrashLoopBackOff, which last ended with OOMKilled (exit 137)",
        ),
        (
            [pod("a", containerStatuses=[waits("ImagePullBackOff", 'Back-off pulling image "till:9"')])],
            '1 pod: container till is in ImagePullBackOff: Back-off pulling image "till:9"',
        ),
        (
            [pod("a", containerStatuses=[waits("CreateContainerConfigError", 'configmap "eu" not found')])],
            'CreateContainerConfigError: configmap "eu" not found',
        ),
        (
            [pod("a", initContainerStatuses=[{"name": "migrate", "state": {"terminated": FAILED}}])],
            "init container migrate ended with Error (exit 3)",
        ),
        (
            [pod("a", conditions=[UNSCHEDULED])],
            "not scheduled (Unschedulable): 0/3 nodes are available: 3 Insufficient cpu.",
        ),
        (
            [pod("a", phase="Failed", reason="Evicted", message="The node was low on resource: memory.")],
            "Evicted: The node was low on resource: memory.",
        ),
        (
            [pod("a", containerStatuses=[{"name": "till", "ready": False, "state": {"running": {}}}])],
            "container till runs and is not ready",
        ),
        ([pod("a", containerStatuses=None)], "not complete"),
    ],
)  # fmt: skip
async def test_the_pods_say_what_holds_a_rollout_up(pods: list[Json], said: str, tmp_path: Path) -> None:
    namespace = world(stuck("ReplicaSetUpdated"), objects={"pods": pods})
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            outcome = await open_doors.actions.execute(BACK, KEY, UNFENCED)
        (asked,) = [one for one in server.asked if one.path.endswith("/pods")]
    assert not outcome.done
    assert said in outcome.detail
    assert asked.one("labelSelector") == "app=till,pod-template-hash=a"


async def test_a_size_that_an_autoscaler_sets_back_later_is_no_success(tmp_path: Path) -> None:
    """It could not measure when it was asked; it looks again within 15 s."""
    blind = scaler(2, 8, ("ScalingActive", "False", "FailedGetResourceMetric"))
    namespace = world(objects={HPAS: [blind]})
    looks: list[str] = []

    def looks_again(asked: Asked) -> Answer:
        if namespace.patches and asked.path.endswith("/deployments/till"):
            looks.append(asked.method)
            if len(looks) == 4:
                sized(3)(namespace.deployment)
        return namespace(asked)

    with serving(looks_again) as server:
        async with doors(server.url, tmp_path, ("till",), steady=timedelta(seconds=5)) as open_doors:
            outcome = await open_doors.actions.execute(SCALE, KEY, UNFENCED)
    assert not outcome.done
    assert "its size is 3 again" in outcome.detail


async def test_a_size_that_stays_is_a_success(tmp_path: Path) -> None:
    for namespace in (
        world(),
        world(spec={"paused": True}),
        world(objects={HPAS: [scaler(2, 8, ("ScalingActive", "False", "FailedGetResourceMetric"))]}),
    ):
        with serving(namespace) as server:
            name = str(id(namespace))
            async with doors(server.url, tmp_path / name, ("till",), steady=timedelta(seconds=0.05)) as ours:
                outcome = await ours.actions.execute(SCALE, KEY, UNFENCED)
        assert outcome.done
        assert "5 of 5 replicas" in outcome.detail


async def test_a_second_restart_within_a_second_is_not_begun(tmp_path: Path) -> None:
    """The mark would be the same, and nothing would restart."""
    clock = VirtualClock(datetime(2026, 11, 29, 12, tzinfo=UTC))
    namespace = world()
    notes = {RESTARTED: "2026-11-29T12:00:00Z"}
    namespace.deployment["spec"]["template"]["metadata"]["annotations"] = notes
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",), clock=clock) as open_doors:
            with pytest.raises(ActionRefused, match="within this second"):
                await open_doors.actions.plan(RESTART)
            clock.advance(timedelta(seconds=1))
            assert await open_doors.actions.plan(RESTART)


async def test_a_change_between_the_plan_and_the_patch_is_left_alone(tmp_path: Path) -> None:
    namespace = world()

    def deploys(asked: Asked) -> Answer:
        if asked.method == "PATCH" and asked.one("dryRun") != "All":
            namespace.deployment["metadata"] |= {"resourceVersion": "900", "generation": 10}
        return namespace(asked)

    with serving(deploys) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            outcome = await open_doors.actions.execute(BACK, KEY, UNFENCED)
    assert not outcome.done
    assert "nothing was changed" in outcome.detail
    assert "somebody else changed the deployment meanwhile" in outcome.detail
    assert not namespace.patches


async def test_a_webhook_that_is_away_says_so(tmp_path: Path) -> None:
    """A 500 does not tell whether the patch was kept: what became of it is asked."""
    said = 'failed calling webhook "images.example.org": connect: connection refused'
    status = {"kind": "Status", "reason": "InternalError", "message": said, "code": 500}
    answers = {("PATCH", "/apis/apps/v1/namespaces/shop/deployments/till"): told(status, 500)}
    with serving(world(answers=answers)) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            with pytest.raises(ToolFailed, match=r"failed inside \(500\): failed calling webhook"):
                await open_doors.actions.plan(BACK)
