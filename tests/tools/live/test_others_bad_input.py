"""What the telemetry is put before, for everything else that is asked: changes, actions, health."""

import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from incidents.action import Action, ActionKind
from incidents.catalogue import Catalogue, Endpoint, Service
from incidents.errors import ToolFailed
from tests.conformance.benches import DAY
from tests.tools.live.fakes.github import FakeGitHub
from tests.tools.live.fakes.kubernetes import FakeKubernetes
from tests.tools.live.fakes.server import Answer, Asked, Handler, serving, told
from tools.clock import WallClock
from tools.live.actions import live_actions
from tools.live.changes import live_changes
from tools.live.health import LiveHealth
from tools.live.health.endpoints import EndpointProbes
from tools.live.http import LARGEST
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

TOKEN = "tok-6f1c9e2ab8d7"
SECRETS = Secrets({"TOKEN": TOKEN})
CATALOGUE = Catalogue(services=(Service(name="checkout"), Service(name="shop")))
RESTART = Action(kind=ActionKind.RESTART, service="checkout")

Ask = Callable[[], Awaitable[object]]


class Part(NamedTuple):
    """Where it stands in `backends`, what is said of it there, and a backend that answers as it should."""

    channel: str
    spec: dict[str, object]
    fine: Callable[[], Handler]


def page(asked: Asked) -> Answer:
    """A vendor's page that says nothing of trouble, and an OpenAPI document without operations."""
    if asked.path == "/openapi.json":
        return told({"paths": {}})
    return told({"status": {"indicator": "none", "description": "fine"}, "incidents": []})


PARTS = {
    "changes: github": Part("changes", {"kind": "github", "repository": "acme/shop"}, FakeGitHub),
    "changes: kubernetes": Part("changes", {"kind": "kubernetes", "namespace": "shop"}, FakeKubernetes),
    "actions: kubernetes": Part(
        "actions", {"kind": "kubernetes", "namespace": "shop", "services": ["checkout"]}, FakeKubernetes
    ),
    "health: kubernetes": Part(
        "health",
        {"kind": "kubernetes", "namespace": "shop", "service": "shop", "workload": "checkout"},
        FakeKubernetes,
    ),
    "health: status page": Part("health", {"kind": "status_page", "service": "shop"}, lambda: page),
    "health: openapi": Part("health", {"kind": "openapi", "service": "shop"}, lambda: page),
}


@pytest.fixture(params=PARTS)
def part(request: pytest.FixtureRequest) -> Part:
    return PARTS[str(request.param)]


@asynccontextmanager
async def asking(part: Part, url: str, tmp_path: Path, **more: object) -> AsyncIterator[Ask]:
    """The question that an incident asks of a part."""
    spec = {"url": url, "auth": {"bearer": "env:TOKEN"}, "timeout": "5s", **part.spec, **more}
    backends = Backends.model_validate({part.channel: [spec]})
    async with AsyncExitStack() as stack:
        changes = live_changes(backends.changes, CATALOGUE, SECRETS)
        actions = live_actions(backends.actions, CATALOGUE, SECRETS, WallClock(), tmp_path / "ledger")
        health = LiveHealth(backends.health, CATALOGUE, SECRETS, WallClock())
        for port in (changes, actions, health):
            stack.push_async_callback(port.aclose)
        asks: dict[str, Ask] = {
            "changes": lambda: changes.changes(DAY),
            "actions": lambda: actions.plan(RESTART),
            "health": lambda: health.probe(["shop"]),
        }
        yield asks[part.channel]


async def lack(ask: Ask) -> str:
    """What the findings would tell is missing: of what failed, or beside what was answered."""
    with collect_gaps() as gaps:
        try:
            await ask()
        except ToolFailed as error:
            gaps.append(str(error))
    said = "; ".join(gaps)
    assert TOKEN not in said
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (
            lambda asked: told({"error": f"no: {asked.headers['Authorization']}"}, 401),
            "refused the credentials",
        ),
        (lambda _: Answer("<html>sign in</html>"), "answered HTML where JSON was expected"),
        (lambda _: Answer('{"half": ['), "answered no JSON"),
        (lambda _: told({"items": 7, "status": 7, "paths": 7}), ""),
        (lambda asked: Answer(f"boom {asked.headers['Authorization']}", 500), "answered 500: boom"),
        (lambda _: Answer(b"[" + b" " * 999_999, repeat=50), f"answered more than {LARGEST // 1_000_000} MB"),
    ],
    ids=["credentials", "html", "half", "another form", "error page", "50 MB"],
)
async def test_a_bad_answer_is_a_sentence(part: Part, handler: Handler, said: str, tmp_path: Path) -> None:
    with serving(handler) as server:
        async with asking(part, server.url, tmp_path) as ask:
            missing = await lack(ask)
    assert said in missing
    assert missing


async def test_a_part_that_is_down_is_a_sentence(part: Part, tmp_path: Path) -> None:
    async with asking(part, "http://127.0.0.1:9", tmp_path) as ask:
        assert "at http://127.0.0.1:9 cannot be reached" in await lack(ask)


async def test_a_part_that_is_slow_is_not_waited_for(part: Part, tmp_path: Path) -> None:
    at = threading.Event()
    with serving(lambda _: Answer("{}", wait=at)) as server:
        async with asking(part, server.url, tmp_path, timeout=timedelta(seconds=0.2)) as ask:
            began = time.monotonic()
            assert "did not answer within 0.2 s" in await lack(ask)
            assert time.monotonic() - began < 10  # it is not asked again
        at.set()


async def test_a_clock_an_hour_off_is_told(part: Part, tmp_path: Path) -> None:
    fine = part.fine()
    with serving(lambda asked: replace(fine(asked), date=time.time() - 3600)) as server:
        async with asking(part, server.url, tmp_path) as ask:
            assert f"at {server.url} is 60 min behind this machine's" in await lack(ask)


async def test_an_endpoint_that_trickles_or_floods_is_an_unhealthy_one_or_cut() -> None:
    at = threading.Event()
    handlers: dict[str, Answer] = {
        "/late": Answer("{}", wait=at),
        "/flood": Answer(b"password=hunter2-hunter2 " * 40_000, 503, repeat=50),
    }
    with serving(lambda asked: handlers[asked.path]) as server:
        probes = EndpointProbes(WallClock(), patience=0.3)
        points = [Endpoint.model_validate({"name": path, "url": server.url + path}) for path in handlers]
        late, flood = [await probes.probe(Service(name="shop"), point) for point in points]
        at.set()
        await probes.aclose()
    assert (late.healthy, late.said.startswith("no answer: ")) == (False, True)
    assert flood.said.startswith("503 (expected 200): password=<")
    assert len(flood.said) < 200


@pytest.mark.parametrize("odd", [None, 7, {"a": 1}, [None], "x"])
async def test_a_document_of_odd_parts_is_read_as_far_as_it_can_be(odd: object, tmp_path: Path) -> None:
    """Whatever stands where a list belongs."""

    def handle(asked: Asked) -> Answer:
        if asked.path == "/openapi.json":
            return told({"paths": {"/a": {"get": {"parameters": odd}, "parameters": odd}, "/b": odd}})
        if asked.path == "/a":
            return Answer("ok")
        return told({"status": {"indicator": "none", "description": odd}, "incidents": odd})

    with serving(handle) as server:
        for name in ("health: status page", "health: openapi"):
            async with asking(PARTS[name], server.url, tmp_path) as ask:
                found = await ask()
            assert isinstance(found, tuple)
            assert [probe.healthy for probe in found] == [True]
