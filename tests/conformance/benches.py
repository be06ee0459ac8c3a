"""Every implementation of the actions and changes ports, with what the suites must know of it."""

import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.changes import Change, ChangeKind
from incidents.findings import Window
from nexus.config.site import Site
from nexus.runtime.sent_changes import SentChanges
from nexus.store.deliveries import AlertDelivery, Disposition, Filing, IntakeView
from nexus.store.memory import MemoryStore
from tests.cases import END, QUIET_END, case_world
from tests.tools.live.fakes import github as hub
from tests.tools.live.fakes import gitlab as lab
from tests.tools.live.fakes import kubernetes as cluster
from tests.tools.live.fakes import mcp_ops
from tests.tools.live.fakes.mcp_http import over_http
from tests.tools.live.fakes.server import Handler, serving
from tests.tools.live.kubernetes import test_helm_owned as helms
from tests.tools.live.repositories import Git
from tests.tools.live.supervised import LOG, Target
from tools.clock import WallClock
from tools.live.actions import live_actions
from tools.live.changes import live_changes
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.ports import Actions, Changes

SECRETS = Secrets({"KUBERNETES": cluster.TOKEN, "GITHUB": hub.TOKEN, "GITLAB": lab.TOKEN})
DAY = Window(start=datetime(2026, 3, 12, tzinfo=UTC), end=datetime(2026, 3, 13, tzinfo=UTC))


@dataclass
class Bench:
    """An actions port.

    Attributes:
        actions: the port.
        action: a change that can be made.
        refused: changes that are not in the inventory.
        state: what the world shows that the change changes.
        proposes: it is made beside what runs, so that what is observed stays as it is.
    """

    actions: Actions
    action: Action
    refused: tuple[Action, ...]
    state: Callable[[], object]
    proposes: bool = False


@dataclass
class Record:
    """A changes port, the names of its services, and a window in which something was changed."""

    changes: Changes
    services: tuple[str, ...]
    window: Window


def act(kind: ActionKind, service: str, **arguments: str | int | bool) -> Action:
    return Action(kind=kind, service=service, arguments=Arguments.model_validate(arguments))


def recorded(case: Path, tmp_path: Path) -> Bench:
    world, _ = case_world(case, tmp_path / "ledger.jsonl", END)
    refused = (
        act(ActionKind.ROLLBACK, "checkout", version="7.7"),
        act(ActionKind.ROLLBACK, "nowhere", version="1.0"),
    )
    ledger = tmp_path / "ledger.jsonl"
    return Bench(
        world.actions, act(ActionKind.ROLLBACK, "checkout", version="1.0"), refused,
        lambda: ledger.read_text() if ledger.exists() else "",
    )  # fmt: skip


@asynccontextmanager
async def live(spec: Mapping[str, object], service: str, tmp_path: Path) -> AsyncIterator[Actions]:
    backends = Backends.model_validate({"actions": [spec]})
    catalogue = Catalogue(services=(Service(name=service),))
    port = live_actions(backends.actions, catalogue, SECRETS, WallClock(), tmp_path / "ledger")
    yield port
    await port.aclose()


@asynccontextmanager
async def releases(target: Target, tmp_path: Path) -> AsyncIterator[Bench]:
    await target.reset()
    spec = target.spec().model_dump(mode="json")
    async with live(spec, "shop", tmp_path) as port:
        refused = tuple(act(ActionKind.ROLLBACK, "shop", version=one) for one in ("7.7", "3.0"))
        yield Bench(port, act(ActionKind.ROLLBACK, "shop", version="1.0"), refused, target.answering)


@asynccontextmanager
async def kubernetes(tmp_path: Path) -> AsyncIterator[Bench]:
    fake = cluster.FakeKubernetes()
    with serving(fake) as server:
        spec = {
            "kind": "kubernetes", "url": server.url, "namespace": "shop", "services": ["checkout"],
            "auth": {"bearer": "env:KUBERNETES"},
        }  # fmt: skip
        async with live(spec, "checkout", tmp_path) as port:
            refused = (act(ActionKind.ROLLBACK, "checkout", version="7.7"),)
            action = act(ActionKind.SCALE, "checkout", replicas=2)
            fake.deployment["spec"]["replicas"] = 3
            fake.deployment["metadata"]["generation"] += 1
            yield Bench(port, action, refused, lambda: fake.deployment["spec"]["replicas"])


@asynccontextmanager
async def flags(tmp_path: Path) -> AsyncIterator[Bench]:
    file = tmp_path / "flags.json"
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
    file.write_text(json.dumps({"flags": {"bundles": flag, "other": flag}}))
    spec = {"kind": "flags", "file": str(file), "services": {"bundles": "shop"}}
    async with live(spec, "shop", tmp_path) as port:
        refused = (act(ActionKind.FEATURE_FLAG, "shop", flag="other", enabled=False),)
        action = act(ActionKind.FEATURE_FLAG, "shop", flag="bundles", enabled=False)
        yield Bench(port, action, refused, file.read_text)


@asynccontextmanager
async def command(tmp_path: Path) -> AsyncIterator[Bench]:
    state = tmp_path / "state"
    state.write_text("2.0\n")
    spec = {
        "kind": "command", "action": "rollback", "services": ["shop"], "allowed": ["1.0"],
        "run": ["sh", "-c", f'echo "$0" >> {state}', "{version}"],
        "dry_run": ["sh", "-c", f'echo "observed: lines = $(wc -l < {state})"; echo to "$0"', "{version}"],
        "undo": ["true"], "status": ["false"],
    }  # fmt: skip
    async with live(spec, "shop", tmp_path) as port:
        refused = (act(ActionKind.ROLLBACK, "shop", version="7.7"),)
        yield Bench(port, act(ActionKind.ROLLBACK, "shop", version="1.0"), refused, state.read_text)


def ops(tmp_path: Path, **reached: object) -> dict[str, object]:
    """What `nexus.yaml` says of the MCP server that rolls out; its state is in the folder."""
    (tmp_path / "version").write_text("2.0")
    rolled = {"service": "{service}", "version": "{version}"}
    return {
        "name": "ops", **reached,
        "actions": [{
            "action": "rollback", "services": ["shop"], "allowed": ["1.0"],
            "run": {"tool": "roll_out", "arguments": rolled | {"key": "{key}"}},
            "dry_run": {"tool": "plan_roll_out", "arguments": rolled},
            "undo": {"tool": "revert", "arguments": {"service": "{service}"}},
            "status": {"tool": "became", "arguments": {"key": "{key}"}, "done": "was done", "never": "never"},
        }],
    }  # fmt: skip


@asynccontextmanager
async def mcp_program(tmp_path: Path) -> AsyncIterator[Bench]:
    argv = [sys.executable, "-I", mcp_ops.__file__, str(tmp_path)]
    async with mcp(ops(tmp_path, command=argv), tmp_path) as bench:
        yield bench


@asynccontextmanager
async def mcp_address(tmp_path: Path) -> AsyncIterator[Bench]:
    with serving(over_http(tmp_path)) as server:
        async with mcp(ops(tmp_path, url=f"{server.url}/mcp"), tmp_path) as bench:
            yield bench


@asynccontextmanager
async def mcp(server: Mapping[str, object], tmp_path: Path) -> AsyncIterator[Bench]:
    pytest.importorskip("mcp", reason="the extra `mcp` is not installed")
    servers = Backends.model_validate({"mcp": [server]}).mcp
    catalogue = Catalogue(services=(Service(name="shop"),))
    port = live_actions((), catalogue, SECRETS, WallClock(), tmp_path / "ledger", servers)
    action, refused = (act(ActionKind.ROLLBACK, "shop", version=one) for one in ("1.0", "7.7"))
    yield Bench(port, action, (refused,), (tmp_path / "version").read_text)
    await port.aclose()


@asynccontextmanager
async def hotfix(tmp_path: Path) -> AsyncIterator[Bench]:
    git = Git(tmp_path / "repo")
    git.commit("Prices", price_txt="2\n")
    bad = git.commit("Cheaper", price_txt="1\n")
    spec = {"kind": "hotfix", "repository": str(git.folder), "services": ["shop"], "test": ["true"]}
    async with live(spec, "shop", tmp_path) as port:
        refused = (act(ActionKind.HOTFIX, "shop", commit="deadbeef"),)
        action, state = act(ActionKind.HOTFIX, "shop", commit=bad), lambda: git("branch", "--list")
        yield Bench(port, action, refused, state, proposes=True)


@asynccontextmanager
async def gitops(tmp_path: Path) -> AsyncIterator[Bench]:
    git = Git(tmp_path / "repo")
    git.commit("Release 1.0", shop__values_yaml="image: eu/shop:1.0\n")
    git.commit("Release 2.0", shop__values_yaml="image: eu/shop:2.0\n")
    spec = {"kind": "gitops", "repository": str(git.folder), "services": ["shop"], "test": ["true"]}
    async with live(spec, "shop", tmp_path) as port:
        refused = tuple(act(ActionKind.ROLLBACK, "shop", version=one) for one in ("7.7", "2.0"))
        action, state = act(ActionKind.ROLLBACK, "shop", version="1.0"), lambda: git("branch", "--list")
        yield Bench(port, action, refused, state, proposes=True)


@asynccontextmanager
async def helm(tmp_path: Path) -> AsyncIterator[Bench]:
    async with helms.owned(tmp_path, {}) as (doors, world):
        refused = (act(ActionKind.ROLLBACK, "till", version="7.7"),)
        action = act(ActionKind.ROLLBACK, "till", version="1.0")
        yield Bench(doors.actions, action, refused, lambda: world.deployment["spec"]["template"])


def recorded_changes(case: Path, tmp_path: Path) -> Record:
    world, _ = case_world(case, tmp_path / "ledger.jsonl", END)
    return Record(world.changes, world.catalogue.names, Window(start=QUIET_END, end=END))


@contextmanager
def record(kind: str, tmp_path: Path) -> Iterator[tuple[dict[str, object], str]]:
    """What `nexus.yaml` says of one source of changes, and the service that it has."""
    served: dict[str, tuple[Handler, dict[str, str], str]] = {
        "github": (hub.FakeGitHub(), {"repository": "acme/shop"}, "shop"),
        "gitlab": (lab.FakeGitLab(), {"project": lab.PROJECT}, "shop"),
        "kubernetes": (cluster.FakeKubernetes(), {"namespace": "shop"}, "checkout"),
    }
    if kind in served:
        handler, where, service = served[kind]
        with serving(handler) as server:
            yield (
                {"kind": kind, "url": server.url, "auth": {"bearer": f"env:{kind.upper()}"}, **where},
                service,
            )
    elif kind == "git":
        git = Git(tmp_path / "repo")
        for number, at in enumerate(("20260311T090000Z", "20260312T101600Z")):
            git.commit(f"Change {number}", price_txt=f"{number}\n")
            git.deploy("shop", at)
        yield {"kind": "git", "repository": str(git.folder)}, "shop"
    else:
        log = tmp_path / "releases.log"
        log.write_text("".join(json.dumps(line) + "\n" for line in LOG))
        yield {"kind": "releases", "log": str(log)}, "shop"


@asynccontextmanager
async def live_record(kind: str, tmp_path: Path) -> AsyncIterator[Record]:
    with record(kind, tmp_path) as (spec, service):
        catalogue = Catalogue(services=(Service(name=service),))
        port = live_changes(Backends.model_validate({"changes": [spec]}).changes, catalogue, SECRETS)
        yield Record(port, catalogue.names, DAY)
        await port.aclose()


def _told(filing: Filing, view: IntakeView) -> Filing:
    return filing


async def sent_changes(tmp_path: Path) -> Record:
    """What two senders told, one of them the same as the other and twice under one id."""
    store, site = MemoryStore(), Site(services=(Service(name="shop"),))
    for sender, hour, version in (("ci", 9, "1.0"), ("ci", 10, "2.0"), ("cd", 10, "2.0"), ("ci", 12, "1.0")):
        at = DAY.start + timedelta(hours=hour, minutes=sender == "cd")
        told = Change(
            time=at, id=f"shop@{version}", service="shop", kind=ChangeKind.DEPLOY, version_to=version
        )
        filing = Filing(disposition=Disposition.IGNORED, changes=(told,))
        await store.take_in(AlertDelivery(received_at=at, sender=sender), site.site, partial(_told, filing))
    port = SentChanges.of(store, site, tmp_path / "nexus.yaml")
    return Record(port, ("shop",), Window(start=DAY.start + timedelta(hours=9.5), end=DAY.end))


#: A window that holds everything.
FAR = Window(start=DAY.start - timedelta(days=30), end=DAY.end + timedelta(days=30))
