"""`nexus drill`: what a bad day needs is tried without effect, and counts as plannable."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.store.audit import DeedKind
from nexus.store.records import WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.command_line import Terminal

FLAGS = {"flags": {"bundles": {"state": "ENABLED", "variants": {"on": True, "off": False},
                               "defaultVariant": "on"}}}  # fmt: skip
SHOP, WEB = "shop", "web"
NOW = datetime.now(UTC)


def change(service: str, kind: str, **known: str) -> str:
    at = (NOW - timedelta(hours=3)).isoformat()
    return json.dumps({"time": at, "id": f"{service}-{kind}", "service": service, "kind": kind, **known})


@pytest.fixture
def site(nexus: Terminal, tmp_path: Path) -> Mapping[str, object]:
    """A shop with a flag that was switched, a release that nothing rolls back, one way to tell people."""
    (tmp_path / "flags.json").write_text(json.dumps(FLAGS))
    log = tmp_path / "releases.log"
    lines = [
        change(SHOP, "flag", version_from="bundles=off", version_to="bundles=on"),
        change(WEB, "deploy", version_from="1.0", version_to="2.0"),
    ]
    log.write_text("".join(f"{line}\n" for line in lines))
    made = {
        "services": [{"name": name} for name in (SHOP, WEB, "db")],
        "backends": {
            "changes": [{"kind": "releases", "log": str(log)}],
            "actions": [
                {"kind": "flags", "file": str(tmp_path / "flags.json"), "services": {"bundles": SHOP}}
            ],
        },
        "notify": {"destinations": [{"name": "told", "kind": "file", "path": str(tmp_path / "told.jsonl")}]},
    }
    write(nexus, tmp_path, made)
    return made


def write(nexus: Terminal, folder: Path, site: Mapping[str, object]) -> None:
    (folder / "nexus.yaml").write_text(yaml.safe_dump(site))
    nexus.set("NEXUS_CONFIG", str(folder / "nexus.yaml"))


def test_each_thing_is_tried_without_effect_and_counts_as_plannable(
    nexus: Terminal, site: Mapping[str, object], tmp_path: Path
) -> None:
    typed = nexus("drill", "--by", "kim", "--json")
    told = json.loads(typed.out)
    steps = {step["tried"]: (step["passed"], step["said"]) for step in told["steps"]}
    assert steps["switch flag bundles of shop off"][0] is True
    assert "taken back by: switch flag bundles of shop on" in str(steps)
    assert steps["roll back web to 1.0"][0] is False
    assert "nothing is configured that can roll back web" in steps["roll back web to 1.0"][1]
    assert steps["the last change of db"][0] is None
    assert steps["Destinations"] == (True, "told (file)")
    assert steps["changes 1 (releases)"][0] is True
    assert typed.code == 1  # web cannot be rolled back
    assert json.loads((tmp_path / "flags.json").read_text()) == FLAGS
    assert not (tmp_path / "told.jsonl").exists()  # nobody was told
    lines = {line["service"]: line for line in json.loads(nexus("trust", "--json").out)}
    assert (lines[SHOP]["kind"], lines[SHOP]["plannable"], lines[SHOP]["proof"]) == (
        "feature_flag", True, None
    )  # fmt: skip
    assert lines[WEB]["plannable"] is False
    assert "plannable" in nexus("trust").out
    with open_home(Settings(home=nexus.home), create=True) as home:
        (row,) = asyncio.run(home.store.audit(kind=DeedKind.DRILL))
    assert (row.deed.person, row.deed.about, row.deed.said) == ("kim", told["id"], "failed")


def test_a_freeze_and_an_open_incident_are_no_calm_day(
    nexus: Terminal, site: Mapping[str, object], tmp_path: Path
) -> None:
    opened = sample.opened().evolve(alerts=(sample.alert().model_copy(update={"service": SHOP}),))

    async def keep() -> None:
        await home.store.register(opened, WorldRef(kind=WorldKind.LIVE, path="x"), sample.at(0))

    with open_home(Settings(home=nexus.home), create=True) as home:
        asyncio.run(keep())
    refused = nexus("drill", "--service", SHOP, "--by", "kim")
    assert (refused.code, f"no drill now: {opened.id} of shop is open" in refused.err) == (1, True)
    left = json.loads(nexus("drill", "--by", "kim", "--json").out)
    assert left["services"] == [WEB, "db"]
    freeze = {"reason": "sale", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}
    write(nexus, tmp_path, {**site, "freezes": [freeze]})
    frozen = nexus("drill", "--by", "kim")
    assert (frozen.code, "web is frozen: sale" in frozen.err) == (1, True)


def test_nothing_is_really_changed_where_that_is_not_declared(
    nexus: Terminal, site: Mapping[str, object]
) -> None:
    refused = nexus("drill", "--service", SHOP, "--really")
    assert refused.code == 1
    assert "shop is not declared for drills, nothing is really changed" in refused.err
    here = ["--service", SHOP]
    for words in (["--really"], [*here, "--digest", "abc"], [*here, "--really", "--json"]):
        assert nexus("drill", *words).code == 2


def test_a_service_that_is_not_there_is_named_with_the_nearest(
    nexus: Terminal, site: Mapping[str, object]
) -> None:
    typed = nexus("drill", "--service", "shopp", "--by", "kim")
    assert (typed.code, "shop" in typed.err) == (2, True)
