"""Who may have a change really made, where, and by which digest; on live backends and a virtual clock."""

import asyncio
import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from incidents.action import ActionState
from incidents.actor import Actor, Via
from incidents.drill import Drill
from incidents.errors import Refused
from incidents.verification import Recovery
from nexus.config.settings import Settings
from nexus.config.site import load_site
from nexus.home import Home, open_home
from nexus.service.drill_really import RealDrill
from nexus.service.drilling import Drilling
from nexus.service.proofs import ProofQueries
from nexus.store.audit import DeedKind
from tests.tools.live.fakes.server import Answer, Asked, serving, told
from tools.clock import VirtualClock

NOW = datetime.now(UTC)
FLAGS = {"flags": {"bundles": {"state": "ENABLED", "variants": {"on": True, "off": False},
                               "defaultVariant": "on"}}}  # fmt: skip
DANA = Actor.named("dana", Via.CLI)
DAILY = {"reason": "sale", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}


def metrics(asked: Asked) -> Answer:
    """Prometheus' API: hardly any request to the shop fails, at whatever time."""
    start, end, step = (float(asked.one(part, "1")) for part in ("start", "end", "step"))
    moments = [start + n * step for n in range(math.floor((end - start) / step) + 1)]
    values = [[at, str(0.001 * (1 + 0.05 * math.sin(at)))] for at in moments]
    found = [{"metric": {"service": "shop", "instance": "shop-1"}, "values": values}]
    return told({"status": "success", "data": {"resultType": "matrix", "result": found}})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[dict[str, Any]]:
    (tmp_path / "flags.json").write_text(json.dumps(FLAGS))
    line = {
        "time": (NOW - timedelta(hours=3)).isoformat(), "id": "c1", "service": "shop", "kind": "flag",
        "version_from": "bundles=off", "version_to": "bundles=on",
    }  # fmt: skip
    (tmp_path / "releases.log").write_text(json.dumps(line) + "\n")
    with serving(metrics) as server:
        yield {
            "services": [{"name": "shop", "user_facing": True}, {"name": "web"}],
            "drills": [{"service": "shop", "stands_for": ["web"]}],
            "backends": {
                "metrics": {
                    "kind": "prometheus", "url": server.url,
                    "series": [{"metric": "error_ratio", "unit": "ratio", "query": "error_ratio"}],
                },
                "changes": [{"kind": "releases", "log": str(tmp_path / "releases.log")}],
                "actions": [
                    {"kind": "flags", "file": str(tmp_path / "flags.json"), "services": {"bundles": "shop"}}
                ],
            },
        }  # fmt: skip


def door(home: Home, folder: Path, site: Mapping[str, object]) -> RealDrill:
    path, clock = folder / "nexus.yaml", VirtualClock(datetime.now(UTC))
    path.write_text(yaml.safe_dump(site))

    async def pause(span: timedelta) -> None:
        clock.advance(span)

    return RealDrill(Drilling(home, load_site(path), path), clock, pause)


def switched(folder: Path) -> str:
    return str(json.loads((folder / "flags.json").read_text())["flags"]["bundles"]["defaultVariant"])


def test_what_was_signed_is_made_taken_back_and_proves_the_undo(tmp_path: Path, site: dict[str, Any]) -> None:
    with open_home(Settings(home=tmp_path / "home"), create=True) as home:
        at = door(home, tmp_path, site)

        async def drilled() -> None:
            shown = await at.offered("shop")
            assert shown.action.title == "switch flag bundles of shop off"
            with pytest.raises(Refused, match=r"the digest abc is not that of A1.*nothing was begun"):
                await at.run(DANA, "shop", "abc")
            assert await home.store.drills(None, at.clock.now() - timedelta(days=1)) == ()
            done = await at.run(DANA, "shop", shown.digest)
            assert done.passed, done.steps
            assert done.change is not None
            assert [one.by for one in done.change.approvals] == ["dana"]
            assert switched(tmp_path) == "on"  # as it was
            kind = shown.action.kind
            (proof,) = await ProofQueries.of(home).proofs("web", kind, at.clock.now())
            assert (proof.source, proof.seen) == (done.id, Recovery.RECOVERED)
            rows = await home.store.audit(kind=DeedKind.DRILL)
            assert [(row.deed.said, row.deed.digest) for row in rows] == [
                ("approve", shown.digest), ("passed", ""),
            ]  # fmt: skip

        asyncio.run(drilled())


def test_nothing_is_begun_where_it_is_not_declared_frozen_or_needs_a_second_person(
    tmp_path: Path, site: dict[str, Any]
) -> None:
    def refused(why: str, service: str = "shop", **changed: object) -> None:
        async def tried() -> None:
            at = door(home, tmp_path, site)
            digest = (await at.offered("shop")).digest
            at = door(home, tmp_path, {**site, **changed})
            with pytest.raises(Refused, match=why):
                await at.run(DANA, service, digest)

        asyncio.run(tried())

    with open_home(Settings(home=tmp_path / "home"), create=True) as home:
        refused("web is not declared for drills", service="web")
        refused("shop is frozen: sale", freezes=[DAILY])
        refused("it takes 2 people", approval={"rules": [{"approvers": 2}]})
        refused("nothing measures shop", backends={**site["backends"], "metrics": None})
        assert asyncio.run(home.store.drills(None, NOW - timedelta(days=1))) == ()
    assert switched(tmp_path) == "on"


def test_what_was_signed_and_never_begun_is_not_begun_later(tmp_path: Path, site: dict[str, Any]) -> None:
    async def tried() -> None:
        at = door(home, tmp_path, site)
        shown = await at.offered("shop")
        signed = shown.model_copy(update={"state": ActionState.EXECUTING})
        cut = Drill(
            id=shown.incident, site="default", at=at.clock.now(), by="kim", services=("shop",), steps=(),
            change=signed,
        )  # fmt: skip
        await home.store.keep_drill(cut)
        with pytest.raises(Refused, match="the digest abc is not that of A1"):
            await at.run(DANA, "shop", "abc")
        (over,) = await home.store.drills(None, NOW - timedelta(days=1))
        assert not over.unfinished
        assert over.change is not None
        assert over.change.state is ActionState.FAILED

    with open_home(Settings(home=tmp_path / "home"), create=True) as home:
        asyncio.run(tried())
    assert switched(tmp_path) == "on"
