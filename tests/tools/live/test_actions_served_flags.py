"""A flag is switched once it is served so: a file of flags, and a server by others that gives them out."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from fastapi import FastAPI

from demo.processes import free_port, wait_for
from incidents.action import Action, ActionKind, Arguments
from incidents.catalogue import Catalogue, Service
from incidents.errors import ToolFailed
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import serving, told
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog
from tools.live.actions.compose import LiveActions
from tools.live.actions.flags import FlagActions
from tools.live.secrets import Secrets
from tools.live.settings import Flags

KEY = "INC-1:A1:abcdef012345"
FLAGS: dict[str, Any] = {
    "bundles": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"},
    "beta": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on",
             "targeting": {"if": [{"==": [{"var": "targetingKey"}, "nexus"]}, "on", None]}},
}  # fmt: skip


class FlagsOfFile:
    """Where the server gets its flags: the file as it is, or as it was when it was read once."""

    def __init__(self, file: Path, *, once: bool) -> None:
        self._file = file
        self._kept = file.read_text() if once else None

    async def list_all(self) -> list[Any]:
        core = pytest.importorskip("fast_feature.core", reason="fast-feature-ofrep is not installed")
        found = json.loads(self._kept or self._file.read_text())["flags"]
        return [
            core.Flag(
                key=key, variants=flag["variants"], default_variant=flag["defaultVariant"],
                targeting=flag.get("targeting"),
            )
            for key, flag in found.items()
        ]  # fmt: skip

    async def get(self, key: str) -> Any:
        return next((flag for flag in await self.list_all() if flag.key == key), None)


@contextmanager
def served(file: Path, *, once: bool = False) -> Iterator[str]:
    """The address of a running server of that file's flags (fast-feature 0.0.2)."""
    ofrep = pytest.importorskip("fast_feature.ofrep", reason="fast-feature-ofrep is not installed")
    app = FastAPI()
    app.include_router(ofrep.OfrepRouter.build(cast("Any", FlagsOfFile(file, once=once))))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for("the server of flags", lambda: server.started or None, seconds=PATIENCE)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "flags.json"
    place.write_text(json.dumps({"flags": FLAGS}))
    return place


def with_one_more(file: Path) -> Callable[[], bool]:
    """Write a flag `new` into the file; tells whether the file is as it was then."""
    text = json.dumps({"flags": FLAGS | {"new": FLAGS["bundles"]}})
    file.write_text(text)
    return lambda: file.read_text() == text


def adapter(file: Path, url: str, *more: str, **server: object) -> FlagActions:
    spec = Flags.model_validate(
        {"kind": "flags", "file": file, "services": dict.fromkeys(("bundles", "beta", *more), "shop"),
         "served": {"url": url, "patience": "1s", **server}}
    )  # fmt: skip
    return FlagActions(spec, Secrets({}), WallClock(), pause=timedelta(seconds=0.01))


def actions(file: Path, made: FlagActions, tmp_path: Path) -> LiveActions:
    catalogue = Catalogue(services=(Service(name="shop"),))
    return LiveActions([made], catalogue, ActionLog(tmp_path / "ledger"), WallClock())


def off(flag: str) -> Action:
    arguments = Arguments(flag=flag, enabled=False)
    return Action(kind=ActionKind.FEATURE_FLAG, service="shop", arguments=arguments)


async def test_a_switch_is_done_once_it_is_served(file: Path, tmp_path: Path) -> None:
    with served(file) as url:
        port = actions(file, adapter(file, url), tmp_path)
        plan = await port.plan(off("bundles"))
        outcome = await port.execute(off("bundles"), KEY, UNFENCED)
        await port.aclose()
    assert f"served now at {url}: on" in plan.effects
    assert (outcome.done, outcome.detail) == (True, "flag bundles is off, and is served as off")


async def test_a_file_that_nobody_reads_switches_nothing(file: Path, tmp_path: Path) -> None:
    with served(file, once=True) as url:
        port = actions(file, adapter(file, url), tmp_path)
        outcome = await port.execute(off("bundles"), KEY, UNFENCED)
        await port.aclose()
    assert not outcome.done
    assert outcome.detail.startswith(
        f"flag bundles is off in flags.json, and {url} still serves on after 1 s; to take it back: switch"
    )


async def test_who_a_rule_decides_for_is_not_switched_and_the_others_are(file: Path, tmp_path: Path) -> None:
    with served(file) as url:
        port = actions(file, adapter(file, url), tmp_path)
        outcome = await port.execute(off("beta"), KEY, UNFENCED)
        await port.aclose()
        assert not outcome.done
        assert "still serves on, which a targeting rule decides after 1 s" in outcome.detail
        others = adapter(file, url, context={"targetingKey": "a customer"})
        said = await others.check()
        await others.aclose()
    assert said.endswith(f"{url} serves bundles on, beta off")


async def test_a_flag_that_is_not_served_cannot_be_switched(file: Path, tmp_path: Path) -> None:
    with served(file, once=True) as url:
        written = with_one_more(file)
        port = actions(file, adapter(file, url, "new"), tmp_path)
        with pytest.raises(ToolFailed, match=f"what serves flags at {url} knows no flag new"):
            await port.plan(off("new"))
        await port.aclose()
    assert written()


async def test_a_server_that_tells_no_variant_is_judged_by_the_value(file: Path, tmp_path: Path) -> None:
    """OFREP lets `variant` and `reason` out (a server of our own, by the protocol's document)."""
    with serving(lambda _: told({"key": "bundles", "value": False})) as server:
        port = actions(file, adapter(file, server.url), tmp_path)
        outcome = await port.execute(off("bundles"), KEY, UNFENCED)
        await port.aclose()
    assert (outcome.done, outcome.detail) == (True, "flag bundles is off, and is served as False")
