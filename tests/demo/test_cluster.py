"""The stand-in for Kubernetes: its objects behave as those of real servers were seen to."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import demo
from demo.catalogue import CATALOGUE
from demo.cluster.api import Api
from demo.cluster.controllers import CAUSE, FORMER, REVISION, Autoscalers, roll_out
from demo.cluster.namespace import Json, Namespace, PatchFailedError
from demo.cluster.tokens import Tokens
from demo.scenarios import GAME_DAYS, SCENARIOS
from demo.scenarios.cluster import CLUSTER_SCENARIOS
from incidents.errors import ActionRefused
from tests.demo.needs import SHOP
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.test_like_kubectl import kubectl
from tools.fence import UNFENCED

pytestmark = SHOP


def deployment(image: str, replicas: int = 2) -> Json:
    container = {"name": "till", "image": f"eu/till:{image}"}
    return {
        "metadata": {"name": "till", "labels": {"app": "till"}, "annotations": {CAUSE: f"release {image}"}},
        "spec": {
            "replicas": replicas, "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": "till"}},
            "template": {"metadata": {"labels": {"app": "till"}}, "spec": {"containers": [container]}},
        },
    }  # fmt: skip


def settle(namespace: Namespace) -> None:
    """The controllers' steps, with a node on which every pod is ready at once."""
    roll_out(namespace)
    pods = [
        {
            "metadata": {"name": f"{one['metadata']['name']}-{n}", "labels": one["metadata"]["labels"]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "till", "ready": True}]},
        }
        for one in namespace.all("replicasets")
        for n in range(one["spec"]["replicas"])
    ]  # fmt: skip
    namespace.replace_all("pods", pods)
    roll_out(namespace)


def released(*images: str) -> Namespace:
    namespace = Namespace()
    namespace.put("deployments", deployment(images[0]))
    settle(namespace)
    for image in images[1:]:
        release(namespace, image)
    return namespace


def release(namespace: Namespace, image: str) -> None:
    def how(found: Json) -> None:
        found["metadata"]["annotations"][CAUSE] = f"release {image}"
        found["spec"]["template"] = deployment(image)["spec"]["template"]

    namespace.change("deployments", "till", how)
    settle(namespace)


def till(namespace: Namespace) -> Any:
    return namespace.get("deployments", "till")


@contextmanager
def served(namespace: Namespace) -> Iterator[Api]:
    api = Api(namespace)
    try:
        yield api
    finally:
        api.close()


def test_a_template_that_was_there_before_uses_its_set_again_under_a_new_revision() -> None:
    namespace = released("1.0", "2.0", "1.0")
    sets = {
        one["spec"]["template"]["spec"]["containers"][0]["image"]: one for one in namespace.all("replicasets")
    }
    notes = {image: one["metadata"]["annotations"] for image, one in sets.items()}
    assert notes["eu/till:1.0"] == {REVISION: "3", FORMER: "1", CAUSE: "release 1.0"}
    assert notes["eu/till:2.0"] == {REVISION: "2", CAUSE: "release 2.0"}
    assert [one["spec"]["replicas"] for one in sets.values()] == [2, 0]
    found = till(namespace)
    assert found["metadata"]["annotations"][REVISION] == "3"
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 3
    assert found["status"]["conditions"][0]["reason"] == "NewReplicaSetAvailable"


def test_while_it_is_paused_a_new_template_gets_a_revision_and_no_pods() -> None:
    namespace = released("1.0")
    namespace.change("deployments", "till", lambda found: found["spec"].update(paused=True))
    release(namespace, "2.0")
    running = {
        one["metadata"]["annotations"][REVISION]: one["spec"]["replicas"]
        for one in namespace.all("replicasets")
    }
    assert running == {"1": 2, "2": 0}
    assert till(namespace)["status"]["updatedReplicas"] == 0
    namespace.change("deployments", "till", lambda found: found["spec"].update(paused=False))
    settle(namespace)
    assert till(namespace)["status"]["updatedReplicas"] == 2


def test_a_patch_is_all_or_nothing_and_tests_what_it_was_made_for() -> None:
    namespace = released("1.0")
    before = till(namespace)
    good = {"op": "replace", "path": "/spec/replicas", "value": 5}
    for bad in (
        {"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
        {"op": "replace", "path": "/spec/nowhere", "value": 1},
        {"op": "remove", "path": "/spec/a/b"},
        {"op": "move", "path": "/spec/replicas", "from": "/spec/paused"},
    ):
        with pytest.raises(PatchFailedError):
            namespace.patch("deployments", "till", [good, bad], dry=False)
    assert namespace.patch("deployments", "till", [good], dry=True)["spec"]["replicas"] == 5
    assert till(namespace) == before
    namespace.patch("deployments", "till", [good], dry=False)
    assert till(namespace)["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert till(namespace)["metadata"]["resourceVersion"] != before["metadata"]["resourceVersion"]


def test_an_autoscaler_puts_a_size_back_when_it_looks() -> None:
    namespace = released("1.0")
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "till"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    namespace.put("horizontalpodautoscalers", {"metadata": {"name": "till"}, "spec": spec})
    namespace.change("deployments", "till", lambda found: found["spec"].update(replicas=6))
    clock = [0.0]
    scalers = Autoscalers(lambda: clock[0])
    scalers.step(namespace)
    assert till(namespace)["spec"]["replicas"] == 6
    clock[0] = 15.0
    scalers.step(namespace)
    assert till(namespace)["spec"]["replicas"] == 3


async def test_the_adapters_read_and_change_it_as_a_cluster(tmp_path: Path) -> None:
    """Each change is planned, made by a token of its own and told; what would not last is refused."""
    namespace = released("1.0", "2.0")
    with served(namespace) as api, settling(namespace):
        async with doors(api.url, tmp_path, ("till",), patience="20s", accounts={}) as ours:
            wanted = [rollback("till", "1.0"), restart("till"), scale("till", 3)]
            for number, action in enumerate(wanted):
                outcome = await ours.actions.execute(action, f"{KEY}{number}", UNFENCED)
                assert outcome.done, outcome.detail
            made = list(dict.fromkeys(api.tokens.used))
            assert made == [f"nexus-deployment-till-{one}" for one in ("rollback", "restart", "scale")]
            assert "till 1.0" in await ours.check()
            assert "3 of 3 replicas" in await ours.check()
            namespace.change("deployments", "till", lambda found: found["spec"].update(paused=True))
            with pytest.raises(ActionRefused, match="is paused: resume it first"):
                await ours.actions.plan(rollback("till", "2.0"))


def test_a_token_lets_its_own_workload_be_changed_until_it_expires() -> None:
    now = [datetime(2026, 12, 1, 9, 0, tzinfo=UTC)]
    tokens = Tokens(lambda: now[0])
    assert tokens.give("default", {"spec": {}}) is None
    given = tokens.give("nexus-deployment-till-restart", {"spec": {"expirationSeconds": 600}})
    assert given is not None
    token = given["status"]["token"]
    assert given["status"]["expirationTimestamp"] == "2026-12-01T09:10:00Z"

    def status(shown: str, workload: str = "till") -> int | None:
        refused = tokens.refusal(shown, workload)
        return refused[0] if refused is not None else None

    assert (status(token), status(token, "desk"), status("another")) == (None, 403, 401)
    now[0] += timedelta(minutes=10)
    assert status(token) == 401
    assert tokens.used == ["nexus-deployment-till-restart"]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
async def test_the_real_kubectl_works_with_it(tmp_path: Path) -> None:
    namespace = released("1.0", "2.0")
    with served(namespace) as api, settling(namespace):
        for said, shown in (
            ("rollout status deployment/till", "successfully rolled out"),
            ("rollout undo deployment/till", "rolled back"),
            ("rollout status deployment/till", "successfully rolled out"),
            ("scale deployment/till --replicas=3", "scaled"),
            ("rollout status deployment/till", "successfully rolled out"),
            ("rollout pause deployment/till", "paused"),
            ("set image deployment/till till=eu/till:3.0", "image updated"),
            ("rollout resume deployment/till", "resumed"), ("rollout restart deployment/till", "restarted"),
            ("get deployments", "till"),
        ):  # fmt: skip
            code, text = await kubectl(api.url, tmp_path, *said.split())
            assert (code, shown in text) == (0, True), text
        settle(namespace)
    found = till(namespace)
    assert found["spec"]["replicas"] == 3
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert (container["name"], container["image"]) == ("till", "eu/till:3.0")
    assert "kubectl.kubernetes.io/restartedAt" in found["spec"]["template"]["metadata"]["annotations"]
    assert not found["spec"].get("paused")


@contextmanager
def settling(namespace: Namespace) -> Iterator[None]:
    """The controllers run on beside the test."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(0.01):
            settle(namespace)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("scenario", CLUSTER_SCENARIOS.values(), ids=CLUSTER_SCENARIOS)
def test_the_truth_of_a_scenario_is_complete(scenario: Any) -> None:
    truth = scenario.truth
    assert GAME_DAYS[scenario.id] is scenario
    assert scenario.id not in SCENARIOS
    assert truth.service in {entry.name for entry in CATALOGUE}
    assert truth.note
    assert truth.wrong
    assert bool(truth.right) != truth.none_is_right
    assert scenario.remedy is None or scenario.remedy in truth.right
    rules = (Path(demo.__file__).parent / "monitoring" / "rules.yml").read_text()
    assert f"alert: {scenario.alert}\n" in rules
