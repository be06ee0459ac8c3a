"""What code adds to a post-mortem, whoever wrote it: title, change on record, what went well and badly."""

from graph.state import Deps
from incidents.incident import Incident
from incidents.reports import PostMortemReport
from incidents.timeline import EntryKind
from tools.blamed import blamed_change
from tools.headline import headline
from tools.looking_back import looking_back


async def told_by_code(deps: Deps, incident: Incident, report: PostMortemReport) -> PostMortemReport:
    """The report with all that models are not asked for."""
    change = await blamed_change(deps.evidence, incident)
    told = await deps.journal.entries(incident.id)
    named = [one.at for one in told if one.kind is EntryKind.DIAGNOSIS]
    back = looking_back(incident, named[-1] if named else None)
    return report.model_copy(
        update={
            "title": headline(incident, change, deps.world.catalogue),
            "change": change,
            "went_well": back.well,
            "went_badly": back.badly,
            "lucky": back.lucky,
        }
    )
