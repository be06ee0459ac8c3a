"""Flags in a flagd file: switched in one step, by their variant for true or false."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.effects import carried_out
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord
from tools.live.actions.compose import LiveActions
from tools.live.actions.flags import FlagActions
from tools.live.secrets import Secrets
from tools.live.settings import Flags

CATALOGUE = Catalogue(services=(Service(name="shop"), Service(name="payment")))
KEY = "INC-1:A1:abcdef012345"
FLAGS: dict[str, Any] = {
    "$schema": "https://flagd.dev/schema/v0/flags.json",
    "flags": {
        "bundles": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"},
        "colour": {"state": "ENABLED", "variants": {"red": "#f00", "blue": "#00f"}, "defaultVariant": "red"},
        "old": {"state": "DISABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"},
        "queue": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off",
                  "targeting": {"if": [True, "on"]}},
        "secret": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"},
    },
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "flags.json"
    place.write_text(json.dumps(FLAGS))
    place.chmod(0o640)
    return place


@pytest.fixture
def actions(file: Path, tmp_path: Path) -> LiveActions:
    spec = Flags(
        kind="flags",
        file=file,
        services={"bundles": "shop", "colour": "shop", "old": "shop", "gone": "shop"},
        fallbacks={"payment": "queue"},
    )
    return LiveActions(
        [FlagActions(spec, Secrets({}), WallClock())], CATALOGUE, ActionLog(tmp_path / "ledger"), WallClock()
    )


def switch(flag: str, enabled: bool = False, service: str = "shop") -> Action:
    arguments = Arguments(flag=flag, enabled=enabled)
    return Action(kind=ActionKind.FEATURE_FLAG, service=service, arguments=arguments)


FALLBACK = Action(kind=ActionKind.FALLBACK, service="payment")


def written(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def now(file: Path, flag: str) -> str:
    return str(written(file)["flags"][flag]["defaultVariant"])


async def test_a_flag_is_switched_and_everything_else_stays(actions: LiveActions, file: Path) -> None:
    plan = await actions.plan(switch("bundles"))
    assert [(fact.name, fact.value) for fact in plan.observed] == [("flag bundles", "on")]
    assert plan.undo == switch("bundles", enabled=True)
    assert written(file) == FLAGS
    assert (await actions.execute(switch("bundles"), KEY, UNFENCED)).done
    assert now(file, "bundles") == "off"
    assert (await actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
    assert written(file) == FLAGS


def test_the_file_keeps_its_mode_and_nothing_is_left_beside_it(actions: LiveActions, file: Path) -> None:
    asyncio.run(actions.execute(switch("bundles"), KEY, UNFENCED))
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in file.parent.iterdir()) == [
        "flags.json",
        "ledger",
        "ledger.lock",
        "locks",
    ]


async def test_a_fallback_is_a_flag_that_is_switched_on(actions: LiveActions, file: Path) -> None:
    plan = await actions.plan(FALLBACK)
    assert "targeting rules" in plan.effects[1]
    assert plan.undo == switch("queue", service="payment")
    assert (await actions.execute(FALLBACK, KEY, UNFENCED)).done
    assert now(file, "queue") == "on"
    assert (await actions.execute(plan.undo, "INC-1:A2:x", UNFENCED)).done
    assert now(file, "queue") == "off"


async def test_after_a_kill_the_file_says_whether_it_was_done(
    actions: LiveActions, file: Path, tmp_path: Path
) -> None:
    deed = ActionRecord(key=KEY, plan=await actions.plan(switch("bundles")), begun=WallClock().now())
    ActionLog(tmp_path / "ledger").write(deed)
    assert await actions.status(KEY) is None
    await carried_out(actions, deed, tmp_path / "ledger")
    found = await actions.status(KEY)
    assert found is not None
    assert found.done
    assert await actions.execute(switch("bundles"), KEY, UNFENCED) == found


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (switch("secret"), "shop has no flag 'secret'; it has bundles, colour, old, gone"),
        (switch("bundles", service="payment"), "payment has no flag 'bundles'; it has queue"),
        (switch("colour"), "no single variant for False; its variants: red, blue"),
        (switch("old"), "not in the state ENABLED"),
        (switch("gone"), "has no flag 'gone' with variants"),
        (switch("bundles", enabled=True), "already on"),
        (
            FALLBACK.model_copy(update={"arguments": Arguments(flag="bundles")}),
            "the fallback of payment is flag queue",
        ),
    ],
)
async def test_what_is_not_in_the_inventory_is_refused(
    actions: LiveActions, file: Path, action: Action, why: str
) -> None:
    with pytest.raises(ActionRefused, match=why):
        await actions.execute(action, KEY, UNFENCED)
    assert written(file) == FLAGS


def replace(file: Path, content: str | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_text(content)


@pytest.mark.parametrize(
    ("content", "why"), [("{", "are no JSON"), ("[]", "no object `flags`"), (None, "No such file")]
)
async def test_a_file_that_is_none_is_a_sentence(
    actions: LiveActions, file: Path, content: str | None, why: str
) -> None:
    replace(file, content)
    with pytest.raises(ToolFailed, match=why):
        await actions.plan(switch("bundles"))
    with pytest.raises(ToolFailed, match=why):
        await actions.adapters[0].check()


async def test_the_inventory_has_the_flags_that_can_be_switched_and_how_they_stand(
    actions: LiveActions,
) -> None:
    shop, payment = await actions.inventory("shop"), await actions.inventory("payment")
    assert {one.name: one.on for one in shop.flags or ()} == {"bundles": True, "colour": None, "old": True}
    assert {one.name: one.on for one in payment.flags or ()} == {"queue": False}
    assert shop.instances is None
