"""A tool of an MCP server in a whole incident: proposed, signed, changed meanwhile, signed again, called."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from incidents.action import ActionState, Verdict
from incidents.events import Event
from incidents.incident import Incident
from tests.conformance.benches import SECRETS, ops
from tests.graph.harness import Bench, bench, incident
from tests.graph.test_incidents import decide
from tests.graph.worlds import CATALOGUE
from tests.tools.live.fakes.mcp_http import over_http
from tests.tools.live.fakes.server import serving
from tools.live.actions import live_actions
from tools.live.settings import Backends

pytest.importorskip("mcp", reason="the extra `mcp` is not installed")


def over(url: str, folder: Path) -> Bench:
    """The graph on twins, apart from what it changes the world with."""
    told = ops(folder, url=url)
    told["actions"] = [one | {"services": ["checkout"]} for one in told["actions"]]  # type: ignore[attr-defined]
    servers = Backends.model_validate({"mcp": [told]}).mcp
    at = bench()
    port = live_actions((), CATALOGUE, SECRETS, at.people.clock, folder / "ledger", servers)
    at.deps = replace(at.deps, world=replace(at.deps.world, actions=port))
    return at


async def test_what_changed_after_the_signature_is_signed_again_and_called_once(tmp_path: Path) -> None:
    signed = decide(Verdict.APPROVE)

    def decides(now_is: Incident, now: datetime) -> Event | None:
        (tmp_path / "mode").write_text("drift")  # while somebody thinks
        return signed(now_is, now)

    with serving(over_http(tmp_path)) as server:
        at = over(f"{server.url}/mcp", tmp_path)
        at.people.decides = decides
        ended = await at.run(incident())
    drifted, done = ended.proposals
    assert (drifted.state, done.state) == (ActionState.DRIFTED, ActionState.DONE)
    told = "\n".join(await at.told())
    assert "definition of roll_out=" in told
    called = [line for line in (tmp_path / "called").read_text().splitlines() if line.startswith("roll_out")]
    assert len(called) == 1
    assert done.execution_key in called[0]
