"""The shared cases through the doors that users use: feed of changes, versions, dry run, execution."""

from pathlib import Path

import pytest

from incidents.changes import ChangeKind
from incidents.errors import ActionRefused
from incidents.findings import Window
from tests.tools.live.kubernetes.given import DAY, KEY, at, given, needs_given, restart, rollback, scale
from tools.fence import UNFENCED

pytestmark = needs_given


@pytest.mark.parametrize(
    ("case", "replica_set"), [("same-tag", "payment-wf5g8n2cp"), ("latest", "payment-7fb4zkcrw")]
)
async def test_a_change_of_a_variable_under_one_tag_can_be_rolled_back(
    case: str, replica_set: str, tmp_path: Path
) -> None:
    async with given(case, tmp_path, "payment") as doors:
        change = (await doors.changes())["payment-r4"]
        assert (change.kind, change.time) == (ChangeKind.CONFIG, at("03:27:25"))
        assert "GATEWAY" in change.summary
        assert "gateway-a" not in change.summary
        assert change.version_from != change.version_to
        plan = await doors.actions.plan(rollback("payment", change.version_from))
        said = " ".join([*plan.effects, *(fact.value for fact in plan.observed)])
        assert "revision 3" in said
        assert replica_set in said
        assert "4" in {fact.value for fact in plan.observed}
        assert plan.undo is not None
        assert plan.undo.arguments.version == change.version_to
        if case == "latest":
            assert "cannot be known" in change.summary
            assert "newest image" in said
        else:
            assert "image is the same" in change.summary
        outcome = await doors.actions.execute(plan.action, KEY, UNFENCED)
        assert not outcome.done  # this server keeps no patch
        (*_, patch) = doors.patches()
        assert (
            patch[-1]["value"]["spec"]["containers"][0]["env"][0]["value"] == "https://gateway-a.example.com"
        )
        assert "pod-template-hash" not in patch[-1]["value"]["metadata"]["labels"]
        with pytest.raises(ActionRefused, match="nothing to roll back"):
            await doors.actions.plan(rollback("payment", change.version_to))


async def test_the_tag_of_what_runs_means_the_newest_other_template_of_that_tag(tmp_path: Path) -> None:
    async with given("same-tag", tmp_path, "payment") as doors:
        plan = await doors.actions.plan(rollback("payment", "1.4.2"))
        assert any("payment-wf5g8n2cp" in effect for effect in plan.effects)
        assert "1.4.2" in await doors.check()


@pytest.mark.parametrize("case", ["paused/before", "paused/after-patch"])
async def test_a_paused_deployment_is_told_by_what_runs_and_left_alone(case: str, tmp_path: Path) -> None:
    async with given(case, tmp_path, "checkout") as doors:
        for action in (rollback("checkout", "2.0"), rollback("checkout", "4.0"), restart("checkout")):
            with pytest.raises(ActionRefused, match="is paused: resume it first"):
                await doors.actions.plan(action)
            with pytest.raises(ActionRefused, match="is paused: resume it first"):
                await doors.actions.execute(action, KEY, UNFENCED)
        assert not doors.patches()
        said = await doors.check()
        assert "checkout 4.0 (4 of 4 replicas" in said
        assert "paused" in said
        assert ("2.0" in said) == (case == "paused/after-patch")
        changes = await doors.changes()
        deploys = [one for one in changes.values() if one.kind is ChangeKind.DEPLOY]
        assert deploys[-1].version_to == "4.0"
        assert "is paused" in changes["checkout-paused"].summary
        assert changes["checkout-paused"].kind is ChangeKind.INFRA


async def test_a_release_that_uses_its_replica_set_again_is_of_its_own_time(tmp_path: Path) -> None:
    async with given("re-release", tmp_path, "checkout") as doors:
        changes = await doors.changes()
        assert {name: one.time for name, one in changes.items() if name != "checkout-r20"} == {
            "checkout-r17": at("03:20:11"),
            "checkout-r18": at("03:28:48"),
            "checkout-r19": at("03:28:50"),
            "checkout-r21": at("03:29:21"),
        }
        again = changes["checkout-r20"]
        assert at("03:28:50") <= again.time <= at("03:29:21")
        assert "between 2026-11-29 03:28:50 and 03:29:21 UTC" in again.summary
        assert (again.version_from, again.version_to) == ("8.0", "7.0")
        assert changes["checkout-r21"].summary == "eighth again"
        assert "again" not in changes["checkout-r19"].summary
        late = await doors.changes(Window(start=at("03:29:00"), end=DAY.end))
        assert "checkout-r21" in late
        assert "checkout-r19" not in late
        plan = await doors.actions.plan(rollback("checkout", "7.0"))
        assert any("revision 20" in effect and "checkout-mtqrv8jqn" in effect for effect in plan.effects)


async def test_a_restart_is_no_deploy_and_repeats_no_change_cause(tmp_path: Path) -> None:
    async with given("restart", tmp_path, "checkout") as doors:
        changes = await doors.changes()
        done = changes["checkout-r6"]
        assert (done.kind, done.time) == (ChangeKind.INFRA, at("03:28:09"))
        assert "restart" in done.summary
        assert "3.0" in done.summary
        assert "third release" not in done.summary
        assert changes["checkout-r5"].summary.startswith("third release")
        assert [one.id for one in changes.values() if "third release" in one.summary] == ["checkout-r5"]
        plan = await doors.actions.plan(rollback("checkout", "2.0"))
        assert any("revision 4" in effect and "checkout-bnf5mwggw" in effect for effect in plan.effects)
        for same in ("3.0", "revision-5", "checkout-wgwb47tjc"):
            with pytest.raises(ActionRefused, match="nothing to roll back"):
                await doors.actions.plan(rollback("checkout", same))


async def test_what_an_autoscaler_sizes_is_not_scaled(tmp_path: Path) -> None:
    async with given("hpa", tmp_path, "checkout") as doors:
        for wanted in (1, 2, 5):
            with pytest.raises(ActionRefused, match=r"autoscaler checkout, 2 to 3.*minReplicas"):
                await doors.actions.plan(scale("checkout", wanted))
        with pytest.raises(ActionRefused, match="set it back to 3 "):
            await doors.actions.execute(scale("checkout", 5), KEY, UNFENCED)
        assert not doors.patches()
        plan = await doors.actions.plan(rollback("checkout", "1.0"))
        assert any("autoscaler" in fact.name or "autoscaler" in fact.value for fact in plan.observed)
        said = await doors.check()
        assert "3 of 3 replicas" in said
        assert "autoscaler checkout, 2 to 3" in said
        assert "ScalingLimited" in said
