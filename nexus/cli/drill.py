"""The verb that tries, on a calm day, what a bad day would need."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import Json, environment, home, log_to_stderr, out, say, write_json
from nexus.cli.commands import By
from nexus.cli.live import Config
from nexus.cli.parser import Option, Verbs

if TYPE_CHECKING:
    from datetime import timedelta

    from rich.text import Text

    from incidents.action import Proposal
    from incidents.drill import Drill, DrillStep

_MARKS = {True: ("ok", "green"), False: ("failed", "red"), None: ("-", "grey62")}


def verbs() -> Verbs:
    """The verb of this module."""
    return {"drill": drill}


def drill(
    service: Annotated[
        str | None, Option("--service", help="Whose last change; none: that of every calm service.")
    ] = None,
    really: Annotated[
        bool, Option("--really", help="On a target of nexus.yaml's `drills`: make a change and take it back.")
    ] = False,
    digest: Annotated[
        str | None, Option("--digest", help="What you sign, as --really showed it; then it begins.")
    ] = None,
    by: By = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Try without effect what a bad day needs: undos, rollbacks, ways to reach people, backends."""
    from incidents.action import Verdict
    from nexus.cli.live import site_of
    from nexus.cli.signing import one_of
    from nexus.service.drill_really import RealDrill
    from nexus.service.drilling import Drilling
    from nexus.service.identity import People
    from tools.live.secrets import Secrets

    if really and service is None:
        raise UsageError("Say where it may really act: --service NAME, one of nexus.yaml's `drills`")
    if (digest is not None and not really) or (really and digest is None and as_json):
        raise UsageError("--digest goes with --really, which shows it in words first")
    log_to_stderr()
    with home(create=True, config=config) as opened:
        path, site = site_of(config)
        drilling, people = Drilling(opened, site, path), People.of(site, Secrets(environment())) or None
        if really and service is not None:
            if digest is None:
                _offer(asyncio.run(RealDrill(drilling, opened.clock, _sleep).offered(service)), service)
                return
            actor = one_of(people, by, Verdict.APPROVE)
            done = asyncio.run(RealDrill(drilling, opened.clock, _sleep).run(actor, service, digest))
        else:
            done = asyncio.run(drilling.run(one_of(people, by), service))
    if as_json:
        write_json(done)
    else:
        _tell(done)
    if not done.passed:
        sys.exit(1)


async def _sleep(span: "timedelta") -> None:
    await asyncio.sleep(span.total_seconds())


def _offer(proposal: "Proposal", service: str) -> None:
    plan, undo = proposal.plan, proposal.plan.undo
    for effect in plan.effects:
        say(f"  {effect}")
    say(f"{plan.action.title}, watched, then taken back: {undo.title if undo is not None else ''}")
    say(f"Digest {proposal.digest}")
    say(f"Sign it: nexus drill --service {service} --really --digest {proposal.digest} --by NAME")


def _tell(done: "Drill") -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in ("", "what was tried", "what came", "s"):
        table.add_column(name, overflow="fold", justify="right" if name == "s" else "left")
    for step in done.steps:
        table.add_row(*_row(step))
    out().print(table)
    failed = sum(step.passed is False for step in done.steps)
    tried = sum(step.passed is not None for step in done.steps)
    told = f"{failed} of {tried} failed" if failed else f"all {tried} passed"
    ended = "nothing was changed and nobody was told" if done.change is None else _ended(done)
    say(f"{done.id}: {told}; {ended}. `nexus trust` counts it.")


def _ended(done: "Drill") -> str:
    undone = done.undo is not None and done.undo.outcome is not None and done.undo.outcome.done
    return "it was taken back" if undone else "LOOK AT IT: what was changed is not known to be taken back"


def _row(step: "DrillStep") -> "tuple[Text | str, ...]":
    from rich.text import Text

    from nexus.sanitize import line

    mark, style = _MARKS[step.passed]
    return Text(mark, style=style), Text(line(step.tried)), Text(line(step.said)), f"{step.seconds:.1f}"
