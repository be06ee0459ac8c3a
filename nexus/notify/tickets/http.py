"""What the adapters of trackers share of HTTP."""

import json
from collections.abc import Mapping

from incidents.tickets import Outside
from nexus.notify.destination import Attempt, Outcome
from nexus.notify.http import Answer, Exchange
from nexus.notify.tickets.port import Seen

#: As much of an answer is read: a page of issues with long texts, in bytes.
WHOLE = 8_000_000


def objects(answer: Answer) -> tuple[Mapping[str, object], ...] | None:
    """The list of objects that an answer is; None if it is none, or did not come whole."""
    try:
        found = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return None
    return tuple(found)


def unreadable(exchange: Exchange) -> Attempt:
    """It answered that it was done, in a form that is not its own: nobody knows."""
    return Attempt(
        outcome=Outcome.UNKNOWN, reason=f"{exchange.provider} answered in a form that cannot be read"
    )


def gone(why: str) -> Seen:
    """The ticket is no longer there."""
    return Seen(outside=Outside.GONE, word=why)


def part(found: Mapping[str, object], *path: str) -> object:
    """What stands at a path of objects; None if something on it is missing."""
    here: object = found
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here
