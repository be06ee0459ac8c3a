"""Against the same stand-in the real kubectl and Nexus do the same; skipped where no kubectl is installed."""

import asyncio
import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from incidents.errors import ActionRefused
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.world import (
    CAUSE,
    RESTARTED,
    Json,
    Made,
    World,
    container,
    settles,
    template,
    till,
)
from tools.fence import UNFENCED
from tools.live.cluster.templates import same

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed")
A, B, C = (f"2026-11-29T0{hour}:00:00Z" for hour in (1, 2, 3))
KINDS = {"deployments": "Deployment", "replicasets": "ReplicaSet"}


def discovered(namespace: World) -> Handler:
    """The stand-in with what kubectl asks before it asks for anything else."""
    group = {"groupVersion": "apps/v1", "version": "v1"}
    resources = [
        {
            "name": name, "singularName": kind.lower(), "namespaced": True, "kind": kind,
            "verbs": ["get", "list", "patch"],
        }
        for name, kind in KINDS.items()
    ]  # fmt: skip
    known: dict[str, Json] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [{"name": "apps", "versions": [group], "preferredVersion": group}],
        },
        "/apis/apps/v1": {"kind": "APIResourceList", "groupVersion": "apps/v1", "resources": resources},
    }

    def answers(asked: Asked) -> Answer:
        if asked.path in known:
            return told(known[asked.path])
        if asked.path.endswith("/scale"):
            return told(_scaled(namespace, asked))
        answer = namespace(asked)
        kind = next((f"{KINDS[one]}List" for one in KINDS if asked.path.endswith(one)), "Deployment")
        return told({"apiVersion": "apps/v1", "kind": kind} | json.loads(answer.body), answer.status)

    return answers


def _scaled(namespace: World, asked: Asked) -> Json:
    if asked.method in {"PATCH", "PUT"}:
        namespace.deployment["spec"]["replicas"] = json.loads(asked.body)["spec"]["replicas"]
    spec = {"replicas": namespace.deployment["spec"]["replicas"]}
    meta = {"name": "till", "namespace": "shop", "resourceVersion": "500"}
    return {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": meta, "spec": spec}


async def kubectl(url: str, tmp_path: Path, *said: str) -> tuple[int, str]:
    """Its exit code and what it printed."""
    where = ("-s", url, "--kubeconfig", "/dev/null", "--cache-dir", str(tmp_path / "cache"), "-n", "shop")
    ran = await asyncio.create_subprocess_exec(
        str(KUBECTL), *where, *said, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await ran.communicate()
    return ran.returncode or 0, out.decode()


MARKED = template(*till("3.0")["spec"]["containers"], annotations={RESTARTED: C})
HISTORIES = {
    "a variable": [Made(till("3.1"), A, (1,)), Made(till("3.1", args=["-n"]), B, (2,), pods=3)],
    "a cause": [Made(till("1"), A, (1,), cause="one"), Made(till("2"), B, (2,), pods=3, cause="two")],
    "used again": [Made(till("1"), A, (1, 3)), Made(till("2"), B, (2, 4), pods=3)],
    "a sidecar": [
        Made(template(container("till", "till:1")), A, (1,)),
        Made(template(container("till", "till:1"), container("mesh", "mesh:2")), B, (2,), pods=3),
    ],
}


@pytest.mark.parametrize("history", HISTORIES)
async def test_a_rollback_sets_the_template_and_the_cause_that_undo_sets(
    history: str, tmp_path: Path
) -> None:
    made = HISTORIES[history]
    spec: Json = {"selector": {"matchLabels": {"app": "till"}}}
    theirs, ours = (World(copy.deepcopy(made), patched=settles, spec=dict(spec)) for _ in "ab")
    with serving(discovered(theirs)) as server:
        code, said = await kubectl(server.url, tmp_path, "rollout", "undo", "deployment/till")
        assert (code, "rolled back" in said) == (0, True), said
        code, said = await kubectl(server.url, tmp_path, "rollout", "status", "deployment/till")
        assert (code, "successfully rolled out" in said) == (0, True), said
    with serving(discovered(ours)) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            back = rollback("till", f"revision-{made[0].revisions[-1]}")
            assert (await open_doors.actions.execute(back, KEY, UNFENCED)).done
    assert same(theirs.deployment["spec"]["template"], ours.deployment["spec"]["template"])
    notes = [one.deployment["metadata"]["annotations"].get(CAUSE) for one in (theirs, ours)]
    assert notes[0] == notes[1]


async def test_what_kubectl_does_not_undo_is_refused(tmp_path: Path) -> None:
    spec: Json = {"selector": {"matchLabels": {"app": "till"}}}
    here: Any = World(copy.deepcopy(HISTORIES["a variable"]), spec=spec | {"paused": True})
    with serving(discovered(here)) as server:
        for verb in ("undo", "restart"):
            code, said = await kubectl(server.url, tmp_path, "rollout", verb, "deployment/till")
            assert code == 1
            assert "resume it first" in said or "paused" in said
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            for action in (rollback("till", "revision-1"), restart("till")):
                with pytest.raises(ActionRefused, match="resume it first"):
                    await open_doors.actions.plan(action)
    here = World(copy.deepcopy(HISTORIES["a variable"]), spec=spec)
    with serving(discovered(here)) as server:
        _, said = await kubectl(server.url, tmp_path, "rollout", "undo", "deployment/till", "--to-revision=2")
        assert "skipped rollback (current template already matches revision 2)" in said
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            with pytest.raises(ActionRefused, match="nothing to roll back"):
                await open_doors.actions.plan(rollback("till", "revision-2"))
    assert not here.patches


async def test_a_size_that_kubectl_sets_is_read_and_set_again(tmp_path: Path) -> None:
    here = World(copy.deepcopy(HISTORIES["a variable"]), patched=settles)
    with serving(discovered(here)) as server:
        code, said = await kubectl(server.url, tmp_path, "scale", "deployment/till", "--replicas=4")
        assert code == 0, said
        settles(here.deployment)
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            plan = await open_doors.actions.plan(scale("till", 6))
            assert plan.effects == ("till goes from 4 to 6 replicas",)
            assert (await open_doors.actions.execute(plan.action, KEY, UNFENCED)).done
    assert here.deployment["spec"]["replicas"] == 6


async def test_undo_goes_back_behind_a_restart_where_kubectl_only_undoes_the_restart(tmp_path: Path) -> None:
    """Seen with 1.32: it compares all but the hash, so its undo after a restart brings the same version."""
    made = [Made(till("2.0"), A, (1,)), Made(till("3.0"), B, (2,)), Made(MARKED, C, (3,), pods=3)]
    here = World(made, patched=settles, spec={"selector": {"matchLabels": {"app": "till"}}})
    with serving(discovered(here)) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            with pytest.raises(ActionRefused, match=r"versions that it kept: 2\.0$"):
                await open_doors.actions.plan(rollback("till", "1.0"))
        code, said = await kubectl(server.url, tmp_path, "rollout", "undo", "deployment/till")
    assert code == 0, said
    assert here.deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":3.0")
