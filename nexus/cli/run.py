"""Verbs that drive incidents: demo, run, resume."""

import asyncio
import sys
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import AlertError, Refused, UsageError
from nexus.cli.base import (
    Engine,
    Json,
    all_of,
    asks,
    complain,
    home,
    log_to_stderr,
    mode_of,
    out,
    say,
    settings,
    write_json,
)
from nexus.cli.parser import Argument, Option, Verbs
from nexus.config.settings import EngineMode

if TYPE_CHECKING:
    from incidents.incident import Incident
    from nexus.home import Home

#: An alert file that is larger is not read into memory.
LARGEST_ALERT = 1_000_000

WAITS_FOR_PEOPLE = 3

DEMO = "shop-checkout-bad-release"


class Approve(StrEnum):
    """Who decides on what the agents propose."""

    ASK = "ask"
    ALL = "all"
    NONE = "none"


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"demo": demo, "run": run, "resume": resume}


def demo(
    yes: Annotated[bool, Option("--yes", help="Approve without asking.")] = False,
    engine: Engine = None,
    as_json: Json = False,
    page: Annotated[bool, Option("--open", help="End with its page in your browser, until Ctrl-C.")] = False,
) -> None:
    """Replay an incident that was recorded from a real shop with a bad release."""
    mode = mode_of(engine)
    if page and as_json:
        raise UsageError("--open shows a page to people: leave out --json")
    if not as_json:
        _introduce(mode)
    with resources.as_file(resources.files("demo") / "recording" / DEMO) as case:
        incident = _start(None, case, Approve.ALL if yes else Approve.ASK, mode, as_json)
        _finish(incident, as_json, shown_from=case if page else None)


def run(
    *,
    alert: Annotated[
        Path | None,
        Argument(
            metavar="ALERT", help="An Alertmanager webhook body or Nexus's JSON; none: the case's own alerts."
        ),
    ] = None,
    world: Annotated[
        Path | None, Option("--world", help="A recorded incident's folder; none: the live world.")
    ] = None,
    config: Annotated[
        Path | None, Option("--config", help="Of the live world; default: nexus.yaml here.")
    ] = None,
    approve: Annotated[Approve, Option("--approve", help="Who decides.")] = Approve.ASK,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Run one incident to its end: a recorded one on a virtual clock, or a live one."""
    mode = mode_of(engine)
    if world is not None:
        _finish(_start(alert, world, approve, mode, as_json), as_json)
    elif alert is not None:
        _finish(_live(alert, config, approve, mode, as_json), as_json)
    else:
        raise UsageError("Give --world with a recorded incident, or an alert file for the live world")


def resume(
    approve: Annotated[Approve, Option("--approve", help="Who decides.")] = Approve.ASK,
    as_json: Json = False,
) -> None:
    """Pick up every open incident of a recorded world; those of a live one are due at once for its server."""
    from nexus.service.commands import IncidentCommands
    from nexus.service.incident_view import view_incident
    from nexus.service.lists import IncidentFilter, ListQueries
    from nexus.service.undecided import UndecidedQueries

    left = 0
    with home(listing=as_json) as opened:
        queries = UndecidedQueries.of(opened)
        found = asyncio.run(all_of(ListQueries.of(opened).incidents(IncidentFilter(not_closed=True))))
        if not found and not as_json:
            say("Nothing to resume: no incident is open.")
        ended = []
        for one in reversed(found):
            if asyncio.run(queries.live_configuration(one.id)) is not None:
                asyncio.run(IncidentCommands.of(opened).wake(one.id))
                complain(f"{one.id} belongs to a live world and is due now: `nexus serve` goes on with it")
                continue
            try:
                ended.append(_drive(opened, one.id, approve, mode_of(one.engine), as_json))
            except Refused as error:
                complain(str(error))
                left += 1
        if as_json:
            write_json([asyncio.run(view_incident(opened, incident.id)) for incident in ended])
        else:
            for incident in ended:
                _conclude(opened, incident)
    if left:
        sys.exit(1)
    if any(incident.open for incident in ended):
        sys.exit(WAITS_FOR_PEOPLE)


def _introduce(mode: EngineMode) -> None:
    found = settings()
    if mode == "playbook" or not found.has_model:
        why = "as you asked" if mode == "playbook" else "no model is configured"
        text = f"The playbook speaks ({why}); to add a model, set NEXUS_LLM_BASE_URL and NEXUS_LLM_MODEL."
    else:
        named = found.llm_model or "that the endpoint names"
        text = f"The model {named} at {found.endpoint} speaks, with the playbook behind it."
    out().print(text, style="grey62", markup=False)


def _start(alert: Path | None, world: Path, approve: Approve, mode: EngineMode, as_json: bool) -> "Incident":
    from nexus.config.tracing import switch_on
    from nexus.runtime.recorded_run import open_recorded

    body = _body(alert) if alert is not None else None
    switch_on(settings())  # what cannot be used is told before an incident is opened
    with home(create=True) as opened:
        incident = asyncio.run(open_recorded(opened, world.resolve(), body, mode))
        if not as_json:
            out().print(f"{incident.id}  {incident.title}", style="bold", markup=False)
        return _drive(opened, incident.id, approve, mode, as_json)


def _live(alert: Path, config: Path | None, approve: Approve, mode: EngineMode, as_json: bool) -> "Incident":
    """One delivery to the live world, and what comes of it."""
    from nexus.cli.approver import approver
    from nexus.cli.live import hands_of, intake_of, site_of
    from nexus.service.approving import ask_about, left_by_the_agents

    log_to_stderr()
    body = _body(alert)
    path, site = site_of(config)
    if approve is Approve.ALL and site.people:
        raise Refused(
            f"--approve all signs for nobody in a live world with people ({path}): let them be asked "
            "(--approve ask), or let each decide with `nexus approve`"
        )

    async def go() -> "Incident":
        receipt = await intake_of(opened, site, path, mode).receive(body)
        if receipt.incident is None:
            raise UsageError(f"{alert} tells only the end of something that no open incident knows")
        mine = receipt.incident
        chosen = approver(approve.value, opened, asks(as_json))
        async with hands_of(opened, site, path, mode, quiet=as_json, only=frozenset({mine})):
            asked = asyncio.create_task(
                ask_about(opened, mine, chosen, opened.clock, lambda why: complain(str(why)))
            )
            try:
                await left_by_the_agents(opened, mine)
            finally:
                asked.cancel()
        return await opened.find(mine)

    with home(create=True, config=config) as opened:
        return asyncio.run(go())


def _body(alert: Path) -> bytes:
    if not alert.is_file():
        raise AlertError(f"{alert} is no file; give an alert body as JSON")
    size = alert.stat().st_size
    if size > LARGEST_ALERT:
        raise AlertError(f"{alert} has {size:,} bytes; an alert body has at most {LARGEST_ALERT:,}")
    return alert.read_bytes()


def _drive(opened: "Home", identity: str, approve: Approve, mode: EngineMode, quiet: bool) -> "Incident":
    from nexus.cli.approver import approver
    from nexus.cli.terminal.timeline import show_entry
    from nexus.runtime.announcer import RunListeners
    from nexus.runtime.engines import engine_of
    from nexus.runtime.wiring import drive_recorded

    log_to_stderr()
    listeners = RunListeners(
        entry=lambda entry: None if quiet else show_entry(out(), entry), message=lambda message: None
    )

    async def go() -> "Incident":
        chosen = approver(approve.value, opened, asks(quiet))
        return await drive_recorded(opened, identity, engine_of(settings(), mode), chosen, listeners)

    return asyncio.run(go())


def _finish(incident: "Incident", as_json: bool, shown_from: Path | None = None) -> None:
    """The last words of an incident; `shown_from`: its case, and its page is shown until Ctrl-C."""
    from nexus.service.incident_view import view_incident

    with home() as opened:
        if as_json:
            write_json(asyncio.run(view_incident(opened, incident.id)))
        else:
            _conclude(opened, incident)
        if shown_from is not None:
            from nexus.cli.trial import show_page

            show_page(opened, incident.id, shown_from)
    if incident.open:
        sys.exit(WAITS_FOR_PEOPLE)


def _conclude(opened: "Home", incident: "Incident") -> None:
    """The last lines: how it ended, where everything lies, what a person has to do."""
    console = out()
    console.print()
    if incident.in_peoples_hands:
        console.print(
            f"{incident.id} is in people's hands: {incident.end_reason.rstrip('.')}.\n"
            f"  nexus take {incident.id} --by NAME\n"
            f"  nexus changed {incident.id} --by NAME --service SERVICE --what WHAT\n"
            f"  nexus resolve {incident.id} --by NAME --note WHAT   (or give-back, false-alarm)\n"
            "then: nexus resume, or nexus serve in a live world",
            markup=False,
        )
        return
    if incident.open:
        for proposal in incident.pending:
            console.print(
                f"{incident.id} waits for a decision on {proposal.id}: {proposal.action.title}.\n"
                f"  nexus approve {incident.id} --by NAME\n"
                f"  nexus reject {incident.id} --by NAME --note WHY\n"
                "then: nexus resume",
                markup=False,
            )
        return
    console.print(f"{incident.id} {incident.status}: {incident.end_reason}", style="bold", markup=False)
    if incident.post_mortem:
        console.print(f"Post-mortem:  {incident.post_mortem}", markup=False)
    console.print(f"Everything:   {opened.folder.path(incident.id, '.')}", markup=False)
    console.print(f"Look again:   nexus show {incident.id}", markup=False)
