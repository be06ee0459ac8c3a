"""The verb `gameday`: break the shop for real and watch Nexus mend it."""

import asyncio
import json
import sys
import tempfile
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incidents.errors import NexusError, UnknownName, UsageError
from nexus.cli.base import Engine, Json, complain, log_to_stderr, mode_of, out, settings, write

if TYPE_CHECKING:
    from demo.gameday import Seen, Verdict


def register_gameday(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("gameday")(gameday)


def gameday(
    scenarios: Annotated[list[str] | None, typer.Argument(metavar="SCENARIO", help="See --list.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every scenario, one after the other.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="What can go wrong.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Approve without asking.")] = False,
    engine: Engine = None,
    as_json: Json = False,
    work: Annotated[Path | None, typer.Option("--work", help="Keep everything in this new folder.")] = None,
    record: Annotated[Path | None, typer.Option("--record", help="Keep each as a case here.")] = None,
) -> None:
    """Break a small real shop, let its alert fire, and run the incident live to its end (about 3 minutes)."""
    from demo.scenarios import SCENARIOS

    if listed:
        _list(as_json)
        return
    chosen = list(SCENARIOS) if everything else list(scenarios or ())
    if not chosen:
        raise UsageError("Name a scenario, or take --all; --list shows them")
    for name in chosen:
        if name not in SCENARIOS:
            raise UnknownName("scenario", name, SCENARIOS)
    if work is not None and work.exists():
        raise UsageError(f"{work} is there already; name a new folder")
    log_to_stderr()
    place = nullcontext(str(work)) if work else tempfile.TemporaryDirectory(prefix="gameday-")
    with place as folder:
        held = partial(_hold, Path(folder).resolve(), record, yes, mode_of(engine), as_json)
        told = [held(name) for name in chosen]
        if as_json:
            rows = [{"seen": s.model_dump(mode="json"), "verdict": _row(v)} for s, v in told]
            write(json.dumps(rows, indent=2))
        else:
            from demo.gameday.show import table

            write(table(told))
    if not all(verdict.right for _, verdict in told):
        sys.exit(1)


def _list(as_json: bool) -> None:
    from demo.scenarios import SCENARIOS

    if as_json:
        rows = [{"id": s.id, "title": s.title, "severity": s.truth.severity} for s in SCENARIOS.values()]
        write(json.dumps(rows, indent=2))
        return
    for one in SCENARIOS.values():
        out().print(f"{one.id:28} {one.truth.severity}  {one.title}", markup=False)


def _row(verdict: "Verdict") -> dict[str, object]:
    return verdict.model_dump(mode="json") | {"right": verdict.right}


def _hold(
    folder: Path, record: Path | None, yes: bool, mode: str, quiet: bool, name: str
) -> "tuple[Seen, Verdict]":
    """One scenario in a store of its own."""
    from demo.gameday import GameDay, judged
    from demo.gameday.site import write_runbook
    from demo.monitoring.stack import MonitoringMissingError, require_programs
    from demo.processes import NotReadyError
    from demo.scenarios import SCENARIOS
    from nexus.cli.approve import approver
    from nexus.engines import engine_of
    from nexus.house import open_house
    from nexus.render.timeline import show_entry

    try:
        require_programs()
    except MonitoringMissingError as error:
        raise NexusError(str(error)) from None
    home = folder / name
    home.mkdir(parents=True)
    write_runbook(home / "runbook.yaml")
    own = settings().model_copy(update={"home": home / "nexus", "runbook": home / "runbook.yaml"})
    house = open_house(own, create=True)
    day = GameDay(
        scenario=SCENARIOS[name],
        house=house,
        engine=lambda: engine_of(own, mode_of(mode)),
        mode=mode,
        approver=approver("all" if yes else "ask", house),
        work=home / "run",
        say=lambda line: None if quiet else out().print(f"▸ {line}", style="bold cyan", markup=False),
        tell=lambda entry: None if quiet else show_entry(out(), entry),
        record=record.resolve() if record else None,
    )
    try:
        seen, incident = asyncio.run(day.hold())
    except NotReadyError as error:
        complain(f"{name}: the game day itself failed: {error}")
        raise NexusError(f"{name} was not held") from error
    finally:
        house.store.close()
    return seen, judged(name, SCENARIOS[name].truth, incident)
