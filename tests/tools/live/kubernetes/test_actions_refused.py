"""What is refused at the dry run, or told before approval, and in whose words."""

from pathlib import Path
from typing import Any

import pytest

from incidents.action import Action, Plan
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.world import (
    APPS,
    HPAS,
    Json,
    Made,
    World,
    container,
    refused,
    scaler,
    settles,
    template,
    till,
)
from tools.fence import UNFENCED

A, B, C = (f"2026-11-29T0{hour}:00:00Z" for hour in (1, 2, 3))
BACK, RESTART, SCALE = rollback("till", "1.0"), restart("till"), scale("till", 5)
DEPLOYMENT = f"{APPS}/deployments/till"


def world(**more: Any) -> World:
    """1.0 ran, 2.0 runs with three replicas."""
    made = [Made(till("1.0"), A, (1,)), Made(till("2.0"), B, (2,), pods=3)]
    return World(made, patched=settles, **more)


async def planned(namespace: World, action: Action, tmp_path: Path) -> Plan:
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            return await open_doors.actions.plan(action)


BLIND = ("ScalingActive", "False", "FailedGetResourceMetric")
OFF = ("ScalingActive", "False", "ScalingDisabled")
LIMITED = ("ScalingLimited", "True", "TooManyReplicas")
FREE = ("ScalingLimited", "False", "DesiredWithinRange")
KEDA = {"metadata": {"name": "keda-hpa-till", "ownerReferences": [{"kind": "ScaledObject", "name": "till"}]}}
NEVER_DOWN = {"spec": {"behavior": {"scaleDown": {"selectPolicy": "Disabled"}}}}


@pytest.mark.parametrize(
    ("found", "wanted", "why"),
    [
        (scaler(2, 4, LIMITED), 5, r"till-size, 2 to 4, sizes it \(now ScalingLimited: .* set it back to 4 "),
        (scaler(2, 4, FREE), 1, r"would set it back to 2 within seconds; change minReplicas or maxReplicas"),
        (scaler(2, 8, FREE), 5, r"sizes it and would set it back to what it measures"),
        (scaler(3, 3), 5, r"3 to 3, sizes it and would set it back to 3"),
        (scaler(None, 4), 5, r"1 to 4, .* back to 4 "),
        (scaler(2, 4, BLIND), 5, r"now FailedGetResourceMetric.* set it back to 4 "),
        (scaler(2, 8, FREE, **KEDA), 5, "of KEDA's ScaledObject till.*maxReplicaCount of"),
        (scaler(2, 8, FREE, **NEVER_DOWN), 2, r"back to what it measures"),
    ],
)  # fmt: skip
async def test_a_size_that_an_autoscaler_sets_back_is_refused(
    found: Json, wanted: int, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ActionRefused, match=why):
        await planned(world(objects={HPAS: [found]}), scale("till", wanted), tmp_path)


@pytest.mark.parametrize(
    ("found", "replicas", "told"),
    [
        (scaler(2, 8, OFF), 0, "is off while there are 0 replicas; it takes over again"),
        (scaler(2, 8, BLIND), 3, "cannot measure now (FailedGetResourceMetric)"),
        (scaler(2, 8, FREE, **NEVER_DOWN), 3, "may not go back by its own rules"),
    ],
)
async def test_a_size_that_lasts_for_now_is_told(
    found: Json, replicas: int, told: str, tmp_path: Path
) -> None:
    plan = await planned(world(objects={HPAS: [found]}, replicas=replicas), SCALE, tmp_path)
    assert told in plan.effects[1]


async def test_the_autoscaler_of_another_workload_is_not_its_own(tmp_path: Path) -> None:
    other = scaler(2, 4)
    other["spec"]["scaleTargetRef"] |= {"name": "other"}
    same_name = scaler(2, 4)
    same_name["spec"]["scaleTargetRef"] |= {"kind": "StatefulSet"}
    plan = await planned(world(objects={HPAS: [other, same_name]}), SCALE, tmp_path)
    assert plan.effects == ("till goes from 3 to 5 replicas",)


async def test_an_old_server_has_its_autoscalers_under_another_version(tmp_path: Path) -> None:
    path = f"/apis/autoscaling/v2/namespaces/shop/{HPAS}"
    gone = {("GET", path): refused(404, "NotFound", "the server could not find the requested resource")}
    with pytest.raises(ActionRefused, match="sizes it"):
        await planned(world(objects={HPAS: [scaler(2, 4)]}, answers=gone), SCALE, tmp_path)


async def test_who_sizes_it_is_unknown_without_the_right_to_look(tmp_path: Path) -> None:
    said = f'{HPAS}.autoscaling is forbidden: User "nexus" cannot list resource "{HPAS}" in the namespace'
    path = f"/apis/autoscaling/v2/namespaces/shop/{HPAS}"
    plan = await planned(world(answers={("GET", path): refused(403, "Forbidden", said)}), SCALE, tmp_path)
    assert "whether an autoscaler would set it back is not known" in plan.effects[1]
    assert 'User "nexus" cannot list' in plan.effects[1]


OPERATOR = {"kind": "Revision", "name": "till-1", "uid": "x", "controller": True}
GIT = {"argocd.argoproj.io/tracking-id": "eu-shop:apps/Deployment:shop/till"}


def wrote(manager: str, *fields: str, subresource: str = "") -> Json:
    return {
        "manager": manager, "operation": "Apply", "subresource": subresource,
        "fieldsV1": {"f:spec": {f"f:{one}": {} for one in fields}},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("meta", "action", "why"),
    [
        ({"annotations": GIT}, BACK, r"Argo CD \(application eu-shop\).* in the repository"),
        ({"annotations": GIT}, SCALE, r"kept by Argo CD"),
        ({"managedFields": [wrote("argocd-controller", "template", "replicas")]}, SCALE, "by Argo CD,"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}, BACK, "Kustomization apps.*suspend"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "till"}}, BACK, r"Flux \(HelmRelease till\)"),
        ({"ownerReferences": [OPERATOR]}, RESTART, "the controller of Revision till-1"),
        ({"annotations": {"configmanagement.gke.io/managed": "enabled"}}, RESTART, "Config Sync"),
        ({"labels": {"kapp.k14s.io/app": "17"}}, BACK, "kapp"),
    ],
)  # fmt: skip
async def test_what_its_keeper_would_undo_is_refused(
    meta: Json, action: Action, why: str, tmp_path: Path
) -> None:
    with pytest.raises(ActionRefused, match=why):
        await planned(world(meta=meta), action, tmp_path)


@pytest.mark.parametrize(
    ("meta", "action"),
    [
        ({"annotations": GIT}, RESTART),
        ({"managedFields": [wrote("argocd-controller", "template")]}, SCALE),
        ({"managedFields": [wrote("argocd-controller", "replicas", subresource="status")]}, BACK),
        ({"annotations": GIT | {"kubectl.kubernetes.io/last-applied-configuration": '{"spec": {}}'}}, SCALE),
        (
            {
                "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"},
                "annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
            },
            BACK,
        ),
        ({"labels": {"app.kubernetes.io/instance": "till"}}, BACK),
        ({"ownerReferences": [{"kind": "App", "name": "till", "uid": "x"}]}, BACK),
    ],
)
async def test_what_nobody_undoes_is_planned(meta: Json, action: Action, tmp_path: Path) -> None:
    assert (await planned(world(meta=meta), action, tmp_path)).effects


async def test_what_helm_brought_is_told(tmp_path: Path) -> None:
    meta = {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "eu"},
    }
    for action in (BACK, RESTART, SCALE):
        plan = await planned(world(meta=meta), action, tmp_path)
        assert plan.effects[-1].startswith("till belongs to Helm (release eu)")
        assert "`helm rollback eu`" in plan.effects[-1]


async def test_a_pause_is_refused_but_not_for_a_size(tmp_path: Path) -> None:
    for action in (BACK, RESTART):
        with pytest.raises(ActionRefused, match="is paused: resume it first"):
            await planned(world(spec={"paused": True}), action, tmp_path)
    assert await planned(world(spec={"paused": True}), SCALE, tmp_path)


async def test_what_the_controller_has_not_seen_is_asked_again_and_not_refused(tmp_path: Path) -> None:
    late = world(status={"observedGeneration": 8})
    for action in (BACK, RESTART):
        with pytest.raises(ToolFailed, match=r"not yet observed .*generation 9, observed 8"):
            await planned(late, action, tmp_path)


async def test_a_plan_says_what_a_rollback_leaves_open(tmp_path: Path) -> None:
    old = template(
        container("till", "till:stable", imagePullPolicy="Always", envFrom=[{"secretRef": {"name": "keys"}}]),
        container("proxy", "proxy:edge"),
    )
    made = [Made(old, A, (1,)), Made(till("2.0"), B, (2,), pods=3)]
    recreate = World(made, spec={"strategy": {"type": "Recreate"}})
    said = " | ".join((await planned(recreate, rollback("till", "stable"), tmp_path)).effects)
    assert "all stop before new ones start" in said
    assert "Secret keys stays as it is now" in said
    assert "the tag stable of till does not say which image ran then: its pull policy is Always" in said
    assert "the tag edge of proxy does not say which image ran then: a node that no longer has it" in said


@pytest.mark.parametrize(
    "wanted",
    [
        "3.1@revision-2",
        "3.1@revision-4",
        "revision-4",
        "till-r4",
        "till-b",
        "3.1",
        "registry.example.org/eu/till:3.1",
    ],
)
async def test_each_way_to_name_a_revision_means_the_same_template(wanted: str, tmp_path: Path) -> None:
    """Its revision moved on with a re-release, and its former one still means it."""
    made = [
        Made(till("3.0"), A, (1,)),
        Made(till("3.1"), B, (2, 4)),
        Made(till("3.1", args=["--new"]), C, (3, 5), pods=3),
    ]
    plan = await planned(World(made), rollback("till", wanted), tmp_path)
    assert "revision 4, the template of ReplicaSet till-b" in plan.effects[0]
    assert plan.undo is not None
    assert plan.undo.arguments.version == "3.1@revision-5"


@pytest.mark.parametrize("wanted", ["4", "5", "3.2@revision-2", "revision-9", "till"])
async def test_a_name_that_is_none_is_answered_with_those_that_are(wanted: str, tmp_path: Path) -> None:
    made = [
        Made(till("3.1"), B, (2, 4)),
        Made(till("3.1", args=["--new"]), C, (3, 5), pods=3),
    ]
    with pytest.raises(ActionRefused, match=f"never ran '{wanted}'; versions that it kept: 3.1@revision-4$"):
        await planned(World(made), rollback("till", wanted), tmp_path)


APP = {"matchLabels": {"app": "till"}}


def rule(key: str, operator: str, *values: str) -> Json:
    return {"key": key, "operator": operator, "values": list(values)}


NO_CANARY = {"key": "canary", "operator": "DoesNotExist"}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"minAvailable": 2, "selector": APP}, "minAvailable 2"),
        ({"minAvailable": 1, "selector": APP}, ""),
        ({"minAvailable": "51%", "selector": APP}, "minAvailable 51%"),
        ({"minAvailable": "50%", "selector": APP}, ""),
        ({"maxUnavailable": 0, "selector": APP}, "maxUnavailable 0"),
        ({"maxUnavailable": "1%", "selector": APP}, ""),
        ({"minAvailable": 9, "selector": {"matchLabels": {"app": "other"}}}, ""),
        ({"minAvailable": 9, "selector": {}}, "minAvailable 9"),
        ({"minAvailable": 9}, ""),
        (
            {"minAvailable": 9, "selector": {"matchExpressions": [rule("app", "In", "till"), NO_CANARY]}},
            "minAvailable 9",
        ),
        ({"minAvailable": 9, "selector": {"matchExpressions": [rule("app", "NotIn", "till")]}}, ""),
    ],
)  # fmt: skip
async def test_a_disruption_budget_is_told_where_a_size_reaches_it(
    spec: Json, told: str, tmp_path: Path
) -> None:
    objects: dict[str, list[Json]] = {"poddisruptionbudgets": [{"metadata": {"name": "left"}, "spec": spec}]}
    effects = (await planned(world(objects=objects), scale("till", 2), tmp_path)).effects[1:]
    assert [told in one and "cannot be drained" in one for one in effects] == ([True] if told else [])


async def test_the_pods_say_which_image_runs_under_a_tag_that_does_not(tmp_path: Path) -> None:
    def pod(digest: str) -> Json:
        images = [("till", f"registry.example.org/eu/till@sha256:{digest * 32}"), ("proxy", "x@sha256:00")]
        found = [{"name": name, "image": "till:latest", "imageID": image} for name, image in images]
        return {"metadata": {"name": digest}, "status": {"containerStatuses": found}}

    pods = [pod("4f"), pod("b7"), pod("4f"), {"metadata": {"name": "new"}, "status": {}}]
    made = [Made(till("latest"), A, (1,)), Made(till("latest", args=["-v"]), B, (2,), pods=3)]
    with serving(World(made, objects={"pods": pods})) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            plan = await open_doors.actions.plan(rollback("till", "latest@revision-1"))
            said = await open_doors.check()
    assert {one.name: one.value for one in plan.observed}["image digest"] == (
        "sha256:4f4f4f4f4f4f and sha256:b7b7b7b7b7b7"
    )
    assert "till latest@revision-2 (3 of 3 replicas, image sha256:4f4f4f4f4f4f and" in said


CONFLICT = 'Operation cannot be fulfilled on deployments.apps "till": the object has been modified'
RBAC = (
    'deployments.apps "till" is forbidden: User "system:serviceaccount:ops:nexus" cannot patch resource '
    '"deployments" in API group "apps" in the namespace "shop"'
)
INVALID = 'Deployment.apps "till" is invalid: spec.template.spec.containers[0].image: Required value'
WEBHOOK = 'admission webhook "images.example.org" denied the request: image 1.0 is not signed'


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (refused(403, "Forbidden", RBAC), ActionRefused, ["lacks the right (403)", RBAC, "a Role has to"]),
        (refused(403, "Forbidden", WEBHOOK), ActionRefused, ["by a rule of the cluster (403)", WEBHOOK]),
        (
            refused(403, "Forbidden", 'exceeded quota: eu, requested: cpu=9'),
            ActionRefused, ["by a rule of the cluster (403)", "quota: eu"],
        ),
        (
            refused(409, "Conflict", CONFLICT),
            ActionRefused, ["somebody else changed the object meanwhile (409)", CONFLICT],
        ),
        (refused(422, "Invalid", INVALID), ActionRefused, ["found it invalid (422)", INVALID]),
        (
            refused(400, "BadRequest", "webhook does not support dry run"),
            ActionRefused, ["could not use the request (400)", "dry run"],
        ),
        (
            refused(401, "Unauthorized", "Unauthorized"),
            ActionRefused, ["refused the credentials (401): Unauthorized", "expired"],
        ),
        (
            refused(404, "NotFound", 'deployments.apps "till" not found'),
            ActionRefused, ["has no such object (404)", '"till" not found'],
        ),
        (
            refused(429, "TooManyRequests", "too many requests, please try again later", retryAfterSeconds=7),
            ToolFailed, ["too busy and took nothing of it (429)", "try again later", "again after 7 s"],
        ),
        (Answer("slow down", 429, {"Retry-After": "30"}), ToolFailed, ["slow down", "again after 30 s"]),
        (Answer("<html>no</html>", 403), ActionRefused, ["refused the credentials (403)"]),
    ],
)  # fmt: skip
async def test_each_way_to_decline_a_patch_has_its_sentence(
    answer: Answer, error: type[Exception], said: list[str], tmp_path: Path
) -> None:
    with pytest.raises(error) as failed:
        await planned(world(answers={("PATCH", DEPLOYMENT): answer}), BACK, tmp_path)
    assert [one for one in said if one not in str(failed.value)] == []
    assert isinstance(failed.value, ActionRefused) == (error is ActionRefused)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(401, "Unauthorized", "Unauthorized"), "refused the credentials (401): Unauthorized"),
        (refused(403, "Forbidden", RBAC.replace("patch", "get")), "cannot get resource"),
        (
            refused(403, "Forbidden", 'forbidden: User "system:anonymous" cannot get path "/apis"'),
            "knows nobody by these credentials",
        ),
        (refused(404, "NotFound", 'deployments.apps "till" not found'), 'deployments.apps "till" not found'),
    ],
)
async def test_each_way_to_decline_a_question_has_its_sentence(
    answer: Answer, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ToolFailed) as failed:
        await planned(world(answers={("GET", DEPLOYMENT): answer}), BACK, tmp_path)
    assert said in str(failed.value)


async def test_a_server_that_is_too_busy_has_begun_nothing(tmp_path: Path) -> None:
    namespace, busy = world(), [refused(429, "TooManyRequests", "later", retryAfterSeconds=1)]

    def declines_once(asked: Asked) -> Answer:
        real = asked.method == "PATCH" and asked.one("dryRun") != "All"
        return busy.pop() if real and busy else namespace(asked)

    with serving(declines_once) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            with pytest.raises(ToolFailed, match=r"took nothing of it \(429\)"):
                await open_doors.actions.execute(BACK, KEY, UNFENCED)
            assert await open_doors.actions.status(KEY) is None
            assert (await open_doors.actions.execute(BACK, KEY, UNFENCED)).done


async def test_a_list_whose_rest_expired_is_asked_for_afresh(tmp_path: Path) -> None:
    namespace = world()
    asked_for: list[str] = []

    def expires(asked: Asked) -> Answer:
        if asked.path != f"{APPS}/replicasets":
            return namespace(asked)
        asked_for.append(asked.one("continue"))
        if asked.one("continue") == "old":
            return refused(410, "Expired", "The provided continue parameter is too old")
        first = len(asked_for) == 1
        return told({"metadata": {"continue": "old"} if first else {}, "items": namespace.sets})

    with serving(expires) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            assert set(await open_doors.changes()) == {"till-r1", "till-r2"}
    assert asked_for == ["", "old", ""]
