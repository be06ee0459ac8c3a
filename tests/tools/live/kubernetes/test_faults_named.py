"""What a cluster shows to be wrong is named, with where it stands; of one in which all is well nothing is."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest

from incidents.catalogue import Catalogue, Service
from incidents.cluster import FaultKind, Finding, Standing
from incidents.health import Probe
from tests.agents.playbook.test_worlds import investigate
from tests.agents.stage import NOW, Stage, incident, world
from tests.tools.live.fakes.server import serving
from tests.tools.live.kubernetes.broken import CASES, Broken
from tests.tools.live.kubernetes.broken_afresh import AFRESH
from tests.tools.live.kubernetes.shop import Shop, whole
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.secrets import Secrets
from tools.live.settings import Backends
from tools.telemetry.data_gaps import collect_gaps

CATALOGUE = Catalogue(
    services=(
        Service(name="frontend", user_facing=True, depends_on=("cart",)),
        Service(name="cart", depends_on=("redis",)),
        Service(name="redis"),
    )
)
COMMANDER = "infrastructure_maintainer"
DOCS = Path(__file__).parents[4] / "docs" / "kubernetes.md"


@asynccontextmanager
async def health(shop: Shop, **more: object) -> AsyncIterator[LiveHealth]:
    with serving(shop) as server:
        said = {"kind": "kubernetes", "url": server.url, "namespace": "shop"} | more
        if "service" not in said:
            said["deployments"] = {"redis": "statefulset/redis"}
        specs = Backends.model_validate({"health": [said]}).health
        port = LiveHealth(specs, CATALOGUE, Secrets({}), VirtualClock(NOW))
        try:
            yield port
        finally:
            await port.aclose()


async def probes(shop: Shop, **more: object) -> dict[str, Probe]:
    async with health(shop, **more) as port:
        return {one.service: one for one in await port.probe()}


def named(found: dict[str, Probe]) -> list[Finding]:
    return [one for probe in found.values() for one in probe.findings]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in (CASES | AFRESH).items()])
async def test_a_fault_and_no_other_is_named_of_its_service_with_where_it_stands(case: Broken) -> None:
    shop = Shop()
    case.make(shop)
    found = await probes(shop)
    if not case.service:  # of nothing in the catalogue: told beside
        assert all(all(word in probe.said for word in case.words) for probe in found.values())
        assert {one.standing for one in named(found)} == {Standing.BESIDE}
        return
    own = [one for one in found[case.service].findings if one.kind is case.kind]
    assert own, found[case.service].said
    assert any(all(word in one.told for word in case.words) for one in own), own
    assert not found[case.service].healthy
    assert all(one.evidence for one in named(found))
    assert {one.kind for one in named(found) if one.standing is Standing.CAUSE} <= {case.kind}


async def test_nothing_is_named_where_nothing_is_wrong() -> None:
    found = await probes(Shop())
    assert {name: probe.said for name, probe in found.items()} == {
        "frontend": "2 of 2 replicas are available",
        "cart": "2 of 2 replicas are available",
        "redis": "1 of 1 replicas are available",
    }
    assert all(probe.healthy for probe in found.values())
    assert named(found) == []


async def test_two_causes_at_once_are_both_named() -> None:
    shop = Shop()
    CASES["image_of_no_such_tag"].make(shop)
    CASES["storage_class_that_is_not_there"].make(shop)
    found = await probes(shop)
    causes = {
        (name, one.kind) for name, p in found.items() for one in p.findings if one.standing is Standing.CAUSE
    }
    assert causes == {("cart", FaultKind.IMAGE), ("redis", FaultKind.STORAGE_CLASS)}


@pytest.mark.parametrize("version", ["1.32", "1.37"])
def test_the_stand_in_serves_what_the_schemas_of_the_api_allow(version: str) -> None:
    seen: set[str] = set()
    for name, case in [("", None), *(CASES | AFRESH).items()]:
        shop = Shop()
        if case is not None:
            case.make(shop)
        for one in whole(shop):
            text = json.dumps(one)
            if text not in seen:
                seen.add(text)
                assert kubernetes_validate.validate(one, version, strict=True) == version, name


#: What the API shows and a playbook without another clue takes for no cause: it is told, and left to people.
_EVERYWHERE = {FaultKind.DNS, FaultKind.NODE_DOWN, FaultKind.NODE_PRESSURE}
_LEFT = {
    FaultKind.AUTOSCALER_FULL, FaultKind.BUDGET, FaultKind.PROBE_FAILS, FaultKind.NOT_READY,
    FaultKind.STUCK_ENDING, FaultKind.TURNED_AWAY,
}  # fmt: skip


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in (CASES | AFRESH).items()])
async def test_the_playbook_names_it_with_its_evidence_and_asks_nothing_but_the_cluster(case: Broken) -> None:
    shop = Shop()
    case.make(shop)
    async with health(shop) as port:
        stage = Stage(replace(world(CATALOGUE), health=port))
        case_of = incident("frontend")
        report = await investigate(stage, case_of, COMMANDER)
        kept = await stage.kept(case_of)
    assert any(case.words[0] in one.summary for one in report.hypotheses)
    if case.kind in _LEFT or not case.service:
        return
    best = report.hypotheses[0]
    assert best.service in ({case.service} if case.kind not in _EVERYWHERE else {"frontend", "cart", "redis"})
    assert case.words[0] in best.summary
    assert [kept[one].tool for one in best.evidence] == ["probes"]


async def test_the_playbook_names_nothing_where_nothing_is_wrong() -> None:
    async with health(Shop()) as port:
        report = await investigate(
            Stage(replace(world(CATALOGUE), health=port)), incident("frontend"), COMMANDER
        )
    assert report.hypotheses == ()


async def test_a_kind_that_may_not_be_read_is_told_and_hides_no_other() -> None:
    shop = Shop(refuses=("nodes", "networkpolicies"))
    CASES["image_of_no_such_tag"].make(shop)
    with collect_gaps() as gaps:
        found = await probes(shop)
    assert [one.kind for one in found["cart"].findings if one.standing is Standing.CAUSE] == [FaultKind.IMAGE]
    (gap,) = set(gaps)
    assert gap.startswith("of namespace shop networkpolicies, nodes cannot be read: ")
    assert 'User "system:serviceaccount:ops:nexus" cannot list resource' in gap


async def test_events_of_the_newer_api_are_read_where_the_older_may_not_be() -> None:
    shop = Shop(refuses=("v1:events",))
    CASES["readiness_probe_of_a_wrong_path"].make(shop)
    with collect_gaps() as gaps:
        found = await probes(shop)
    assert gaps == []
    assert FaultKind.PROBE_WRONG in {one.kind for one in found["cart"].findings}


async def test_a_look_is_one_question_per_kind_in_pages_and_shared_by_the_services_of_a_namespace() -> None:
    shop = Shop(page=2)
    CASES["crash_of_the_main_container"].make(shop)
    with serving(shop) as server:
        said = {
            "kind": "kubernetes",
            "url": server.url,
            "namespace": "shop",
            "deployments": {"redis": "sts/redis"},
        }
        specs = Backends.model_validate({"health": [said]}).health
        port = LiveHealth(specs, CATALOGUE, Secrets({}), VirtualClock(NOW))
        found = {one.service: one for one in await port.probe()}
        await port.aclose()
        lists = [one for one in server.asked if "limit" in one.query]
        first = [one.path for one in lists if not one.one("continue")]
    assert any("PRICE_LIST" in one.told for one in found["cart"].findings)
    assert len(first) == len(set(first))
    assert len(server.asked) - len(lists) < 10
    assert not [one for one in server.asked if "secrets" in one.path]


def test_the_table_of_faults_has_each_kind_and_says_how_it_is_named() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    how = {kind.strip("`"): named for kind, _, _, named in rows}
    assert list(how) == list(dict.fromkeys(how))
    assert set(how) == set(FaultKind)
    tried = {case.kind for case in CASES.values()}
    assert {kind for kind, told in how.items() if told.startswith("by the playbook")} == tried - _LEFT
    assert {kind for kind, told in how.items() if told == "as a sign"} == tried & _LEFT
    assert {kind for kind, told in how.items() if told == "what follows"} == set(FaultKind) - tried
