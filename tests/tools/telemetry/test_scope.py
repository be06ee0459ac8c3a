"""Of a large catalogue only what something points at is looked at, and all of it while nothing stands out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from incidents.catalogue import Catalogue, Service
from incidents.changes import Change
from incidents.findings import Window
from tests.cases import ALERT, START, case_incident, case_sources
from tools.ports import Metrics
from tools.telemetry.observe import observe
from tools.telemetry.scope import CHANGED, NEAREST, WHOLE, neighbourhood, said_scope, scope_of
from tools.toolset import Sources

FAR = tuple(Service(name=f"far-{number}") for number in range(300))
LATELY = Window(start=START, end=ALERT + timedelta(minutes=2))


@dataclass
class Watching:
    """Metrics that remember whose were asked for."""

    inner: Metrics
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window."""
        self.asked.append(tuple(services))
        return await self.inner.metrics(window, services)


def deployed(service: str, after: timedelta) -> Change:
    """A deployment of a service so long after the start."""
    return Change(time=START + after, id=f"of-{service}", service=service, kind="deploy")


def among_many(shop: Path, ledger: Path, minutes: float) -> tuple[Sources, Watching]:
    """The shop's services among 300 others, so long after the alert."""
    sources, _ = case_sources(shop, ledger, ALERT + timedelta(minutes=minutes))
    catalogue = Catalogue(services=(*FAR, *sources.world.catalogue.services))
    watching = Watching(sources.world.metrics)
    return replace(sources, world=replace(sources.world, catalogue=catalogue, metrics=watching)), watching


async def test_nothing_is_asked_for_services_that_nothing_points_at(shop: Path, ledger: Path) -> None:
    sources, watching = among_many(shop, ledger, 2)
    seen = await observe(sources)
    near = ("web", "checkout", "catalogue", "payment", "orders-db")
    assert seen.catalogue.names == near
    assert set(watching.asked) == {near}
    assert any(level.service == "checkout" and level.deviates for level in seen.levels)
    told = [gap for gap in seen.gaps if "not looked at" in gap]
    assert told
    assert told[0].startswith("300 of 305 services were not looked at")


async def test_everything_is_looked_at_while_nothing_stands_out(shop: Path, ledger: Path) -> None:
    sources, watching = among_many(shop, ledger, -15)
    seen = await observe(sources)
    assert len(seen.catalogue.services) == 305
    assert () in watching.asked
    assert not any("not looked at" in gap for gap in seen.gaps)


async def test_a_service_that_is_asked_for_by_name_is_looked_at(shop: Path, ledger: Path) -> None:
    sources, _ = among_many(shop, ledger, 2)
    assert "far-7" not in (await observe(sources)).catalogue.names
    seen = await observe(sources, "far-7")
    assert "far-7" in seen.catalogue.names
    assert await observe(sources, "web") is seen


def test_a_small_catalogue_is_looked_at_whole() -> None:
    small = Catalogue(services=FAR[:WHOLE])
    assert scope_of(small, case_incident(), (), LATELY) is small
    assert said_scope(small, small) == ""


def test_what_changed_lately_is_looked_at_the_last_first() -> None:
    catalogue = Catalogue(services=(Service(name="web"), *FAR))
    changes = [deployed(f"far-{number}", timedelta(seconds=number)) for number in range(20)]
    old = deployed("far-99", -timedelta(days=1))
    found = scope_of(catalogue, case_incident(), [old, *changes], LATELY).names
    assert found == ("web", *(f"far-{number}" for number in range(20 - CHANGED, 20)))


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Services that need each other in any way, circles and strangers included."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 90)))]
    needs = st.lists(st.sampled_from([*names, "stranger"]), max_size=3).map(tuple)
    return Catalogue(services=tuple(Service(name=name, depends_on=draw(needs)) for name in names))


@given(catalogues(), st.lists(st.sampled_from(["s0", "s1", "s50", "stranger"]), max_size=3))
def test_neighbours_come_nearest_first_and_only_from_the_catalogue(
    catalogue: Catalogue, named: list[str]
) -> None:
    found = neighbourhood(catalogue, named)
    assert len(found) == len(set(found))
    assert set(found) <= set(catalogue.names)
    first = [name for name in dict.fromkeys(named) if name in catalogue.names]
    assert list(found[: len(first)]) == first
    one_call = {name for own in first for name in catalogue.get(own).depends_on if name in catalogue.names}
    one_call |= {service.name for service in catalogue.services if set(first) & set(service.depends_on)}
    assert set(found[: len({*first, *one_call})]) == {*first, *one_call}


@given(catalogues())
def test_the_scope_keeps_to_its_size(catalogue: Catalogue) -> None:
    alert = case_incident().alerts[0].model_copy(update={"service": "s0"})
    incident = case_incident(ALERT, alert)
    found = scope_of(catalogue, incident, (), LATELY)
    assert len(found.services) <= max(WHOLE, NEAREST)
    assert "s0" in found.names
