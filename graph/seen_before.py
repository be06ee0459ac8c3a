"""What was before is told beside a diagnosis and takes no part in it: one alert has many causes."""

import hashlib
from collections.abc import Sequence

from graph.state import Deps
from graph.timeline import entry
from incidents.incident import Incident
from incidents.past import CAUTION, PastIncident
from incidents.timeline import Entry, EntryKind


async def seen_before(deps: Deps, incident: Incident) -> tuple[Entry, ...]:
    """The line for people; none if nothing looks alike. The same words are told once."""
    now = deps.clock.now()
    found = await deps.history.history(incident, now)
    if not found:
        return ()
    text = told(found)
    line = entry(incident, now, EntryKind.HISTORY, text, "history")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return (line.model_copy(update={"id": f"history:{digest}"}),)


def told(found: Sequence[PastIncident]) -> str:
    """The most alike in a few sentences, the others by their ids."""
    first, *others = found
    more = f"Others that look alike: {', '.join(one.incident for one in others)}." if others else ""
    return " ".join(part for part in (first.line, *first.prevented, more, CAUTION) if part)
