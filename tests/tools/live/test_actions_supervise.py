"""systemd through systemctl, a supervisor that answers nonsense, and the ledger of what was begun."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from incidents.action import Action, ActionKind, Arguments, Observed, Plan
from incidents.catalogue import Catalogue, Service
from incidents.errors import ActionRefused, ToolFailed
from tests.tools.live.fakes.server import Answer, serving
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.actions.action_log import ActionLog, ActionRecord, FileRecords
from tools.live.actions.compose import LiveActions
from tools.live.actions.releases import ReleasesActions
from tools.live.actions.supervise import Supervisord, Systemd
from tools.live.settings import Releases

LIMIT = timedelta(seconds=5)
#: Behaves like systemctl as far as it is used; every call is written down.
SYSTEMCTL = """#!/bin/sh
here="$(dirname "$0")"
echo "$*" >> "$here/asked"
case "$1" in
  --version) echo "systemd 252 (252.38-1)";;
  restart) [ "$3" = denied.service ] && { echo "Access denied" >&2; exit 4; }; date +%s > "$here/at";;
  show) [ "$5" = gone.service ] && { echo LoadState=not-found; exit 0; }
    echo LoadState=loaded; echo ActiveState=active; echo "ActiveEnterTimestamp=@$(cat "$here/at")";;
esac
"""


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    (tmp_path / "at").write_text("1700000000")
    return Systemd(LIMIT, str(program))


def lay_out(root: Path) -> Path:
    for version in ("1.0", "2.0"):
        (root / "shop" / version).mkdir(parents=True)
    (root / "shop" / "current").symlink_to("2.0")
    log = '{"time": "2026-03-12T10:16:00Z", "id": "d1", "service": "shop", "kind": "deploy", '
    (root / "releases.log").write_text(log + '"version_from": "1.0", "version_to": "2.0"}\n')
    return root


async def test_units_are_restarted_and_cannot_be_scaled(systemd: Systemd, tmp_path: Path) -> None:
    said = {"kind": "releases", "root": lay_out(tmp_path / "root"), "services": ("shop",), "systemd": True}
    adapter = ReleasesActions(Releases.model_validate(said), WallClock(), manager=systemd)
    catalogue = Catalogue(services=(Service(name="shop"),))
    actions = LiveActions([adapter], catalogue, ActionLog(tmp_path / "ledger"), WallClock())
    back = Action(kind=ActionKind.ROLLBACK, service="shop", arguments=Arguments(version="1.0"))
    outcome = await actions.execute(back, "INC-1:A1:x", UNFENCED)
    assert outcome.done, outcome.detail
    assert "restart -- shop.service" in (tmp_path / "asked").read_text()
    more = Action(kind=ActionKind.SCALE, service="shop", arguments=Arguments(replicas=2))
    with pytest.raises(ActionRefused, match="it can be changed by restart, rollback"):
        await actions.plan(more)
    assert "systemd 252; shop 1.0 (1 instance)" in await adapter.check()
    await actions.aclose()


async def test_what_systemctl_refuses_is_a_sentence(systemd: Systemd) -> None:
    with pytest.raises(ToolFailed, match="systemctl restart failed: Access denied"):
        await systemd.restart("denied", lambda: None)
    with pytest.raises(ToolFailed, match=r"knows no unit gone\.service"):
        await systemd.members("gone")
    with pytest.raises(ToolFailed, match="systemctl cannot be started"):
        await Systemd(LIMIT, "/nowhere/systemctl").check()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer("<html>sign in</html>"), "answered no XML-RPC"),
        (Answer("not xml at all"), "answered no XML-RPC"),
        (Answer("Unauthorized", 401), "answered 401"),
        (Answer("<methodResponse><params><param><value><int>7</int></value></param></params></methodResponse>"),
         "unexpected form"),
        (Answer(b"<" * 1_000_000, repeat=50), "answered more than 8,000,000 bytes"),
    ],
)  # fmt: skip
async def test_a_supervisor_that_answers_nonsense_is_a_sentence(answer: Answer, why: str) -> None:
    with serving(lambda asked: answer) as server:
        manager = Supervisord(server.url, LIMIT)
        with pytest.raises(ToolFailed, match=why):
            await manager.members("shop")
        await manager.aclose()


async def test_a_supervisor_that_hangs_is_not_waited_for() -> None:
    at = threading.Event()
    with serving(lambda asked: Answer("late", wait=at)) as server:
        manager = Supervisord(server.url, timedelta(seconds=0.2))
        with pytest.raises(ToolFailed, match=r"does not answer: nothing within 0\.2 s"):
            await manager.members("shop")
        at.set()
        await manager.aclose()


def deed(key: str) -> ActionRecord:
    action = Action(kind=ActionKind.RESTART, service="shop")
    plan = Plan(action=action, observed=(Observed(name="running version", value="2.0"),), effects=("x",))
    return ActionRecord(key=key, plan=plan, begun=datetime(2026, 3, 12, tzinfo=UTC))


def test_a_torn_last_line_never_happened_and_is_written_over(tmp_path: Path) -> None:
    ledger = FileRecords(tmp_path / "new" / "ledger")
    assert ledger.find("a") is None
    ledger.write(deed("a"))
    with (tmp_path / "new" / "ledger").open("a") as file:
        file.write('{"key": "b", "pl')
    assert ledger.find("b") is None
    ledger.write(deed("c"))
    assert [one.key for one in ledger.deeds()] == ["a", "c"]


def test_a_ledger_that_is_damaged_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("garbage\n")
    with pytest.raises(ToolFailed, match="is damaged, not only at its end"):
        ActionLog(tmp_path / "ledger").find("a")


async def test_a_damaged_ledger_executes_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path / "root")
    (tmp_path / "ledger").write_bytes(b"\xff\n")
    catalogue = Catalogue(services=(Service(name="shop"),))
    actions = LiveActions([], catalogue, ActionLog(tmp_path / "ledger"), WallClock())
    with pytest.raises(ToolFailed, match="before a person has looked at it"):
        await actions.execute(Action(kind=ActionKind.RESTART, service="shop"), "k", UNFENCED)
