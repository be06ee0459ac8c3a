"""What Helm owns is rolled back by Helm: with a program of its name that keeps what it was told.

No Helm was run: the program prints what Helm's documents say of `history`, `get manifest` and `rollback`.
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.fakes.server import serving
from tests.tools.live.kubernetes.given import KEY, Doors, doors, restart, rollback
from tests.tools.live.kubernetes.world import Json, Made, World, settles, till
from tools.fence import UNFENCED

A, B = "2026-11-29T01:00:00Z", "2026-11-29T02:00:00Z"
PROGRAM = """
import json, pathlib, sys, urllib.request, os
here, argv = pathlib.Path(os.environ["HERE"]), sys.argv[1:]
(here / "argv").open("a").write(json.dumps(argv) + "\\n")
kept = json.loads((here / "release.json").read_text())
if argv[0] == "history":
    print(json.dumps(kept["history"]))
elif argv[:2] == ["get", "manifest"]:
    print(kept["manifests"][argv[argv.index("--revision") + 1]])
elif argv[0] == "rollback" and kept["fails"]:
    sys.exit("Error: UPGRADE FAILED: no matches for kind " + os.environ["SECRET"])
elif argv[0] == "rollback":
    template = kept["templates"][argv[2]]
    body = json.dumps([{"op": "replace", "path": "/spec/template", "value": template}]).encode()
    kind = {"Content-Type": "application/json-patch+json"}
    request = urllib.request.Request(kept["url"], body, kind, method="PATCH")
    urllib.request.urlopen(request).read()
    newest = str(len(kept["history"]) + 1)
    kept["history"][-1]["status"] = "superseded"
    kept["history"].append({"revision": int(newest), "status": "deployed"})
    for what in ("manifests", "templates"):
        kept[what][newest] = kept[what][argv[2]]
    (here / "release.json").write_text(json.dumps(kept))
    print("Rollback was a success! Happy Helming!")
"""
OWNED = {
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
    "annotations": {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "front"},
}


def written(tag: str, replicas: int = 3, **more: Json) -> str:
    """A manifest as a chart has it: less than the server keeps."""
    pod = {
        "metadata": {"labels": {"app": "till"}},
        "spec": {"containers": [{"name": "till", "image": f"registry.example.org/eu/till:{tag}"}]},
    }
    workload = {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "till"},
        "spec": {"replicas": replicas, "template": pod},
    }  # fmt: skip
    others = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": n}, **d} for n, d in more.items()
    ]
    return "---\n# Source: shop/templates/till.yaml\n" + yaml.safe_dump_all([workload, *others])


def revision(number: int, status: str) -> Json:
    return {"revision": number, "status": status, "chart": "shop-1.0", "app_version": "", "description": ""}


@asynccontextmanager
async def owned(tmp_path: Path, kept: Json, **more: Any) -> AsyncIterator[tuple[Doors, World]]:
    """1.0 ran, 2.0 runs, and both are revisions of Helm's release `shop`."""
    made = [Made(till("1.0"), A, (1,)), Made(till("2.0"), B, (2,), pods=3)]
    world = World(made, meta=more.get("meta", OWNED), patched=settles)
    with serving(world) as server:
        release = {
            "history": [revision(1, "superseded"), revision(2, "deployed")],
            "manifests": {"1": written("1.0"), "2": written("2.0")}, "fails": False,
            "templates": {"1": till("1.0"), "2": till("2.0")},
            "url": f"{server.url}/apis/apps/v1/namespaces/shop/deployments/till",
        } | kept  # fmt: skip
        (tmp_path / "release.json").write_text(json.dumps(release))
        helm = {
            "command": [sys.executable, "-I", "-c", PROGRAM],
            "environment": {"HERE": f"file:{tmp_path / 'here'}", "SECRET": f"file:{tmp_path / 'secret'}"},
        }
        (tmp_path / "here").write_text(str(tmp_path))
        (tmp_path / "secret").write_text("hunter2-and-more")
        async with doors(server.url, tmp_path, ("till",), helm=helm, patience="2s") as ours:
            yield ours, world


def argv(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "argv").read_text().splitlines()]


async def test_a_rollback_is_the_releases_and_says_what_else_goes_back(tmp_path: Path) -> None:
    manifests = {
        "1": written("1.0", 2, prices={"data": {"a": "1"}}, old={}),
        "2": written("2.0", 3, prices={"data": {"a": "2"}}),
    }
    async with owned(tmp_path, {"manifests": manifests}) as (ours, world):
        plan = await ours.actions.plan(rollback("till", "1.0"))
        assert {fact.name: fact.value for fact in plan.observed}["Helm's revision"] == "2"
        assert plan.effects[-1] == (
            "`helm rollback shop 1` takes the whole release back from its revision 2 to what 1 was: "
            "replicas of deployment/till, ConfigMap old is made, ConfigMap prices goes back"
        )
        assert plan.undo == rollback("till", "2.0")
        outcome = await ours.actions.execute(rollback("till", "1.0"), KEY, UNFENCED)
    assert outcome.done, outcome.detail
    assert "is complete, 3 of 3 replicas" in outcome.detail
    assert world.deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":1.0")
    asked = argv(tmp_path)
    assert asked[0] == ["history", "shop", "--namespace", "front", "--output", "json"]
    assert asked[-1] == ["rollback", "shop", "1", "--namespace", "front", "--wait", "--timeout", "2s"]
    assert [one[0] for one in asked].count("rollback") == 1


async def test_an_upgrade_that_failed_is_rolled_back_to_what_was_deployed(tmp_path: Path) -> None:
    """`helm upgrade --wait` in vain leaves the new template in place, and the release before `deployed`."""
    history = [revision(1, "deployed"), revision(2, "failed")]
    async with owned(tmp_path, {"history": history}) as (ours, _):
        assert (
            "from its revision 2 to what 1 was"
            in (await ours.actions.plan(rollback("till", "1.0"))).effects[-1]
        )
        assert "Helm's release shop at revision 2, failed" in await ours.check()


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        ({"history": [revision(1, "deployed"), revision(2, "pending-upgrade")]}, "is pending-upgrade: what"),
        ({"history": [revision(1, "failed"), revision(2, "deployed")]}, "no revision that Helm keeps"),
        ({"manifests": {"1": written("0.9"), "2": written("2.0")}}, "was not released by Helm"),
        ({"manifests": {"1": "kind: Deployment", "2": written("2.0")}}, "was not released by Helm"),
        ({"history": [revision(2, "deployed")]}, "no revision that Helm keeps"),
    ],
)  # fmt: skip
async def test_what_helm_would_not_bring_back_is_refused(tmp_path: Path, kept: Json, why: str) -> None:
    async with owned(tmp_path, kept) as (ours, world):
        with pytest.raises(ActionRefused, match=why):
            await ours.actions.plan(rollback("till", "1.0"))
    assert world.patches == []


@pytest.mark.parametrize(
    ("kept", "why"),
    [({"history": []}, "printed no history"), ({"manifests": {"1": "a: [", "2": "b"}}, "that is no YAML")],
)
async def test_what_helm_does_not_tell_is_said(tmp_path: Path, kept: Json, why: str) -> None:
    async with owned(tmp_path, kept) as (ours, _):
        with pytest.raises(ToolFailed, match=why):
            await ours.actions.plan(rollback("till", "1.0"))


async def test_a_rollback_that_fails_is_told_in_helms_words_without_secrets(tmp_path: Path) -> None:
    async with owned(tmp_path, {"fails": True}) as (ours, world):
        outcome = await ours.actions.execute(rollback("till", "1.0"), KEY, UNFENCED)
    assert not outcome.done
    assert outcome.detail.startswith("`helm rollback` failed, and till has the template that it had: ")
    assert "UPGRADE FAILED" in outcome.detail
    assert "hunter2" not in outcome.detail
    assert world.patches == []


async def test_the_rest_is_patched_and_what_flux_keeps_is_not_helms_to_roll_back(tmp_path: Path) -> None:
    async with owned(tmp_path, {}) as (ours, world):
        assert (await ours.actions.execute(restart("till"), KEY, UNFENCED)).done
        assert len(world.patches) == 1
    flux = OWNED | {"labels": {"helm.toolkit.fluxcd.io/name": "shop"}}
    async with owned(tmp_path, {}, meta=flux) as (ours, _):
        with pytest.raises(ActionRefused, match="is kept by Flux"):
            await ours.actions.plan(rollback("till", "1.0"))
    assert not (tmp_path / "argv").exists()
