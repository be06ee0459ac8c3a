"""War rooms to try: of a shop that breaks, and of what was replayed."""

import asyncio
import logging
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from incidents.errors import NexusError, UsageError
from nexus.cli.base import environment, out, say, settings
from nexus.config.settings import EngineMode

if TYPE_CHECKING:
    from nexus.home import Home
    from nexus.service.intake import AlertIntake
    from nexus.service.metrics import ServerMetrics

#: What goes wrong while somebody looks.
SCENARIO = "shop-checkout-bad-release"


def serve_demo(host: str, port: int, mode: EngineMode) -> None:
    """Start the shop, a game day and the war room, until Ctrl-C.

    Raises:
        UsageError: other machines could reach it, or something that it needs is not installed.
        NexusError: the shop or its monitoring does not do what it should.
    """
    from demo.gameday.site import write_runbook
    from demo.gameday.war_room import WarRoomDay
    from demo.monitoring.stack import MonitoringMissingError, require_programs
    from demo.processes import NotReadyError
    from demo.scenarios import SCENARIOS
    from nexus.cli.terminal.timeline import show_entry
    from nexus.home import open_home
    from nexus.runtime.engines import engine_of
    from nexus.server.listening import is_of_this_machine, listen
    from tools.extras import install_command, missing_extras

    if not is_of_this_machine(host):
        raise UsageError(f"--host {host}: the demo lets in whoever reaches it; only this machine may")
    if missing_extras(["shop"]):
        raise UsageError(
            f"The shop needs the extra `shop`, which is not installed; {install_command('shop')}"
        )
    try:
        require_programs()
    except MonitoringMissingError as error:
        raise NexusError(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="nexus-demo-") as kept, listen(host, port) as sock:
        folder = Path(kept).resolve()
        write_runbook(folder / "runbook.yaml")
        own = settings().model_copy(update={"home": folder / "home", "runbook": folder / "runbook.yaml"})
        with open_home(own, create=True) as home:
            day = WarRoomDay(
                scenario=SCENARIOS[SCENARIO],
                home=home,
                engine=lambda: engine_of(own, mode),
                mode=mode,
                work=folder / "run",
                say=_say,
                tell=lambda entry: show_entry(out(), entry),
            )
            try:
                asyncio.run(day.hold(sock))
            except NotReadyError as error:
                raise NexusError(f"the shop was not held up: {error}") from None


def show_page(home: "Home", incident: str, case: Path) -> None:
    """Offer the page of an incident that was replayed: print the way, open a browser where there is one.

    Whoever looks changes nothing: a home may hold more than this incident.

    Args:
        home: that holds it.
        incident: its id.
        case: whose services these are.
    """
    from incidents.access import AccessRole
    from nexus.config.logs import log_plainly
    from nexus.server.listening import listen
    from nexus.server.trial import trial_site, you
    from nexus.service.intake import AlertIntake
    from nexus.service.metrics import ServerMetrics
    from tools.recorded import open_case

    log_plainly(logging.ERROR)  # what a server tells of its work is nothing for who looks at one page
    viewer = you(AccessRole.VIEWER)
    with tempfile.TemporaryDirectory(prefix="nexus-page-") as kept, listen("127.0.0.1", 0) as sock:
        path = Path(kept).resolve() / "nexus.yaml"
        site = trial_site(path, open_case(case).catalogue.services, viewer)
        intake = AlertIntake(home=home, site=site, path=path, mode="playbook", clock=home.clock)
        asyncio.run(_shown(intake, ServerMetrics.of(site), sock, f"/incidents/{incident}"))


async def _shown(intake: "AlertIntake", metrics: "ServerMetrics", sock: socket.socket, page: str) -> None:
    from nexus.server.trial import Trial, interrupted

    trial = Trial.of(intake, None, metrics)
    link = trial.link(sock, page)
    with interrupted() as ended:
        say(f"Its page:     {link}\n(logged in by a link that counts once; Ctrl-C ends the page)")
        browser = asyncio.create_task(asyncio.to_thread(_open_browser, link))
        await trial.serve(sock, ended)
        await browser


def _open_browser(link: str) -> None:
    """Where there is a screen; one that fills the terminal is none."""
    import webbrowser

    if sys.platform in {"darwin", "win32"} or {"BROWSER", "DISPLAY", "WAYLAND_DISPLAY"} & set(environment()):
        webbrowser.open(link)


def _say(line: str) -> None:
    out().print(f"▸ {line}", style="bold cyan", markup=False)
