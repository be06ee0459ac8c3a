"""An approved change runs with the token of an account that may make this change alone."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from incidents.action import Action, Outcome
from incidents.errors import ActionRefused
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tests.tools.live.kubernetes.given import KEY, doors, restart, rollback, scale
from tests.tools.live.kubernetes.rbac import Rbac
from tests.tools.live.kubernetes.test_rights import WORLDS, deployment, given_by, printed
from tests.tools.live.kubernetes.world import refused
from tools.fence import UNFENCED
from tools.live.cluster.reviews import RightsReview
from tools.live.secrets import Secrets
from tools.live.settings import Backends, KubernetesActions

STANDING = "the-standing-token"
TOKEN = "/api/v1/namespaces/shop/serviceaccounts/{}/token"
ROLLBACK = "nexus-deployment-till-rollback"


def configured(workload: str = "till", **more: object) -> Backends:
    return Backends.model_validate({
        "actions": [{
            "kind": "kubernetes", "url": "http://127.0.0.1:1", "namespace": "shop", "services": ["till"],
            "deployments": {"till": workload}, "accounts": {}, **more,
        }]
    })  # fmt: skip


@dataclass
class Accounts:
    """Each request by the rules of whose token it shows, as the printed manifests give them.

    Attributes:
        lasts: how long a token counts, whatever was asked for.
        answers: by account, what is answered instead of a token.
        takes: whether a token of an act is taken at all; one that has expired is not.
    """

    behind: Handler
    objects: list[dict[str, object]]
    lasts: timedelta = timedelta(minutes=10)
    answers: dict[str, Answer] = field(default_factory=dict)
    takes: bool = True
    tokens: dict[str, str] = field(default_factory=dict)
    patched: list[tuple[str, bool]] = field(default_factory=list)
    wanted: list[int] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        shown = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        who = "nexus-worker" if shown == STANDING else self.tokens.get(shown, "") if self.takes else ""
        if not who:
            return refused(401, "Unauthorized", "Unauthorized")
        if asked.method == "PATCH":
            self.patched.append((who, "dryRun" in asked.query))
        return Rbac(self.gives if asked.path.endswith("/token") else self.behind, self.rules(who))(asked)

    def gives(self, asked: Asked) -> Answer:
        account = asked.path.split("/")[-2]
        if account in self.answers:
            return self.answers[account]
        self.wanted.append(json.loads(asked.body)["spec"]["expirationSeconds"])
        token = f"act-token-number-{len(self.tokens)}"
        self.tokens[token] = account
        until = (datetime.now(UTC) + self.lasts).strftime("%Y-%m-%dT%H:%M:%SZ")
        return told({"kind": "TokenRequest", "status": {"token": token, "expirationTimestamp": until}}, 201)

    def rules(self, who: str) -> list[dict[str, list[str]]]:
        """Of the Roles that are bound to an account."""
        bound = {
            one["roleRef"]["name"]  # type: ignore[index]
            for one in self.objects
            if any(subject["name"] == who for subject in one.get("subjects", ()))  # type: ignore[attr-defined]
        }
        return given_by([one for one in self.objects if one["metadata"]["name"] in bound])  # type: ignore[index]


def accounts(made: Callable[[], Handler] = deployment, workload: str = "till", **more: object) -> Accounts:
    return Accounts(made(), printed(configured(workload)), **more)  # type: ignore[arg-type]


async def done(door: Accounts, folder: Path, *actions: Action, workload: str = "till") -> list[Outcome]:
    with serving(door) as server:
        async with doors(
            server.url, folder, ("till",), token=STANDING, deployments={"till": workload}, accounts={}
        ) as ours:
            return [await ours.actions.execute(one, f"{KEY}{n}", UNFENCED) for n, one in enumerate(actions)]


def written_in(folder: Path) -> str:
    """What is kept of the changes."""
    return "".join(one.read_text() for one in folder.rglob("*") if one.is_file())


@WORLDS
async def test_each_change_is_made_by_the_account_of_its_workload_and_kind(
    made: Callable[[], Handler], workload: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    door = accounts(made, workload)
    size = [scale("till", 5)] if not workload.startswith("ds/") else []
    outcomes = await done(door, tmp_path, rollback("till", "1.0"), *size, restart("till"), workload=workload)
    kinds = ["rollback", *(["scale"] if size else []), "restart"]
    makers = [who for who, dry in door.patched if not dry]
    assert [who.rpartition("-")[2] for who in makers] == kinds
    assert all(f"made by shop/{who}" in outcome.detail for who, outcome in zip(makers, outcomes, strict=True))
    assert "nexus-worker" not in dict(door.patched)
    assert set(door.wanted) == {600}
    said = written_in(tmp_path) + caplog.text + str(outcomes)
    assert not any(token in said for token in door.tokens)


async def test_whoever_decides_reads_whose_right_it_is(tmp_path: Path) -> None:
    with serving(accounts()) as server:
        async with doors(server.url, tmp_path, ("till",), token=STANDING, accounts={}) as ours:
            plan = await ours.actions.plan(rollback("till", "1.0"))
    assert plan.effects[-1] == (
        f"it is made by shop/{ROLLBACK}, which may change till alone, "
        "with a token of 10 min that is asked for when it begins"
    )


async def test_without_the_account_nothing_is_begun_and_the_mend_is_told(tmp_path: Path) -> None:
    missing = refused(404, "NotFound", f'serviceaccounts "{ROLLBACK}" not found')
    door = accounts(answers={ROLLBACK: missing})
    with serving(door) as server:
        async with doors(server.url, tmp_path, ("till",), token=STANDING, accounts={}) as ours:
            with pytest.raises(ActionRefused) as error:
                await ours.actions.plan(rollback("till", "1.0"))
    assert f'has no such object (404): serviceaccounts "{ROLLBACK}" not found' in str(error.value)
    assert "`nexus rights kubernetes` prints the account and its Role" in str(error.value)
    assert door.patched == []


async def test_a_refused_token_request_has_the_servers_reason(tmp_path: Path) -> None:
    door = accounts()
    door.objects = printed(configured("other"))
    with serving(door) as server:
        async with doors(server.url, tmp_path, ("till",), token=STANDING, accounts={}) as ours:
            spec = configured("other").actions[0]
            assert isinstance(spec, KubernetesActions)
            door.objects += [
                {"metadata": {"name": "reads"}, "kind": "Role", "rules": [
                    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"],
                     "verbs": ["get", "list"]}]},
                {"metadata": {"name": "reads"}, "kind": "RoleBinding", "roleRef": {"name": "reads"},
                 "subjects": [{"name": "nexus-worker"}]},
            ]  # fmt: skip
            with pytest.raises(ActionRefused, match=r"cannot create resource .serviceaccounts/token"):
                await ours.actions.plan(rollback("till", "1.0"))
    assert door.patched == []


async def test_an_expiry_that_the_server_lengthens_is_told_and_a_past_one_is_not_used(tmp_path: Path) -> None:
    (outcome,) = await done(accounts(lasts=timedelta(hours=2)), tmp_path / "a", rollback("till", "1.0"))
    assert "longer than asked for" in outcome.detail
    (short,) = await done(accounts(lasts=timedelta(minutes=2)), tmp_path / "b", rollback("till", "1.0"))
    assert (short.done, "longer" in short.detail) == (True, False)
    over = accounts(lasts=-timedelta(minutes=2))
    with pytest.raises(ActionRefused, match="which is over by this clock"):
        await done(over, tmp_path / "c", rollback("till", "1.0"))
    assert over.patched == []


async def test_a_token_that_is_taken_no_more_changes_nothing_by_another_right(tmp_path: Path) -> None:
    door = accounts()
    world = door.behind

    def expires(asked: Asked) -> Answer:
        if asked.method == "PATCH" and "dryRun" not in asked.query:
            return refused(401, "Unauthorized", "Unauthorized")
        return world(asked)

    door.behind = expires
    (outcome,) = await done(door, tmp_path, rollback("till", "1.0"))
    assert not outcome.done
    assert f"asked as {ROLLBACK}, at " in outcome.detail
    assert "refused the credentials (401)" in outcome.detail
    assert [who for who, dry in door.patched if not dry] == [ROLLBACK]


async def test_the_watch_over_a_rollout_needs_no_token_of_the_act(tmp_path: Path) -> None:
    """It reads by the right to read, so that a token may expire while a rollout goes on."""
    door = accounts()
    world = door.behind

    def then_expired(asked: Asked) -> Answer:
        answer = world(asked)
        door.takes = door.takes and not (asked.method == "PATCH" and "dryRun" not in asked.query)
        return answer

    door.behind = then_expired
    taken = door.tokens
    (outcome,) = await done(door, tmp_path, rollback("till", "1.0"))
    assert (outcome.done, door.takes) == (True, False)
    assert len(taken) == 2  # of the dry run and of the act


async def test_the_doctor_says_that_no_right_to_change_stands_or_that_one_still_does() -> None:
    door = accounts()

    async def said() -> str:
        with serving(door) as server:
            (spec,) = configured(auth={"bearer": "env:KUBE"}, url=server.url).actions
            assert isinstance(spec, KubernetesActions)
            review = RightsReview(spec, Secrets({"KUBE": STANDING}))
            try:
                return await review.check()
            finally:
                await review.aclose()

    assert "none of them changes anything: each change runs with a token of its own" in await said()
    door.objects += printed(configured(accounts=None))
    assert "it may still patch deployments.apps/till at any time" in await said()


def test_what_goes_together_and_how_long_a_token_may_last() -> None:
    for wrong, why in (
        ({"accounts": {}, "helm": {}}, "do not go together"),
        ({"accounts": {"lasts": "5m"}}, "greater than or equal to 10 minutes"),
        ({"accounts": {"prefix": "Nexus"}}, "match pattern"),
    ):
        with pytest.raises(ValidationError, match=why):
            configured(**wrong)
