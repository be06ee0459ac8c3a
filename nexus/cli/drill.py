"""The verb that tries, on a calm day, what a bad day would need."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import Json, environment, home, log_to_stderr, out, say, write_json
from nexus.cli.commands import By
from nexus.cli.live import Config
from nexus.cli.parser import Option, Verbs

if TYPE_CHECKING:
    from rich.text import Text

    from incidents.drill import Drill, DrillStep

_MARKS = {True: ("ok", "green"), False: ("failed", "red"), None: ("-", "grey62")}


def verbs() -> Verbs:
    """The verb of this module."""
    return {"drill": drill}


def drill(
    service: Annotated[
        str | None, Option("--service", help="Whose last change; none: that of every calm service.")
    ] = None,
    by: By = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Try without effect what a bad day needs: undos, rollbacks, ways to reach people, backends."""
    from nexus.cli.live import site_of
    from nexus.cli.signing import one_of
    from nexus.service.drilling import Drilling
    from nexus.service.identity import People
    from tools.live.secrets import Secrets

    log_to_stderr()
    with home(create=True, config=config) as opened:
        path, site = site_of(config)
        actor = one_of(People.of(site, Secrets(environment())) or None, by)
        done = asyncio.run(Drilling(opened, site, path).run(actor, service))
    if as_json:
        write_json(done)
    else:
        _tell(done)
    if not done.passed:
        sys.exit(1)


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
    say(f"{done.id}: {told}; nothing was changed and nobody was told. `nexus trust` counts it.")


def _row(step: "DrillStep") -> "tuple[Text | str, ...]":
    from rich.text import Text

    from nexus.sanitize import line

    mark, style = _MARKS[step.passed]
    return Text(mark, style=style), Text(line(step.tried)), Text(line(step.said)), f"{step.seconds:.1f}"
