"""The verb that says how far the agents' proposals can be trusted, as people judged them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import Json, answered, home, out, say, write_json
from nexus.cli.parser import Option, Verbs
from nexus.cli.seeing import unseen

if TYPE_CHECKING:
    from incidents.trust import Proposed, TrustLine


def verbs() -> Verbs:
    """The verb of this module."""
    return {"trust": trust}


def trust(
    backtests: Annotated[
        list[Path] | None, Option("--backtest", help="Count the judged replays of this folder, too.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say by service and kind of change how often what was proposed was right, as people judged it."""
    from incidents.trust import trust as lines_of
    from nexus.service.trust import TrustQueries

    with home(create=True, threads=False) as opened:
        proposed = answered(TrustQueries.of(opened).proposed(unseen()))
    lines = lines_of([*proposed, *(one for folder in backtests or () for one in _replayed(folder))])
    if as_json:
        write_json(lines)
        return
    if not lines:
        say("Nothing was proposed in a live incident yet; `nexus backtest` replays past ones.")
        return
    _tell(lines)


def _replayed(folder: Path) -> "tuple[Proposed, ...]":
    from evals.backtest.judgement import answers_in
    from evals.backtest.run import load
    from evals.backtest.trusted import proposed_in

    return proposed_in(load(folder), answers_in(folder))


def _tell(lines: "tuple[TrustLine, ...]") -> None:
    from rich.table import Table
    from rich.text import Text

    from incidents.trust import ENOUGH
    from nexus.sanitize import line
    from tools.wording import length

    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in ("service", "change", "proposed", "right", "95 %", "wrong", "held", "earlier than people"):
        table.add_column(name, overflow="fold")
    for one in lines:
        between = f"{one.low:.0%} to {one.high:.0%}" if one.low is not None and one.high is not None else ""
        share = f"{one.right} of {one.judged}" if one.judged else "nobody judged any"
        table.add_row(
            Text(line(one.service)),
            one.kind.replace("_", " "),
            str(one.proposed),
            share,
            between if one.enough else "too few to tell",
            str(one.wrong or ""),
            f"{one.held} of {one.held + one.failed}" if one.held + one.failed else "",
            length(one.ahead_seconds / 60) if one.ahead_seconds is not None else "",
        )
    out().print(table)
    if not all(one.enough for one in lines):
        say(f"Of fewer than {ENOUGH} that people judged nothing is told: `nexus verdict`, `nexus backtest`.")
