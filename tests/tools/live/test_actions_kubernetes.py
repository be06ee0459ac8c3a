"""Deployments are rolled back, restarted and scaled, never over somebody else's change."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.effects import carried_out
from tests.tools.live.fakes.kubernetes import CAUSE, TOKEN, FakeKubernetes
from tests.tools.live.fakes.server import Answer, Asked, Server, serving
from tools.clock import Clock, VirtualClock, WallClock
from tools.fence import UNFENCED, Unfenced
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.kubernetes import KubernetesAdapter
from tools.live.secrets import Secrets
from tools.live.settings import KubernetesActions

CATALOGUE = Catalogue(services=(Service(name="checkout"), Service(name="web")))
ROLLBACK = Action(kind=ActionKind.ROLLBACK, service="checkout", arguments=Arguments(version="1.0"))
RESTART = Action(kind=ActionKind.RESTART, service="checkout")
SCALE = Action(kind=ActionKind.SCALE, service="checkout", arguments=Arguments(replicas=5))
KEY = "INC-1:A1:abcdef012345"


def spec(url: str, **more: object) -> KubernetesActions:
    return KubernetesActions.model_validate(
        {
            "kind": "kubernetes", "url": url, "namespace": "shop", "services": ("checkout", "web"),
            "auth": {"bearer": "env:KUBE"}, "patience": timedelta(seconds=5), **more,
        }
    )  # fmt: skip


def on(url: str, ledger: Path, token: str = TOKEN, clock: Clock | None = None) -> LiveActions:
    clock = clock or WallClock()
    secrets = Secrets({"KUBE": token})
    adapter = KubernetesAdapter(spec(url), secrets, clock, pause=timedelta(seconds=0.001))
    return LiveActions([adapter], CATALOGUE, ActionLog(ledger), clock)


@pytest.fixture
def cluster() -> FakeKubernetes:
    return FakeKubernetes(never=("broken",))


@pytest.fixture
def server(cluster: FakeKubernetes) -> Iterator[Server]:
    with serving(cluster) as running:
        yield running


@pytest.fixture
async def actions(server: Server, tmp_path: Path) -> AsyncIterator[LiveActions]:
    live = on(server.url, tmp_path / "ledger")
    yield live
    await live.aclose()


async def test_a_rollback_copies_the_old_template_and_waits_for_the_rollout(
    cluster: FakeKubernetes, actions: LiveActions
) -> None:
    plan = await actions.plan(ROLLBACK)
    assert {fact.name: fact.value for fact in plan.observed} == {
        "running version": "2.0", "revision": "2", "template of": "ReplicaSet checkout-h1",
    }  # fmt: skip
    assert plan.undo is not None
    assert plan.undo.arguments.version == "2.0"
    assert cluster.patches == 0
    outcome = await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert outcome.done, outcome.detail
    assert "rollout of revision 3 is complete, 2 of 2 replicas of 1.0" in outcome.detail
    template = cluster.deployment["spec"]["template"]
    assert template["metadata"]["labels"] == {"app": "checkout"}
    assert cluster.deployment["metadata"]["annotations"][CAUSE] == "release 1.0: faster totals"
    assert (await actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
    assert CAUSE not in cluster.deployment["metadata"]["annotations"]


async def test_a_restart_marks_the_pods_and_a_scale_changes_their_number(
    cluster: FakeKubernetes, actions: LiveActions
) -> None:
    assert (await actions.execute(RESTART, KEY, UNFENCED)).done
    marks = cluster.deployment["spec"]["template"]["metadata"]["annotations"]
    assert list(marks) == ["kubectl.kubernetes.io/restartedAt"]
    plan = await actions.plan(SCALE)
    assert plan.undo is not None
    assert plan.undo.arguments.replicas == 2
    assert (await actions.execute(SCALE, "INC-1:A2:x", UNFENCED)).done
    assert cluster.deployment["spec"]["replicas"] == 5


async def test_somebody_elses_change_meanwhile_is_not_overwritten(
    cluster: FakeKubernetes, actions: LiveActions
) -> None:
    def deploys(fake: FakeKubernetes) -> None:
        fake.deployment["metadata"] |= {"resourceVersion": "999", "generation": 3}

    cluster.interfere = deploys
    outcome = await actions.execute(ROLLBACK, KEY, UNFENCED)
    assert not outcome.done
    assert "nothing was changed: Kubernetes" in outcome.detail
    assert "422" in outcome.detail
    assert cluster.version == "2.0"


async def test_a_rollout_that_never_completes_is_no_success(server: Server, tmp_path: Path) -> None:
    with serving(FakeKubernetes(never=("1.0",))) as sick:
        actions = on(sick.url, tmp_path / "ledger")
        outcome = await actions.execute(ROLLBACK, KEY, UNFENCED)
        await actions.aclose()
    assert not outcome.done
    assert "exceeded its progress deadline" in outcome.detail
    assert "to take it back: roll back checkout to 2.0" in outcome.detail


async def test_a_patch_whose_answer_is_cut_is_not_done_again_before_it_can_no_longer_arrive(
    cluster: FakeKubernetes, tmp_path: Path
) -> None:
    """A proxy's 504 does not say whether the API server still works on it; a minute later it does not."""
    cut = True

    def between(asked: Asked) -> Answer:
        patches = asked.method == "PATCH" and not asked.one("dryRun")
        return Answer("upstream timed out", 504) if patches and cut else cluster(asked)

    clock = VirtualClock(WallClock().now())
    with serving(between) as proxy:
        actions = on(proxy.url, tmp_path / "ledger", clock=clock)
        with pytest.raises(ToolFailed, match="answered 504"):
            await actions.execute(ROLLBACK, KEY, UNFENCED)
        cut = False
        for span in (timedelta(), timedelta(seconds=74)):
            clock.advance(span)
            for asked in (actions.status(KEY), actions.execute(ROLLBACK, KEY, UNFENCED)):
                with pytest.raises(ToolFailed, match="a request that was cut may still take effect until"):
                    await asked
        assert cluster.patches == 0
        clock.advance(timedelta(seconds=1))
        assert await actions.status(KEY) is None
        assert (await actions.execute(ROLLBACK, KEY, UNFENCED)).done
        await actions.aclose()
    assert cluster.patches == 1


async def test_a_patch_that_never_left_is_known_not_to_have_begun(
    cluster: FakeKubernetes, tmp_path: Path
) -> None:
    class Unplugged(Unfenced):
        """The API server goes away right before the patch, and takes the connection with it."""

        def may_act(self) -> float:
            if not gone:
                gone.append(True)
                stack.close()
            return super().may_act()

    gone: list[bool] = []
    with ExitStack() as stack:
        server = stack.enter_context(serving(lambda asked: last(cluster(asked))))
        actions = on(server.url, tmp_path / "ledger")
        with pytest.raises(ToolFailed, match="cannot be reached"):
            await actions.execute(ROLLBACK, KEY, Unplugged())
    assert await actions.status(KEY) is None
    await actions.aclose()


def last(answer: Answer) -> Answer:
    """The last answer of its connection."""
    return replace(answer, headers={**answer.headers, "Connection": "close"})


@pytest.mark.parametrize("action", [ROLLBACK, RESTART, SCALE])
async def test_after_a_kill_the_deployment_says_whether_it_was_done(
    cluster: FakeKubernetes, server: Server, tmp_path: Path, action: Action
) -> None:
    first = on(server.url, tmp_path / "first")
    deed = ActionRecord(
        key=KEY, plan=await first.plan(action), begun=WallClock().now().replace(microsecond=0), marked=True
    )
    ActionLog(tmp_path / "second").write(deed)
    second = on(server.url, tmp_path / "second")
    assert await second.status(KEY) is None  # killed before the patch was sent
    await carried_out(second, deed, tmp_path / "second")  # killed after it, before the outcome was written
    found = await second.status(KEY)
    assert found is not None
    assert found.done
    assert await second.execute(action, KEY, UNFENCED) == found
    assert cluster.patches == 1
    await first.aclose()
    await second.aclose()


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (
            ROLLBACK.model_copy(update={"arguments": Arguments(version="7.7")}),
            "never ran '7.7'; .* kept: 1.0",
        ),
        (ROLLBACK.model_copy(update={"arguments": Arguments(version="2.0")}), "already runs 2.0"),
        (SCALE.model_copy(update={"arguments": Arguments(replicas=21)}), "20 replicas at most"),
        (SCALE.model_copy(update={"arguments": Arguments(replicas=2)}), "already has 2 replicas"),
    ],
)
async def test_what_the_cluster_does_not_hold_is_refused(
    cluster: FakeKubernetes, actions: LiveActions, action: Action, why: str
) -> None:
    with pytest.raises(ActionRefused, match=why):
        await actions.execute(action, KEY, UNFENCED)
    assert cluster.patches == 0


async def test_bad_answers_are_sentences(server: Server, tmp_path: Path) -> None:
    stranger = on(server.url, tmp_path / "a", token="another-token")
    with pytest.raises(ToolFailed, match=r"refused the credentials \(401\)") as failed:
        await stranger.plan(ROLLBACK)
    assert "another-token" not in str(failed.value)
    missing = RESTART.model_copy(update={"service": "web"})
    live = on(server.url, tmp_path / "b")
    with pytest.raises(ToolFailed, match=r"has no such object \(404\): .*not found"):
        await live.plan(missing)
    with serving(lambda asked: Answer("<html>login</html>", 200)) as page:
        html = on(page.url, tmp_path / "c")
        with pytest.raises(ToolFailed, match="answered HTML where JSON was expected"):
            await html.plan(ROLLBACK)
        await html.aclose()
    await stranger.aclose()
    await live.aclose()


async def test_the_inventory_has_the_replicas_and_no_patch_is_tried(
    cluster: FakeKubernetes, actions: LiveActions
) -> None:
    assert (await actions.inventory("checkout")).instances == 2
    assert cluster.patches == 0
