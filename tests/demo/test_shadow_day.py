"""A game day in shadow: what its site says, and what its table tells of the person who mended the shop."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from demo.gameday.show import table
from demo.gameday.site import write_site
from demo.gameday.verdict import Seen, judged
from demo.scenarios import SCENARIOS
from incidents.changes import Change, ChangeKind, Deed, WhatPeopleDid
from nexus.config.site import load_site
from tests.demo.test_site import _Monitoring

FAULT = datetime(2026, 12, 1, 10, 58, tzinfo=UTC)


@pytest.mark.parametrize("shadow", [True, False])
def test_the_whole_shop_is_in_shadow(tmp_path: Path, shadow: bool) -> None:
    shop = SimpleNamespace(folder=tmp_path, url=lambda name, path="": f"http://127.0.0.1:9/{name}{path}")
    write_site(tmp_path / "nexus.yaml", cast("Any", shop), cast("Any", _Monitoring()), shadow=shadow)
    assert load_site(tmp_path / "nexus.yaml").shadow.covers("checkout") is shadow


def test_what_the_person_did_stands_below_the_table() -> None:
    stood = FAULT + timedelta(seconds=10)
    change = Change(
        time=stood + timedelta(seconds=20), id="c2", service="payment", kind=ChangeKind.FLAG, summary="off"
    )
    did = WhatPeopleDid(deed=Deed.SAME, change=change, at=change.time)
    seen = Seen(
        scenario="shop-red-herring",
        fault=FAULT,
        alert=FAULT + timedelta(seconds=6),
        proposal=stood,
        people=did,
    )
    told = table([(seen, judged("shop-red-herring", SCENARIOS["shop-red-herring"].truth, None))])
    assert "alert to proposal 4.0 s" in told
    assert "people made the same change 20s later" in told
