"""The verb that answers questions about an incident from its records; it reads and changes nothing."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from nexus.cli.base import IncidentId, Json, house, log_to_stderr, out, settings, write

if TYPE_CHECKING:
    from nexus.answers import Answer
    from nexus.house import House

#: How many evidence a model reads for one question.
_READ = 12


def register_ask(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("ask")(ask)


def ask(
    identity: IncidentId, question: Annotated[str, typer.Argument(metavar="QUESTION")], as_json: Json = False
) -> None:
    """Answer a question about an incident from its evidence and timeline, with citations."""
    log_to_stderr()
    with house() as opened:
        found = asyncio.run(_answer(opened, identity, question))
    if as_json:
        write(found.model_dump_json(indent=2))
        return
    from nexus.render.answer import answer_view

    out().print(answer_view(found))


async def _answer(opened: "House", identity: str, question: str) -> "Answer":
    from incidents.errors import UsageError
    from nexus.answers import by_keyword, by_model, passages, ranked

    if not question.strip():
        raise UsageError('Ask something: nexus ask ID "what failed first?"')
    incident = await opened.find(identity)
    entries, evidence = await opened.store.entries(identity), await opened.store.evidence(identity)
    lines = passages(entries, evidence)
    given = settings()
    if given.engine == "playbook" or not given.has_model:
        return by_keyword(question, lines)
    from agents.failure import ModelFailed
    from agents.llm.answer import answer
    from nexus.engines import model_settings
    from prompts import Library

    telling = dict.fromkeys(one.id for one in ranked(question, lines, len(lines)) if one.id.startswith("E-"))
    cited = dict.fromkeys(incident.diagnosis.evidence if incident.diagnosis else ())
    chosen = list({**telling, **cited})[:_READ]
    records = {item.id: item.summary for item in evidence if item.id in chosen}
    records |= {one.id: f"{one.who}: {one.text}" for one in lines if one.id.startswith("T")}
    standing = (
        f"# The incident\n\n{incident.id}: {incident.title}. Status {incident.status}. {incident.summary}"
    )
    try:
        said = await answer(model_settings(given), Library(given.prompts), question, standing, records)
    except ModelFailed as failed:
        return by_keyword(
            question, lines, f"The model did not answer ({failed}); these are the lines that fit."
        )
    return by_model(question, said, records, incident.services)
