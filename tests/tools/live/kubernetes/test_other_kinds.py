"""StatefulSets and DaemonSets: what their ControllerRevisions tell, and what can be done with them."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from incidents.action import Plan
from incidents.changes import ChangeKind
from incidents.errors import ActionRefused
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.world import APPS, HPAS, Json, container, refused, scaler
from tools.fence import UNFENCED
from tools.live.settings import KubernetesActions
from tools.telemetry.data_gaps import collect_gaps

A, B, C = (f"2026-11-29T0{hour}:00:00Z" for hour in (1, 2, 3))


def db(tag: str, **more: object) -> Json:
    found = [container("exporter", "exporter:0.9"), container("db", f"eu/db:{tag}", **more)]
    return {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": found}}


@dataclass
class Kept:
    """A ControllerRevision."""

    template: Json
    created: str
    revision: int
    cause: str = ""


@dataclass
class Others:
    """The StatefulSet or DaemonSet `db`, whose revisions are called `db-1`, `db-2`, ..."""

    kind: str
    kept: list[Kept]
    spec: Json = field(default_factory=dict)
    status: Json = field(default_factory=dict)
    objects: dict[str, list[Json]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    patched: Callable[[Json], None] = lambda found: None

    def __post_init__(self) -> None:
        newest = max(self.kept, key=lambda one: one.revision)
        name = f"db-{newest.revision}"
        sized = (
            {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3, "currentReplicas": 3}
            | {"currentRevision": name, "updateRevision": name}
            if self.kind == "statefulset"
            else {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 3}
            | {"updatedNumberScheduled": 3, "numberAvailable": 3}
        )
        spec = {"replicas": 3} if self.kind == "statefulset" else {}
        self.found: Json = {
            "metadata": {"name": "db", "uid": "u-9", "generation": 4, "resourceVersion": "70"},
            "spec": spec
            | {"template": newest.template, "updateStrategy": {"type": "RollingUpdate"}}
            | self.spec,
            "status": {"observedGeneration": 4} | sized | self.status,
        }
        self.history = [
            {
                "metadata": {
                    "name": f"db-{one.revision}", "creationTimestamp": one.created,
                    "annotations": {"kubernetes.io/change-cause": one.cause} if one.cause else {},
                    "ownerReferences": [{"uid": "u-9", "controller": True}],
                },
                "revision": one.revision,
                "data": {"spec": {"template": one.template | {"$patch": "replace"}}},
            }
            for one in self.kept
        ]  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        if (given := self.answers.get(asked.path)) is not None:
            return given
        path = f"{APPS}/{self.kind}s/db"
        if asked.path == path and asked.method == "PATCH":
            return self._patch(asked)
        if asked.path == path:
            return told(self.found)
        lists = {f"{self.kind}s": [self.found], "controllerrevisions": self.history, "deployments": []}
        lists |= {"replicasets": [], "statefulsets": [], "daemonsets": []} | lists
        found = (lists | self.objects).get(asked.path.rpartition("/")[2])
        if found is None:
            return refused(404, "NotFound", "the server could not find the requested resource")
        return told({"metadata": {}, "items": found})

    def _patch(self, asked: Asked) -> Answer:
        fresh = copy.deepcopy(self.found)
        for one in json.loads(asked.body):
            if one["path"] in {"/spec/template", "/spec/replicas"}:
                fresh["spec"][one["path"].rpartition("/")[2]] = one["value"]
        if asked.one("dryRun") != "All":
            fresh["metadata"]["generation"] += 1
            self.found = fresh
            self.patched(fresh)
        return told(fresh)


def brings(found: Json) -> None:
    """Its controller has replaced all pods; the revision that is the same gets the next number."""
    found["status"]["observedGeneration"] = found["metadata"]["generation"]


KINDS = pytest.mark.parametrize(
    ("kind", "called"), [("statefulset", "sts/db"), ("daemonset", "daemonset/db")]
)
REVISIONS = [Kept(db("15"), A, 1, "first"), Kept(db("15", args=["-c"]), B, 2), Kept(db("16"), C, 3)]


@KINDS
async def test_their_revisions_are_changes(kind: str, called: str, tmp_path: Path) -> None:
    with serving(Others(kind, REVISIONS)) as server:
        async with doors(server.url, tmp_path, ("db",)) as open_doors:
            changes = await open_doors.changes()
    assert [(one.kind, one.version_from, one.version_to, one.service) for one in changes.values()] == [
        (ChangeKind.DEPLOY, "", "15@revision-1", "db"),
        (ChangeKind.CONFIG, "15@revision-1", "15@revision-2", "db"),
        (ChangeKind.DEPLOY, "15@revision-2", "16", "db"),
    ]
    assert list(changes) == [f"{kind}-db-r{number}" for number in (1, 2, 3)]
    assert changes[f"{kind}-db-r1"].summary == "first"


@KINDS
async def test_a_revision_that_is_used_again_gets_a_number_and_keeps_its_time(
    kind: str, called: str, tmp_path: Path
) -> None:
    kept = [Kept(db("15"), A, 4), Kept(db("16"), B, 2), Kept(db("17"), C, 3)]
    with serving(Others(kind, kept)) as server:
        async with doors(server.url, tmp_path, ("db",)) as open_doors:
            changes = await open_doors.changes()
    assert "at an unknown time after 2026-11-29 03:00:00 UTC" in changes[f"{kind}-db-r4"].summary
    assert (changes[f"{kind}-db-r4"].version_from, changes[f"{kind}-db-r4"].version_to) == ("17", "15")


@KINDS
async def test_a_rollback_brings_the_kept_template_back(kind: str, called: str, tmp_path: Path) -> None:
    namespace = Others(kind, REVISIONS, patched=brings)
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("db",), deployments={"db": called}) as open_doors:
            plan = await open_doors.actions.plan(rollback("db", "15"))
            assert "(revision 2, the template of ControllerRevision db-2)" in plan.effects[0]
            assert "15 is also what revision 1 is called; 2 is taken" in " ".join(plan.effects)
            assert plan.undo is not None
            assert plan.undo.arguments.version == "16"
            outcome = await open_doors.actions.execute(plan.action, KEY, UNFENCED)
            assert outcome.done, outcome.detail
            assert "3 of 3 replicas" in outcome.detail
            assert "$patch" not in namespace.found["spec"]["template"]
            assert namespace.found["spec"]["template"]["spec"]["containers"][1]["args"] == ["-c"]
            assert (await open_doors.actions.execute(restart("db"), "INC-1:A2:x", UNFENCED)).done
            assert "(3 of 3 replicas)" in await open_doors.check()


async def planned(namespace: Others, called: str, action: Any, tmp_path: Path) -> Plan:
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("db",), deployments={"db": called}) as open_doors:
            return await open_doors.actions.plan(action)


@KINDS
async def test_with_on_delete_nothing_would_roll_out(kind: str, called: str, tmp_path: Path) -> None:
    for action in (rollback("db", "15"), restart("db")):
        namespace = Others(kind, REVISIONS, spec={"updateStrategy": {"type": "OnDelete"}})
        with pytest.raises(ActionRefused, match="OnDelete: its pods keep what they run"):
            await planned(namespace, called, action, tmp_path)


async def test_a_daemon_set_is_not_sized(tmp_path: Path) -> None:
    with pytest.raises(ActionRefused, match="can be changed by restart, rollback"):
        await planned(Others("daemonset", REVISIONS), "ds/db", scale("db", 5), tmp_path)


async def test_a_stateful_set_is_sized_unless_an_autoscaler_does(tmp_path: Path) -> None:
    def grows(found: Json) -> None:
        brings(found)
        found["status"] |= {"replicas": 5, "readyReplicas": 5}

    with serving(Others("statefulset", REVISIONS, patched=grows)) as server:
        async with doors(server.url, tmp_path, ("db",), deployments={"db": "sts/db"}) as open_doors:
            assert (await open_doors.actions.execute(scale("db", 5), KEY, UNFENCED)).done
    own = scaler(2, 3)
    own["spec"]["scaleTargetRef"] = {"kind": "StatefulSet", "name": "db"}
    with pytest.raises(ActionRefused, match="set it back to 3"):
        await planned(
            Others("statefulset", REVISIONS, objects={HPAS: [own]}), "sts/db", scale("db", 5), tmp_path
        )


async def test_a_stateful_set_says_its_order_and_its_partition(tmp_path: Path) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
    namespace = Others("statefulset", REVISIONS, spec={"updateStrategy": rolling})
    said = " ".join((await planned(namespace, "statefulset/db", rollback("db", "15"), tmp_path)).effects)
    assert "those with a number below 2 stay as they are" in said
    assert "one that never gets ready holds up the others" in said
    parallel = Others("statefulset", REVISIONS, spec={"podManagementPolicy": "Parallel"})
    said = " ".join((await planned(parallel, "statefulset/db", rollback("db", "15"), tmp_path)).effects)
    assert "never gets ready" not in said


async def test_a_pod_that_never_gets_ready_is_why_a_stateful_set_does_not_go_back(tmp_path: Path) -> None:
    def holds(found: Json) -> None:
        brings(found)
        found["status"] |= {
            "readyReplicas": 2,
            "updatedReplicas": 0,
            "updateRevision": "db-2",
            "currentReplicas": 3,
        }

    crash = {"name": "db", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    pods = [{"metadata": {"name": "db-2"}, "status": {"containerStatuses": [crash]}}]
    with serving(Others("statefulset", REVISIONS, patched=holds, objects={"pods": pods})) as server:
        async with doors(server.url, tmp_path, ("db",), deployments={"db": "sts/db"}) as open_doors:
            outcome = await open_doors.actions.execute(rollback("db", "15"), KEY, UNFENCED)
        (asked,) = [one for one in server.asked if one.path.endswith("/pods")]
    assert not outcome.done
    assert "one that never gets ready has to be deleted by hand" in outcome.detail
    assert "container db is in CrashLoopBackOff" in outcome.detail
    assert "2 of 3 replicas of 16 are available" in outcome.detail
    assert "controller-revision-hash" not in asked.one("labelSelector")


async def test_what_may_not_be_read_of_them_is_a_gap(tmp_path: Path) -> None:
    said = 'statefulsets.apps is forbidden: User "n" cannot list resource "statefulsets"'
    namespace = Others(
        "daemonset", REVISIONS, answers={f"{APPS}/statefulsets": refused(403, "Forbidden", said)}
    )
    with serving(namespace) as server, collect_gaps() as gaps:
        async with doors(server.url, tmp_path, ("db",)) as open_doors:
            assert await open_doors.changes() == {}
    assert [said in gap for gap in gaps] == [True]


def test_a_kind_that_is_not_known_is_a_mistake_in_the_configuration() -> None:
    said = {
        "kind": "kubernetes",
        "url": "http://127.0.0.1",
        "services": ["db"],
        "deployments": {"db": "pod/db"},
    }
    with pytest.raises(ValidationError, match="deployments"):
        KubernetesActions.model_validate(said)
