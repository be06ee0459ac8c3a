"""The shop's `nexus.yaml` as a game day writes it, before anything runs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from agents.playbook.diagnosis.faulty_commit import function_around
from demo.gameday.site import write_site
from demo.repository import BUG, SERVICE, bug_of, build
from nexus.config.site import load_site
from tools.live.code.wiring import live_code
from tools.live.settings import Command


class _Monitoring:
    """A monitoring that was never started: only what the configuration names of it."""

    def url(self, _program: str) -> str:
        return "http://127.0.0.1:9"

    def queries(self) -> dict[str, list[Any]]:
        return {"service": [], "edge": []}


async def test_the_history_of_the_sources_can_be_read_and_a_hotfix_is_deployed(tmp_path: Path) -> None:
    assert bug_of(build(tmp_path / "repositories" / SERVICE)) == BUG
    shop = SimpleNamespace(folder=tmp_path, url=lambda name, path="": f"http://127.0.0.1:9/{name}{path}")
    write_site(tmp_path / "nexus.yaml", cast("Any", shop), cast("Any", _Monitoring()))
    actions = load_site(tmp_path / "nexus.yaml").backends.actions
    code = live_code(actions)
    assert code is not None
    (line,) = (await code.search(SERVICE, "return Decimal(price)")).hits
    source = (await code.file(SERVICE, line.path)).lines
    first, last = function_around(source, line.line - 1)
    blamed = await code.blame(SERVICE, line.path, (first + 1, last + 1))
    assert blamed.commits[-1].id == BUG
    deploying = [one for one in actions if isinstance(one, Command) and one.action == "hotfix"]
    assert actions.index(deploying[0]) < [one.kind for one in actions].index("hotfix")
