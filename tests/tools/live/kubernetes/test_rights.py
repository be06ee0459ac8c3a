"""The Roles give what the adapters ask for and nothing more; what an account lacks is told with its mend."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import Catalogue, Service
from tests.tools.live.fakes.server import Handler, serving
from tests.tools.live.kubernetes.given import DAY, KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.rbac import Rbac, Seen
from tests.tools.live.kubernetes.test_argo_rollouts import healthy, rollout, served
from tests.tools.live.kubernetes.test_other_kinds import Kept, Others, brings, db
from tests.tools.live.kubernetes.world import HPAS, Json, Made, World, settles, till
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.checks import Checked, check_backends
from tools.live.cluster.act_accounts import act_accounts
from tools.live.cluster.rights import KubernetesSpec, Right, grants, rights_of
from tools.live.cluster.roles import Account, manifests, rules
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.settings import Backends, KubernetesHealth
from tools.telemetry.data_gaps import collect_gaps

A, B, C = (f"2026-11-29T0{hour}:00:00Z" for hour in (1, 2, 3))
BESIDE: dict[str, list[Json]] = {HPAS: [], "poddisruptionbudgets": [], "pods": [], "events": []}


def deployment() -> Handler:
    """Its tag says nothing, so that its pods are asked what they run."""
    made = [Made(till("1.0"), A, (1,)), Made(till("latest"), B, (2,), pods=3)]
    return World(made, patched=settles, objects=BESIDE)


def other(kind: str) -> Callable[[], Handler]:
    kept = [Kept(db("1.0"), A, 1), Kept(db("latest"), B, 2)]
    return lambda: Others(kind, kept, patched=brings, objects=BESIDE)


def argo() -> Handler:
    found = rollout(patched=healthy, objects=BESIDE)
    newest = found.sets[-1]["spec"]["template"], found.deployment["spec"]["template"]
    for one in newest:
        one["spec"]["containers"][0]["image"] = "eu/till:latest"
    return served(found)


WORLDS = pytest.mark.parametrize(
    ("made", "workload"),
    [
        pytest.param(deployment, "till", id="deployment"),
        pytest.param(other("statefulset"), "sts/db", id="statefulset"),
        pytest.param(other("daemonset"), "ds/db", id="daemonset"),
        pytest.param(argo, "rollout/till", id="rollout"),
    ],
)


def configured(url: str, workload: str) -> Backends:
    at = {"kind": "kubernetes", "url": url, "namespace": "shop"}
    return Backends.model_validate({
        "changes": [at], "health": [at | {"service": "till", "workload": workload}],
        "actions": [at | {"services": ["till"], "deployments": {"till": workload}}],
    })  # fmt: skip


def printed(backends: Backends) -> list[Any]:
    account = Account("nexus", "nexus-worker")
    return list(yaml.safe_load_all(manifests(grants(backends), account, act_accounts(backends))))


def given_by(objects: Sequence[Any]) -> list[Any]:
    return [rule for one in objects if one["kind"] in {"Role", "ClusterRole"} for rule in one["rules"]]


#: What is asked for where there is an ingress, a claim without a volume, a container that crashed.
_ONLY_THEN = {
    ("networking.k8s.io", "ingressclasses", "list", ""), ("storage.k8s.io", "storageclasses", "list", ""),
    ("", "pods/log", "get", ""),
}  # fmt: skip


def seen(spec: KubernetesSpec) -> set[Seen]:
    """What is told of a part of the configuration."""
    return {(one.group, one.resource, one.verb, one.name) for one in rights_of(spec)}


@WORLDS
async def test_every_change_asks_for_what_is_told_of_it_and_nothing_else(
    made: Callable[[], Handler], workload: str, tmp_path: Path
) -> None:
    backends = configured("http://127.0.0.1:1", workload)
    door = Rbac(made(), given_by(printed(backends)))
    size = [scale("till", 5)] if not workload.startswith("ds/") else []
    with serving(door) as server:
        async with doors(server.url, tmp_path, ("till",), deployments={"till": workload}) as ours:
            for number, action in enumerate([rollback("till", "1.0"), *size, restart("till")]):
                outcome = await ours.actions.execute(action, f"{KEY}{number}", UNFENCED)
                assert "403" not in outcome.detail
            await ours.check()
    assert door.asked == seen(backends.actions[0])  # type: ignore[arg-type]  # it is the one of Kubernetes


@WORLDS
async def test_reading_asks_for_what_is_told_of_it_and_nothing_else(
    made: Callable[[], Handler], workload: str, tmp_path: Path
) -> None:
    backends = configured("http://127.0.0.1:1", workload)
    door = Rbac(made(), given_by(printed(backends)))
    with serving(door) as server:
        async with doors(server.url, tmp_path, ("till",)) as ours:
            await ours.feed.changes(DAY)
        kept = {("apps", "controllerrevisions", "list", "")}  # where something of that kind runs
        assert door.asked | kept == seen(backends.changes[0])  # type: ignore[arg-type]  # as above
        door.asked.clear()
        (spec,) = configured(server.url, workload).health
        assert isinstance(spec, KubernetesHealth)
        port = LiveHealth([spec], Catalogue(services=(Service(name="till"),)), Secrets({}), WallClock())
        with collect_gaps() as gaps:
            await port.probe()
        await port.aclose()
    assert not gaps
    assert door.asked | _ONLY_THEN == seen(spec)


async def checked(url: str, workload: str = "till") -> dict[str, Checked]:
    catalogue = Catalogue(services=(Service(name="till"),))
    found = await check_backends(configured(url, workload), catalogue, Secrets({}), WallClock())
    return {one.part: one for one in found}


async def test_the_doctor_says_which_right_is_missing_what_for_and_what_mends_it() -> None:
    """A list that may not be read is a right that lacks, though the adapter goes on without it."""
    backends = configured("http://127.0.0.1:1", "till")
    all_rules = given_by(printed(backends))
    fewer = [one for one in all_rules if "patch" not in one["verbs"] and "policy" not in one["apiGroups"]]
    with serving(Rbac(deployment(), fewer)) as server:
        found = await checked(server.url)
    assert found["changes 1 (kubernetes), rights"].said == (
        "the account has all 7 rights that it needs in namespace shop"
    )
    assert found["actions 1 (kubernetes)"].answers, "it reads what it may"
    lacks = found["actions 1 (kubernetes), rights"]
    assert lacks == Checked(
        part="actions 1 (kubernetes), rights", answers=False, seconds=lacks.seconds,
        said="the account may not patch deployments.apps/till (roll back, restart and scale); list "
        "poddisruptionbudgets.policy (what a size means for a budget) in namespace shop; "
        "`nexus rights kubernetes` prints the Roles that give them",
    )  # fmt: skip
    with serving(Rbac(deployment(), all_rules)) as server:
        found = await checked(server.url)
    assert all(one.answers for one in found.values())
    stands = "its right to patch deployments.apps/till stands at any time"
    assert f"{stands}, `accounts` would give it" in found["actions 1 (kubernetes), rights"].said
    every = [rule | {"resourceNames": []} for rule in all_rules]
    with serving(Rbac(deployment(), every)) as server:
        wide = (await checked(server.url))["actions 1 (kubernetes), rights"].said
    assert "it may patch all deployments in every namespace at any time" in wide


NAMES = st.sampled_from(["", "a", "b"])
RIGHTS = st.lists(
    st.builds(
        Right, group=st.sampled_from(["", "apps"]), resource=st.sampled_from(["pods", "deployments", "jobs"]),
        verb=st.sampled_from(["get", "list", "patch"]), name=NAMES,
    )
)  # fmt: skip


@given(rights=RIGHTS, asked=RIGHTS)
def test_rules_give_what_is_meant_and_no_more(rights: list[Right], asked: list[Right]) -> None:
    door = Rbac(deployment(), rules(rights))
    wanted = {(one.group, one.resource, one.verb, one.name) for one in rights}
    for one in (*rights, *asked):
        right = (one.group, one.resource, one.verb, one.name)
        assert door.gives(right) == (right in wanted or (*right[:3], "") in wanted)
