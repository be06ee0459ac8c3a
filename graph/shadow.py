"""What stood in shadow, told beside what people did meanwhile, once the incident is over."""

from graph.state import Deps
from graph.timeline import Update, entry
from incidents.errors import ToolFailed
from incidents.findings import Window
from incidents.incident import Incident
from incidents.people_did import told, what_people_did
from incidents.timeline import EntryKind
from tools.telemetry.own_changes import made_here


async def compared(deps: Deps, incident: Incident) -> Update:
    """With what people did since it began beside each change that stood in shadow, once it is over."""
    now = deps.clock.now()
    open_questions = [one for one in incident.shadowed if one.people_did is None]
    if incident.open or not open_questions:
        return Update(incident)
    try:
        changes = await deps.world.changes.changes(Window(start=incident.opened_at, end=now))
    except ToolFailed as error:
        text = f"what people did meanwhile is not known: {error}"
        gap = entry(incident, now, EntryKind.GAP, text, "people-did")
        return Update(incident, (gap.model_copy(update={"id": "people-did"}),))
    ours = {one.change for one in made_here(incident, changes)}
    theirs = [one for one in changes if one.id not in ours]
    lines = []
    for stood in open_questions:
        did = what_people_did(theirs, stood.action, stood.proposed_at)
        incident = incident.with_proposal(stood.model_copy(update={"people_did": did}))
        text = f"{stood.id} ({stood.action.title}) stood in shadow; {told(did, stood.proposed_at)}"
        lines.append(entry(incident, now, EntryKind.PEOPLE, text, f"people-did:{stood.id}"))
    return Update(incident, tuple(lines))
