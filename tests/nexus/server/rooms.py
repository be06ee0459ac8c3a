"""A server's application in this process, over a home in which something waits, with people of every role."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.testclient import TestClient

from incidents.access import AccessRole
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.runtime.worker import Worker
from nexus.server.app import web
from nexus.server.limits import HttpLimits
from nexus.server.metrics import MetricsDoor
from nexus.server.pages.one_time import OneTimeEntry
from nexus.server.senders import SenderDoor
from nexus.service.identity import HashCost, People
from nexus.service.intake import AlertIntake
from nexus.service.metrics import ServerMetrics
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.new_home import new_home
from tests.nexus.sample import at
from tools.clock import WallClock

LATE = datetime(2999, 1, 1, tzinfo=UTC)
#: Each of one role, and called like it; Dana is what everybody is who has none named.
PEOPLE: dict[str, str] = {"dana": "", **{role.value: f", roles: [{role}]" for role in AccessRole}}
ENDED = "INC-2026-11-23-002"
#: One person of this limit may ask as often as a test likes.
LIMITS = HttpLimits(requests=100_000, wrong_tokens=100_000)
#: What a password costs here: most tests log somebody in, and none of them guesses.
QUICK = HashCost(memory=8, rounds=1, lanes=1)

#: What a browser sends along with a form of ours.
BROWSER = {"Origin": "http://testserver", "Accept": "text/html", "User-Agent": "Firefox/142.0"}


def token_of(name: str) -> str:
    return f"the-token-of-{name}"


def shown(name: str) -> dict[str, str]:
    """The header of somebody; of nobody none."""
    return {"Authorization": f"Bearer {token_of(name)}"} if name else {}


def csrf_of(page: str) -> str:
    """What the forms of a page bring along."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found[1]


class Room:
    """The application of a server that drives nothing.

    Attributes:
        rung: the incidents for which whoever drives was told.
    """

    def __init__(self, home: Home, app: Starlette, loop: BlockingPortal) -> None:
        self.home = home
        self.app = app
        self._loop = loop
        self.client = self._asking()
        self.rung: list[str] = []

    def get(self, path: str, by: str = "dana") -> httpx2.Response:
        return self.client.get(f"/api/v1{path}", headers=shown(by))

    def post(
        self, path: str, body: object = None, by: str = "dana", key: str | None = None
    ) -> httpx2.Response:
        headers = shown(by) | ({"Idempotency-Key": key} if key is not None else {})
        sent: dict[str, Any] = {} if body is None else {"json": body}
        return self.client.post(f"/api/v1{path}", headers=headers, **sent)

    def browser(self, by: str = "", **cookies: str) -> TestClient:
        """A browser of its own, in which somebody has logged in; without a name nobody has."""
        client = self._asking(cookies=cookies, headers=BROWSER)
        if by:
            answer = client.post("/login", data={"name": by, "secret": token_of(by)}, follow_redirects=False)
            assert answer.status_code == 303, answer.text
        return client

    def _asking(self, **given: Any) -> TestClient:
        """A client whose requests are answered on one loop, as a server answers them."""
        client = TestClient(self.app, raise_server_exceptions=False, **given)
        client.portal = self._loop
        return client

    def inbox(self, incident: str = sample.ID) -> list[str]:
        """What waits to be read, by kind and by whom."""
        events = asyncio.run(self.home.store.events(incident))
        return [f"{event.kind} by {getattr(event, 'by', '?')}" for event in events]


@contextmanager
def room(
    folder: Path,
    limits: HttpLimits = LIMITS,
    people: dict[str, str] = PEOPLE,
    more: str = "",
    services: str = "services: [{name: checkout}, {name: web}]",
    signatures: int = 2,
    environment: dict[str, str] | None = None,
    model: str = "",
) -> Iterator[Room]:
    """A room whose home lies in a folder: one incident that waits for signatures, one that has ended.

    `more`: further lines of its nexus.yaml; `services`: the line of these; `environment`: further secrets;
    `model`: where a model is asked, if one is.
    """
    listed = ", ".join(
        f"{{name: {name}, token: 'env:{name.upper()}'{more}}}" for name, more in people.items()
    )
    listed = f"people: [{listed}]" if people else ""
    path = folder / "nexus.yaml"
    path.write_text(f"{services}\n{listed}\n{more}\n")
    tokens = {name.upper(): token_of(name) for name in people} | (environment or {})
    site = load_site(path)
    of_model = {"llm_base_url": model, "llm_api_key": "k", "llm_model": "m"} if model else {}
    settings = Settings.model_validate({"home": new_home(folder), **of_model})
    with open_home(settings, create=True, environment=tokens) as home:
        world = WorldRef(kind=WorldKind.LIVE, path=str(path))
        proposal = sample.proposal(approvers_needed=signatures, expires_at=LATE)
        asyncio.run(
            home.store.register(sample.waiting().evolve(proposals=(proposal,)), world, at(12), "default")
        )
        ended = sample.resolved().evolve(id=ENDED, opened_at=at(1))
        asyncio.run(home.store.register(ended, world, at(50), "default"))
        for entry in sample.ENTRIES:
            asyncio.run(home.store.write(entry))
        intake = AlertIntake(home, site, path, "playbook", WallClock())
        people_of = People.checked(site, home.secrets)
        metrics = MetricsDoor(ServerMetrics.of(site), SecretStr("the-token-of-prometheus"))
        link = OneTimeEntry("dana")
        app = web(intake, _nobody_drives, SenderDoor(), people_of, limits, metrics, link, QUICK)
        with start_blocking_portal() as loop:
            made = Room(home, app, loop)
            intake.ring = made.rung.append
            yield made


def _nobody_drives() -> AbstractAsyncContextManager[Worker]:
    raise AssertionError("a room has no lifespan: nothing is driven in it")
