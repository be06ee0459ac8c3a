"""The page of a backtest: what would have been said of each past alert, and what people did and say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evals.backtest.judgement import Answer, Tally, answers_in, tallies
from evals.backtest.run import Backtest
from evals.backtest.said import Said
from evals.html import ENVIRONMENT
from incidents.changes import Deed
from incidents.errors import UsageError
from incidents.verdicts import Judgement
from tools.wording import length

FILE = "backtest.html"
_MARKS = {
    Judgement.RIGHT: "good",
    Judgement.PARTLY: "part",
    Judgement.WRONG: "bad",
    Judgement.DO_NOT_KNOW: "muted",
}


@dataclass(frozen=True)
class Row:
    """One past alert as it is shown."""

    said: Said
    answer: Answer | None
    mark: str
    short: str
    people: str
    after: str


def write_page(made: Backtest, folder: Path) -> Path:
    """Write the page and return where it is.

    Raises:
        UsageError: it cannot be written, or the answers beside it cannot be read.
    """
    path = folder / FILE
    try:
        path.write_text(render(made, answers_in(folder), folder), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


def render(made: Backtest, answers: Mapping[str, Answer], folder: Path) -> str:
    """The page as HTML that stands alone."""
    rows = [_row(one, answers.get(one.case)) for one in reversed(made.said)]
    counted = [one for one in tallies(made.said, answers) if one.judged]
    judged = {one.case for one in made.played if one.case in answers}
    return ENVIRONMENT.get_template("backtest.html").render(
        made=made,
        rows=rows,
        tallies=[_shown(one) for one in counted],
        judged=len(judged),
        right=sum(1 for case in judged if answers[case].judgement is Judgement.RIGHT),
        known=sum(1 for one in made.played if one.service is not None),
        proposed=sum(1 for one in made.played if one.proposed is not None),
        same=sum(1 for one in made.played if one.people is not None and one.people.deed is Deed.SAME),
        folder=str(folder),
    )


def in_short(one: Said) -> str:
    """What would have been said, in a few words."""
    if one.error is not None:
        return f"Not played: {one.error}"
    if one.service is None:
        return "The cause stayed unknown"
    what = f"{one.service}, {one.category}" + (f", change {one.change}" if one.change else "")
    return f"{what} ({one.confidence} confidence)"


def people_said(one: Said) -> str:
    """What people did, in a few words."""
    did = one.people
    if did is None:
        return ""
    if did.change is None or did.at is None:
        return "No change is on record"
    when = _length(did.at - one.at)
    what = did.change.summary or f"{did.change.kind} of {did.change.service} {did.change.version_to}".strip()
    same = "The same" if did.deed is Deed.SAME else "Something else"
    return f"{same} {when} after the alert: {what}"


def _row(one: Said, answer: Answer | None) -> Row:
    stood = one.proposed.at if one.proposed is not None else one.known_at
    mark = _MARKS[answer.judgement] if answer is not None else "open"
    after = _length(max(stood - one.at, timedelta())) if stood is not None else ""
    return Row(one, answer, mark, in_short(one), people_said(one), after)


def _length(span: timedelta) -> str:
    return length(span.total_seconds() / 60)


def _shown(tally: Tally) -> dict[str, object]:
    between = tally.interval
    return {
        "confidence": tally.confidence,
        "right": tally.right,
        "judged": tally.judged,
        "low": 100 * between.low if between else 0.0,
        "high": 100 * between.high if between else 0.0,
        "at": 100 * tally.right / tally.judged if tally.judged else 0.0,
    }
