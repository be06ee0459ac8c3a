"""The verb that shows who asked what, what came back and what it cost."""

from typing import TYPE_CHECKING

from nexus.cli.base import IncidentId, Json, answered, home, out, write_json
from nexus.cli.parser import Verbs
from nexus.cli.seeing import require_seen

if TYPE_CHECKING:
    from nexus.service.cost_trace import Trace


def verbs() -> Verbs:
    """The verb of this module."""
    return {"trace": trace}


def trace(identity: IncidentId, as_json: Json = False) -> None:
    """Show every piece of work as a tree: step, role, questions and answers, report, cost."""
    from nexus.service.cost_trace import trace_of
    from nexus.service.queries import IncidentQueries

    async def look() -> "Trace":
        queries = IncidentQueries.of(opened)
        incident, entries = await queries.with_timeline(identity)
        return trace_of(incident, entries, await queries.evidence(identity))

    require_seen(identity)
    with home(threads=False) as opened:
        found = answered(look())
    if as_json:
        write_json(found)
        return
    from nexus.cli.terminal.trace import trace_view

    out().print(trace_view(found))
