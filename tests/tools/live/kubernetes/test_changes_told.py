"""What the feed of changes tells of revisions: releases, configuration, restarts, pauses, unknown times."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from tests.tools.live.fakes.server import serving, told
from tests.tools.live.kubernetes.given import doors, rollback
from tests.tools.live.kubernetes.world import (
    RESTARTED,
    Json,
    Made,
    World,
    container,
    template,
    till,
)

CONFIG, DEPLOY, INFRA = ChangeKind.CONFIG, ChangeKind.DEPLOY, ChangeKind.INFRA
A, B, C, D = (f"2026-11-29T0{hour}:00:00Z" for hour in (1, 2, 3, 4))
SHA, OTHER = "sha256:" + "4f" * 32, "sha256:" + "b7" * 32


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def fed(world: World, tmp_path: Path, window: Window | None = None) -> dict[str, Change]:
    with serving(world) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            return await open_doors.changes(window)


def proxied(proxy: str) -> Json:
    """A service behind a sidecar that is listed first."""
    return template(
        container("proxy", f"mesh/proxy:{proxy}"), container("till", "registry.example.org/till:3.1")
    )


PROBE = {"httpGet": {"path": "/health", "port": 80, "httpHeaders": [{"name": "X", "value": "hunter2-a"}]}}


@pytest.mark.parametrize(
    ("old", "new", "kind", "versions", "says"),
    [
        (till("3.1"), till("3.2"), DEPLOY, ("3.1", "3.2"), ""),
        (
            till(args=["--rate", "5"]), till(args=["--rate", "9"]),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "args of till; the image is the same",
        ),
        (
            till(resources={"limits": {"memory": "256Mi", "cpu": "1"}}),
            till(resources={"limits": {"memory": "128Mi", "cpu": "1"}}),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "resources of till (limits.memory 256Mi to 128Mi)",
        ),
        (
            till(livenessProbe=PROBE | {"timeoutSeconds": 5}),
            till(livenessProbe=PROBE | {"timeoutSeconds": 1}),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "livenessProbe of till (timeoutSeconds 5 to 1)",
        ),
        (
            till(env=[{"name": "KEY", "value": "hunter2-a"}]),
            till(env=[{"name": "KEY", "value": "hunter2-b"}, {"name": "MODE", "value": "x"}]),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "variable KEY of till, variable MODE of till added",
        ),
        (
            till(env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "pay-1", "key": "k"}}}]),
            till(env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "pay-2", "key": "k"}}}]),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"),
            "variable KEY of till (Secret pay-1 to Secret pay-2)",
        ),
        (
            till(envFrom=[{"configMapRef": {"name": "till-7h2k"}}]),
            till(envFrom=[{"configMapRef": {"name": "till-9f4b"}}]),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "(ConfigMap till-7h2k to ConfigMap till-9f4b)",
        ),
        (
            template(container("till", "till:3.1"), volumes=[{"name": "c", "configMap": {"name": "one"}}]),
            template(container("till", "till:3.1"), volumes=[{"name": "c", "configMap": {"name": "two"}}]),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "volume c (ConfigMap one to ConfigMap two)",
        ),
        (
            template(container("till", "till:3.1"), annotations={"checksum/config": "aa"}),
            template(container("till", "till:3.1"), annotations={"checksum/config": "bb"}),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "annotation checksum/config",
        ),
        (
            template(container("till", "till:3.1"), serviceAccountName="a", serviceAccount="a"),
            template(container("till", "till:3.1"), serviceAccountName="b", serviceAccount="b"),
            CONFIG, ("3.1@revision-1", "3.1@revision-2"), "configuration: serviceAccountName (a to b);",
        ),
        (
            proxied("1.30"), proxied("1.31"),
            DEPLOY, ("3.1@revision-1", "3.1@revision-2"), "image of proxy from proxy:1.30 to proxy:1.31",
        ),
        (
            template(container("till", "till:3.1"), initContainers=[container("migrate", "db:7")]),
            template(container("till", "till:3.1"), initContainers=[container("migrate", "db:8")]),
            DEPLOY, ("3.1@revision-1", "3.1@revision-2"),
            "image of init container migrate from db:7 to db:8",
        ),
        (
            template(container("till", "till:3.1")),
            template(container("till", "till:3.1"), container("agent", "agent:2")),
            DEPLOY, ("3.1@revision-1", "3.1@revision-2"), "container agent added with agent:2",
        ),
        (
            template(container("till", "old.example.org/till:3.1")),
            template(container("till", "new.example.org/till:3.1")),
            DEPLOY, ("3.1@revision-1", "3.1@revision-2"), "old.example.org/till:3.1 to new.example.org",
        ),
        (
            till(f"3.1@{SHA}"), till(f"3.1@{OTHER}"),
            DEPLOY, ("3.1@revision-1", "3.1@revision-2"), "image of till from till:3.1@sha256:4f4f",
        ),
        (
            till(f"latest@{SHA}"), till(f"latest@{OTHER}"), DEPLOY, ("4f4f4f4f4f4f", "b7b7b7b7b7b7"), "",
        ),
        (
            template(container("till", "localhost:5000/till")),
            template(container("till", "localhost:5000/till", command=["run"])),
            CONFIG, ("latest@revision-1", "latest@revision-2"),
            "command of till; the tag latest is the same; whether the image is cannot be known from it",
        ),
        (till("main"), till("3.2"), DEPLOY, ("main@revision-1", "3.2"), ""),
        (
            till("3.1", env=[{"name": "A", "value": "1"}]), till("3.2"),
            DEPLOY, ("3.1", "3.2"), "with it changed: variable A of till removed",
        ),
        (
            till(), template(*till()["spec"]["containers"], annotations={RESTARTED: B}),
            INFRA, ("", ""), "restart of 3.1",
        ),
    ],
)  # fmt: skip
async def test_a_revision_is_told_by_what_it_changed(
    old: Json, new: Json, kind: ChangeKind, versions: tuple[str, str], says: str, tmp_path: Path
) -> None:
    changes = await fed(World([Made(old, A, (1,)), Made(new, B, (2,), pods=3)]), tmp_path)
    found = changes["till-r2"]
    assert (found.kind, (found.version_from, found.version_to)) == (kind, versions)
    assert says in found.summary if says else found.summary == ""
    assert found.time == moment(B)
    assert "hunter2" not in str(changes)


async def test_a_release_carries_its_own_cause_and_not_the_last_ones(tmp_path: Path) -> None:
    world = World(
        [
            Made(till("1.0"), A, (1,), cause="the first"),
            Made(till("2.0"), B, (2,), cause="the first"),
            Made(till("3.0"), C, (3,), pods=3, cause="the third"),
        ]
    )
    changes = await fed(world, tmp_path)
    assert [changes[f"till-r{n}"].summary for n in (1, 2, 3)] == ["the first", "", "the third"]


async def test_two_restarts_and_a_release_between_are_told_apart(tmp_path: Path) -> None:
    def marked(tag: str, at: str) -> Json:
        return template(*till(tag)["spec"]["containers"], annotations={RESTARTED: at})

    world = World(
        [
            Made(till("1.0"), A, (1, 5), pods=3, cause="one"),
            Made(marked("1.0", B), B, (2,), cause="one"),
            Made(marked("1.0", C), C, (3,), cause="one"),
            Made(marked("2.0", C), D, (4,), cause="one"),
        ]
    )
    changes = await fed(world, tmp_path)
    assert [(one.kind, one.version_to) for one in changes.values()] == [
        (DEPLOY, "1.0"), (INFRA, ""), (INFRA, ""), (DEPLOY, "2.0"), (DEPLOY, "1.0"),
    ]  # fmt: skip
    assert changes["till-r5"].time == moment("2026-11-29T05:00:09Z")
    assert changes["till-r5"].version_from == "2.0"


async def test_undoing_a_restart_replaces_the_pods_and_changes_nothing_else(tmp_path: Path) -> None:
    marked = template(*till("1.0")["spec"]["containers"], annotations={RESTARTED: B})
    changes = await fed(World([Made(till("1.0"), A, (1, 3), pods=3), Made(marked, B, (2,))]), tmp_path)
    assert (changes["till-r3"].kind, changes["till-r3"].version_to) == (INFRA, "")


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("", "at an unknown time after 2026-11-29 02:00:00 UTC"),
        ("DeploymentResumed", "at an unknown time after 2026-11-29 02:00:00 UTC"),
        ("ProgressDeadlineExceeded", "at an unknown time between 2026-11-29 02:00:00 and 05:00:09 UTC"),
        ("ReplicaSetUpdated", ""),
    ],
)
async def test_a_time_that_the_cluster_does_not_keep_is_told_as_a_range(
    reason: str, says: str, tmp_path: Path
) -> None:
    made = [Made(till("1.0"), A, (1, 3), pods=3, cause="back"), Made(till("2.0"), B, (2,))]
    world = World(made, reason=reason)
    changes = await fed(world, tmp_path)
    assert changes["till-r3"].summary == ("back; " + says if says else "back")
    assert moment(B) < changes["till-r3"].time
    early = Window(start=moment(A), end=moment(B))
    assert list(await fed(world, tmp_path, early)) == ["till-r1"]


async def test_a_condition_of_before_dates_nothing(tmp_path: Path) -> None:
    """The controller has not seen the change yet, or the condition is older than the last release."""
    made = [Made(till("1.0"), A, (1, 3), pods=3), Made(till("2.0"), B, (2,))]
    for world in (World(made, status={"observedGeneration": 8}), World(made, rolled_out=A)):
        assert "unknown time after 2026-11-29 02:00:00" in (await fed(world, tmp_path))["till-r3"].summary


async def test_what_ran_before_is_not_guessed_where_a_revision_is_gone(tmp_path: Path) -> None:
    changes = await fed(World([Made(till("1.0"), A, (1,)), Made(till("3.0"), C, (3,), pods=3)]), tmp_path)
    assert (changes["till-r3"].version_from, changes["till-r3"].version_to) == ("", "3.0")


async def test_a_pause_tells_what_runs_and_what_waits(tmp_path: Path) -> None:
    canary = [Made(till("1.0"), A, (1,), pods=2), Made(till("2.0"), B, (2,), pods=1)]
    changes = await fed(World(canary, spec={"paused": True}, reason="DeploymentPaused"), tmp_path)
    assert changes["till-r2"].time == moment(B)
    assert changes["till-paused"].summary == "till is paused, running 2.0 and 1.0"
    assert changes["till-paused"].time == moment("2026-11-29T05:00:09Z")
    waits = [Made(till("1.0"), A, (1,), pods=3), Made(till("2.0"), B, (2,))]
    changes = await fed(World(waits, spec={"paused": True}), tmp_path)
    assert set(changes) == {"till-r1", "till-paused"}
    assert "running 1.0; 2.0 (revision 2) waits until it is resumed" in changes["till-paused"].summary


async def test_a_history_that_the_server_cut_short_dates_no_first_release(tmp_path: Path) -> None:
    numbers = (*range(100, 500), 502)
    made = [Made(till("1.0"), A, numbers, pods=3), Made(till("2.0"), B, (501,))]
    changes = await fed(World(made), tmp_path)
    assert "unknown time" in changes["till-r100"].summary
    assert changes["till-r501"].time == moment(B)


async def test_a_window_holds_what_may_have_been_in_it(tmp_path: Path) -> None:
    made = [Made(till("1.0"), A, (1, 3)), Made(till("2.0"), B, (2,)), Made(till("3.0"), D, (4,), pods=3)]
    window = Window(start=moment("2026-11-29T03:59:00Z"), end=datetime(2026, 11, 29, 4, tzinfo=UTC))
    changes = await fed(World(made), tmp_path, window)
    assert list(changes) == ["till-r3"]
    assert window.start <= changes["till-r3"].time < window.end


async def test_null_is_what_is_left_out(tmp_path: Path) -> None:
    """Go writes a list that nobody made as null."""
    namespace = World([Made(till("1.0"), A, (1,)), Made(till("2.0"), B, (2,), pods=3)])
    for one in [namespace.deployment, *namespace.sets]:
        one["metadata"] |= {"labels": None, "managedFields": None, "deletionTimestamp": None}
        one["spec"] |= {"paused": None, "strategy": None}
        one["status"] |= {"conditions": None}
    namespace.objects = {"statefulsets": [], "daemonsets": []}
    empty = told({"metadata": {"continue": None}, "items": None})
    namespace.answers = {("GET", "/apis/apps/v1/namespaces/shop/controllerrevisions"): empty}
    namespace.answers |= {("GET", "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"): empty}
    assert set(await fed(namespace, tmp_path)) == {"till-r1", "till-r2"}
    with serving(namespace) as server:
        async with doors(server.url, tmp_path, ("till",)) as open_doors:
            assert (await open_doors.actions.plan(rollback("till", "1.0"))).undo is not None


async def test_another_order_of_the_same_variables_is_told_as_that(tmp_path: Path) -> None:
    one, two = {"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}
    made = [Made(till(env=[one, two]), A, (1,)), Made(till(env=[two, one]), B, (2,), pods=3)]
    found = (await fed(World(made), tmp_path))["till-r2"]
    assert (found.kind, found.summary) == (
        CONFIG,
        "configuration: the order of its parts; the image is the same",
    )
