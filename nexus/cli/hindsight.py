"""Verbs of those who look back: verdict, verdicts."""

from typing import TYPE_CHECKING, Annotated

from nexus.cli.base import IncidentId, Json, Server, answered, home, out, say, server_of, write_json
from nexus.cli.commands import By
from nexus.cli.parser import Argument, Option, Verbs
from nexus.cli.seeing import unseen

if TYPE_CHECKING:
    from nexus.service.hindsight_view import Calibration, Verdicts


def verbs() -> Verbs:
    """The verbs of this module."""
    return {"verdict": verdict, "verdicts": verdicts}


def verdict(
    identity: IncidentId,
    judgement: Annotated[str, Argument(help="right, partly, wrong or do-not-know.")],
    by: By = None,
    service: Annotated[str | None, Option("--service", help="Which service it really was.")] = None,
    note: Annotated[str, Option("--note", help="In your words.")] = "",
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Say whether the diagnosis was right: a label to evaluate the agents by."""
    from incidents.errors import UnknownName
    from incidents.verdicts import DiagnosisVerdict, Judgement
    from nexus.cli.sending import said, send
    from nexus.service.hindsight_requests import JudgeDiagnosis

    word = judgement.lower().replace("-", "_")
    if word not in set(Judgement):
        raise UnknownName("verdict", judgement, (one.replace("_", "-") for one in Judgement))
    asked = said(JudgeDiagnosis, judgement=word, service=service, note=note)
    kept = send(identity, asked, by, server, DiagnosisVerdict)
    if as_json:
        write_json(kept)
        return
    say(f"{identity}: {kept.by} says the diagnosis ({kept.confidence} confidence): {_words(kept.judgement)}.")


def verdicts(server: Server = None, as_json: Json = False) -> None:
    """List what people said of diagnoses, with --json as labels, and what words for confidence were worth."""
    kept, worth = _read(server)
    if as_json:
        write_json(kept.items)
        return
    from nexus.cli.terminal.hindsight import calibration_table, verdicts_table

    out().print(verdicts_table(kept.items))
    if kept.items:
        out().print(calibration_table(worth.items))


def _read(server: str | None) -> "tuple[Verdicts, Calibration]":
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote

        with Remote(at) as far:
            return far.verdicts(), far.calibration()
    from nexus.service.hindsight_view import HindsightQueries

    with home(threads=False) as opened:
        queries, hidden = HindsightQueries.of(opened), unseen()
        kept = answered(queries.verdicts())
        shown = kept.model_copy(update={"items": tuple(x for x in kept.items if x.incident not in hidden)})
        return shown, answered(queries.calibration(hidden))


def _words(judgement: str) -> str:
    return judgement.replace("_", " ")
