"""The verb that answers questions about an incident from its records; it changes nothing but the ledger."""

import asyncio
from typing import Annotated

from nexus.cli.base import IncidentId, Json, home, log_to_stderr, out, settings, write_json
from nexus.cli.parser import Argument, Verbs
from nexus.cli.seeing import require_seen


def verbs() -> Verbs:
    """The verb of this module."""
    return {"ask": ask}


def ask(
    identity: IncidentId, question: Annotated[str, Argument(metavar="QUESTION")], as_json: Json = False
) -> None:
    """Answer a question about an incident from its evidence and timeline, with citations."""
    from nexus.service.questions import ask as answer

    log_to_stderr()
    require_seen(identity)
    with home() as opened:
        found = asyncio.run(answer(opened, settings(), identity, question))
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.answer import answer_view

    out().print(answer_view(found))
