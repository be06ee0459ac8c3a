"""Changes from a log and from a cluster, and several sources as one."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind, PipelineRun, RunState
from incidents.errors import ToolFailed
from incidents.findings import Window
from tests.tools.live.fakes.kubernetes import TOKEN, FakeKubernetes
from tests.tools.live.fakes.server import serving
from tools.live.changes import MergedChanges, live_changes
from tools.live.changes.kubernetes import KubernetesChanges
from tools.live.changes.merged import Source
from tools.live.changes.releases import LoggedChanges
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesHistory, ReleaseLog
from tools.telemetry.data_gaps import collect_gaps

DAY = Window(start=datetime(2026, 3, 12, tzinfo=UTC), end=datetime(2026, 3, 13, tzinfo=UTC))
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def line(identity: str, at: str, **more: object) -> str:
    said = {"time": at, "id": identity, "service": "shop", "kind": "deploy", "version_to": "2.0", **more}
    return json.dumps(said)


async def test_a_log_is_read_as_far_as_it_can_be(tmp_path: Path) -> None:
    log = tmp_path / "releases.log"
    lines = [
        line("b", "2026-03-12T11:00:00Z", extra="of the tool", summary="a\nb\u202e", author=None),
        line("a", "2026-03-12T12:00:00+02:00"),
        line("old", "2026-03-11T23:59:59Z"),
        line("naive", "2026-03-12T11:00:00"),
        line("kind", "2026-03-12T11:00:00Z", kind="party"),
        "[1]",
        '{"torn": ',
    ]
    log.write_text("\n".join(lines))
    adapter = LoggedChanges(ReleaseLog(kind="releases", log=log))
    with collect_gaps() as gaps:
        found = await adapter.changes(DAY)
    assert [one.id for one in found] == ["a", "b"]
    assert found[1].summary == "a b"
    assert gaps == [f"4 lines of the releases log {log} are no changes and were left out"]
    assert "holds 3 changes" in await adapter.check()


async def test_a_log_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"releases log .* cannot be read: No such file"):
        await LoggedChanges(ReleaseLog(kind="releases", log=tmp_path / "none")).changes(DAY)


async def test_replica_sets_are_the_history_of_a_deployment() -> None:
    cluster = FakeKubernetes()
    with serving(cluster) as server:
        said = {"kind": "kubernetes", "url": server.url, "namespace": "shop", "auth": {"bearer": "env:K"}}
        spec = KubernetesHistory.model_validate(said | {"deployments": {"till": "checkout"}})
        adapter = KubernetesChanges(spec, Secrets({"K": TOKEN}))
        (found,) = await adapter.changes(DAY)
        assert (found.id, found.service, found.version_from, found.version_to) == (
            "checkout-r2",
            "till",
            "1.0",
            "2.0",
        )
        (first, _) = await adapter.changes(DAY.model_copy(update={"start": DAY.start - timedelta(days=7)}))
        assert first.summary == "release 1.0: faster totals"
        # A rollback makes the old ReplicaSet current again: it tells when only by the deployment's condition.
        cluster.sets[0]["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
        cluster.deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
        cluster.deployment["status"]["conditions"][0] |= {
            "status": "True",
            "reason": "NewReplicaSetAvailable",
        }
        back = (await adapter.changes(DAY))[-1]
        assert (back.version_to, back.time) == ("1.0", datetime(2026, 3, 12, 10, 17, tzinfo=UTC))
        assert "namespace shop has 1 deployments" in await adapter.check()
        await adapter.aclose()


class Fixed:
    """A source that has what a test gives it; None: it fails."""

    def __init__(self, *found: Change, fails: bool = False) -> None:
        self._found = found
        self._fails = fails

    async def changes(self, window: Window) -> tuple[Change, ...]:
        if self._fails:
            raise ToolFailed("the vault is closed")
        return self._found

    async def check(self) -> str:
        return "fixed"

    async def aclose(self) -> None:
        pass


class Built(Fixed):
    """A source that knows of pipelines too."""

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        return (PipelineRun(id="1", service="shop", state=RunState.PASSED, started=window.start),)


def change(identity: str, service: str = "shop", minute: int = 0) -> Change:
    at = NOON + timedelta(minutes=minute)
    return Change(time=at, id=identity, service=service, kind=ChangeKind.DEPLOY)


def merged(sources: Mapping[str, Source]) -> MergedChanges:
    return MergedChanges(sources, ("shop", "mail"))


async def test_sources_are_merged_by_time_and_one_that_fails_is_a_gap() -> None:
    with collect_gaps() as gaps:
        both = merged({"a": Fixed(change("1", minute=5)), "b": Fixed(change("1")), "c": Fixed(fails=True)})
        found = await both.changes(DAY)
    assert [one.id for one in found] == ["b:1", "1"]
    assert gaps == ["c: the vault is closed"]
    with pytest.raises(ToolFailed, match="the vault is closed"):
        await merged({"a": Fixed(fails=True)}).changes(DAY)


async def test_services_are_those_of_the_catalogue() -> None:
    found = await merged({"a": Fixed(change("1", "SHOP"), change("2", "elsewhere"))}).changes(DAY)
    assert [(one.id, one.service) for one in found] == [("1", "shop")]


async def test_pipelines_are_those_of_the_sources_that_have_them() -> None:
    one = merged({"a": Fixed(), "b": Built()})
    assert one.has_pipelines
    assert [run.state for run in await one.runs(DAY)] == [RunState.PASSED]
    assert not merged({"a": Fixed()}).has_pipelines
    await one.aclose()


async def test_what_is_configured_is_wired(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(line("a", "2026-03-12T11:00:00Z") + "\n")
    specs = (ReleaseLog(kind="releases", log=log), ReleaseLog(kind="releases", log=tmp_path / "none"))
    port = live_changes(specs, Catalogue(services=(Service(name="shop"),)), Secrets({}))
    assert [one.id for one in await port.changes(DAY)] == ["a"]
    await port.aclose()
