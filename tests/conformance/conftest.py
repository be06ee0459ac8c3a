"""Implementations of the ports under test: worlds built from a small recorded case, stores of each kind."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from incidents.findings import Window
from nexus.store.memory import MemoryStore
from nexus.store.port import IncidentStore
from nexus.store.postgres.store import PostgresStore
from nexus.store.sqlite.store import Store
from tests.cases import END, QUIET_END, build_case, case_world
from tests.nexus.new_home import new_home
from tools.clock import VirtualClock
from tools.memory import MemoryEvidence
from tools.ports import EvidenceStore, World


@dataclass
class Live:
    """A world with what the suites must know of it: a window that has data, a service, an action."""

    world: World
    clock: VirtualClock
    window: Window
    service: str
    deployed: str
    version: str
    unknown_version: str


@pytest.fixture(scope="session")
def case_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small case, written once."""
    return build_case(tmp_path_factory.mktemp("cases"))


@pytest.fixture(params=["recorded"])
def live(request: pytest.FixtureRequest, case_folder: Path, tmp_path: Path) -> Live:
    """Every implementation of a whole world."""
    assert request.param == "recorded"
    world, clock = case_world(case_folder, tmp_path / "ledger.jsonl", END)
    return Live(
        world, clock, Window(start=QUIET_END, end=END), service="web", deployed="checkout", version="1.0",
        unknown_version="7.7",
    )  # fmt: skip


@pytest.fixture(params=["memory"])
def evidence_store(request: pytest.FixtureRequest) -> EvidenceStore:
    """Every implementation of the evidence store that lives in this room."""
    assert request.param == "memory"
    return MemoryEvidence()


@pytest.fixture(params=["sqlite", "direct", "memory", "postgres", "postgres direct"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], IncidentStore]]:
    """Every implementation of the store; each call gives one more connection to the same incidents."""
    if request.param == "memory":
        twin = MemoryStore()
        yield lambda: twin
        return
    with ExitStack() as opened:
        threads = "direct" not in request.param
        if request.param.startswith("postgres"):
            address = request.getfixturevalue("postgres").empty()
            yield lambda: opened.enter_context(PostgresStore.open(address, create=False, threads=threads))
            return
        home = new_home(tmp_path)
        yield lambda: opened.enter_context(Store.open(home, threads=threads))


@pytest.fixture
def store(stores: Callable[[], IncidentStore]) -> IncidentStore:
    """One connection to a store in which nothing is."""
    return stores()
