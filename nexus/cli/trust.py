"""The verb that says how far the agents' proposals can be trusted, as people judged them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import Json, answered, home, out, say, write_json
from nexus.cli.parser import Option, Verbs
from nexus.cli.seeing import unseen

if TYPE_CHECKING:
    from incidents.drill import DrillInShort
    from incidents.proofs import Proof
    from incidents.replays import Replay
    from incidents.trust import TrustLine
    from nexus.service.trust import TrustView


#: What each place is called.
_HEADS = {
    "live": "Put to people",
    "shadow": "In shadow, where nobody was asked",
    "backtest": "In replays of past alerts",
}


def verbs() -> Verbs:
    """The verb of this module."""
    return {"trust": trust}


def trust(
    backtests: Annotated[
        list[Path] | None,
        Option("--backtest", help="A backtest that another home made: count its replays, too."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say by service and kind of change how often what was proposed was right, as people judged it."""
    from nexus.service.trust import TrustQueries

    replayed = [one for folder in backtests or () for one in _replayed(folder)]
    with home(create=True, threads=False) as opened:
        view = answered(TrustQueries.of(opened).view(unseen(), replayed))
    if as_json:
        write_json(view.lines)
        return
    if not view.lines and not view.drills:
        say("Nothing was proposed in a live incident yet; `nexus backtest` replays past ones.")
        return
    _tell_view(view)


def _tell_view(view: "TrustView") -> None:
    for where in dict.fromkeys(one.where for one in view.lines):
        say(f"{_HEADS[where]}:")
        _tell(tuple(one for one in view.lines if one.where is where))
    if not all(one.enough for one in view.lines if one.proposed):
        more = "`nexus verdict`, `nexus backtest`"
        say(f"Of fewer than {view.enough} that people judged nothing is told: {more}.")
    for one in view.wrong:
        say(f"On a wrong diagnosis: to {one.title} ({one.where}, {one.incident})")
    if view.drills:
        say("Drills of the last 90 days:")
    for drill in view.drills:
        say(_drilled(drill))
    for proof in view.proofs:
        say(f"To take a {proof.kind.replace('_', ' ')} of {proof.service} back {_proven(proof)}.")


def _replayed(folder: Path) -> "tuple[Replay, ...]":
    from evals.backtest.judgement import answers_in
    from evals.backtest.run import load
    from evals.backtest.trusted import replays_of

    return replays_of(load(folder), answers_in(folder))


def _drilled(drill: "DrillInShort") -> str:
    from nexus.sanitize import line

    failed = "; ".join(one.told for one in drill.failed)
    came = (
        f"{len(drill.failed)} of {drill.tried} failed ({failed})" if failed else f"all {drill.tried} passed"
    )
    made = f", {drill.made} was really made and taken back" if drill.made is not None else ""
    return line(
        f"  {drill.at:%Y-%m-%d %H:%M} UTC by {drill.by}, of {', '.join(drill.services)}: {came}{made}"
    )


def _proven(proof: "Proof") -> str:
    when = f"{proof.at:%d %b} ({proof.source})"
    if proof.good:
        return f"was done on {when}; that counts until {proof.until:%d %b}"
    return f"did not bring it back on {when}" if proof.seen is not None else f"failed on {when}"


def _tell(lines: "tuple[TrustLine, ...]") -> None:
    from rich.table import Table
    from rich.text import Text

    from nexus.sanitize import line
    from tools.wording import length

    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in (
        "service",
        "change",
        "proposed",
        "right",
        "95 %",
        "wrong",
        "held",
        "earlier than people",
        "undo",
    ):
        table.add_column(name, overflow="fold")
    for one in lines:
        between = f"{one.low:.0%} to {one.high:.0%}" if one.low is not None and one.high is not None else ""
        share = f"{one.right} of {one.judged}" if one.judged else "nobody judged any" if one.proposed else ""
        table.add_row(
            Text(line(one.service)),
            one.kind.replace("_", " "),
            str(one.proposed or ""),
            share,
            between if one.enough else "too few to tell" if one.proposed else "",
            str(one.wrong or ""),
            f"{one.held} of {one.held + one.failed}" if one.held + one.failed else "",
            length(one.ahead_seconds / 60) if one.ahead_seconds is not None else "",
            _undo(one),
        )
    out().print(table)


def _undo(one: "TrustLine") -> str:
    """How far it is known that such a change can be taken back: proven weighs more than planned."""
    if one.proof is not None:
        how = (
            "proven"
            if one.proof.good
            else "did not bring it back"
            if one.proof.seen is not None
            else "failed"
        )
        return f"{how} {one.proof.at:%d %b}, {one.proof.source}"
    if one.plannable is None or one.drilled_at is None:
        return ""
    return f"{'plannable' if one.plannable else 'cannot be planned'} {one.drilled_at:%d %b}"
