"""What people said afterwards: verdicts on diagnoses, and what the words for confidence were worth."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from incidents.tickets import Making, Ticket
from incidents.verdicts import CalibrationLine, DiagnosisVerdict, Judgement
from nexus.cli.terminal.style import LABEL, joined, plain, table

_MAKINGS = {
    Making.WANTED: "asked for", Making.TRYING: "being made", Making.UNKNOWN: "being looked for",
    Making.FAILED: "not made yet", Making.REFUSED: "refused", Making.MADE: "made",
}  # fmt: skip
_STYLE = {Judgement.RIGHT: "green", Judgement.PARTLY: "yellow", Judgement.WRONG: "red"}


def verdicts_table(said: Sequence[DiagnosisVerdict]) -> RenderableType:
    """Every verdict, oldest first."""
    if not said:
        return Text("Nobody has said yet whether a diagnosis was right: `nexus verdict ID right`.")
    made = table("Incident", "Verdict", "Confidence", "Diagnosis", "By")
    made.columns[3].ratio = 1
    made.expand = True
    for one in said:
        word = Text(one.judgement.replace("_", " "), _STYLE.get(one.judgement, ""))
        made.add_row(Text(one.incident, "bold"), word, one.confidence, plain(one.summary), plain(one.by))
    return made


def calibration_table(worth: Sequence[CalibrationLine]) -> RenderableType:
    """How often each word for confidence was right."""
    made = table("Confidence", "Incidents", "Right", "Partly", "Wrong", "Not known", "Share right")
    for one in worth:
        share = "nothing was said" if one.share_right is None else f"{one.share_right:.0%}"
        counted = (one.incidents, one.right, one.partly, one.wrong, one.do_not_know)
        made.add_row(one.confidence, *map(str, counted), share)
    return made


def tickets_table(tickets: Sequence[Ticket]) -> RenderableType:
    """The tickets of action items, and how they stand in their tracker."""
    if not tickets:
        return Text("No ticket was asked for: `nexus tickets ID --create`.")
    return Text("\n").join(_ticket(one) for one in tickets)


def _ticket(one: Ticket) -> Text:
    """One line, so that its address stays whole."""
    state = f"{one.outside} ({one.word})" if one.outside is not None else _MAKINGS[one.making]
    parts = [Text(one.item, "bold"), plain(one.tracker), plain(state), plain(one.url or one.reason)]
    return joined(*parts, plain(f"asked for by {one.by}", LABEL))
