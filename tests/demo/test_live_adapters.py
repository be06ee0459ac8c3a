"""The live adapters act on the running shop: what README.md promises them holds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import HttpUrl

from demo.catalogue import CATALOGUE, DEPLOYED
from demo.launcher import FLAG_OWNERS, Shop
from demo.provider import set_down
from demo.scenarios.model import restart, rollback, scale, simply
from incidents.action import ActionKind
from incidents.catalogue import Catalogue, Service
from tests.demo.needs import SHOP
from tests.demo.shopping import accepted_order, order
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog
from tools.live.actions.compose import LiveActions
from tools.live.actions.flags import FlagActions
from tools.live.actions.releases import ReleasesActions
from tools.live.changes.releases import read_log
from tools.live.secrets import Secrets
from tools.live.settings import Flags, Releases

pytestmark = SHOP


@pytest.fixture
async def actions(tmp_path: Path) -> AsyncIterator[tuple[Shop, LiveActions]]:
    clock = WallClock()
    with Shop(tmp_path / "shop") as shop:
        releases = Releases(
            kind="releases",
            root=shop.folder / "releases",
            services=tuple(DEPLOYED),
            supervisor=str(shop.folder / "supervisor.sock"),
            health={name: HttpUrl(shop.url(name, "/health")) for name in DEPLOYED},
        )
        flags = Flags(
            kind="flags",
            file=shop.folder / "flags.json",
            services=dict(FLAG_OWNERS),
            fallbacks={"payment": "payment_fallback"},
        )
        catalogue = Catalogue(services=tuple(Service(name=entry.name) for entry in CATALOGUE))
        live = LiveActions(
            [
                ReleasesActions(releases, clock, pause=timedelta(seconds=0.05)),
                FlagActions(flags, Secrets({}), clock),
            ],
            catalogue,
            ActionLog(tmp_path / "ledger.jsonl"),
            clock,
        )
        yield shop, live
        await live.aclose()


async def test_they_roll_back_scale_restart_and_fall_back(actions: tuple[Shop, LiveActions]) -> None:
    shop, live = actions
    shop.deploy("checkout", "2026.11.2")
    set_down(shop.folder, True)
    assert order(shop, 3, 8).status == 502

    done = [
        await live.execute(rollback("checkout", "2026.11.1"), "INC-1:A1:0", UNFENCED),
        await live.execute(simply(ActionKind.FALLBACK, "payment"), "INC-1:A2:0", UNFENCED),
        await live.execute(scale("catalogue", 2), "INC-1:A3:0", UNFENCED),
        await live.execute(restart("catalogue"), "INC-1:A4:0", UNFENCED),
    ]

    assert all(outcome.done for outcome in done), done
    accepted_order(shop, 3, 8)
    assert shop.running_version("checkout") == "2026.11.1"
    assert shop.supervisor.members("catalogue") == ["catalogue:catalogue_00", "catalogue:catalogue_01"]
    # Both sides read what the other wrote.
    assert [change.id for change in shop.log.changes()] == [
        change.id for change in read_log(shop.folder / "releases" / "releases.log")
    ]
