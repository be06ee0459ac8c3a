"""The tools that leave something: a program's note, an alert. None decides, commands or stops."""

from incidents.errors import Forbidden, Refused
from nexus.server.mcp import values as v
from nexus.server.mcp.desk import AgentDesk, Caller
from nexus.service.commands import IncidentCommands
from nexus.service.declaring import Report, raise_alert


async def leave_note(desk: AgentDesk, caller: Caller, asked: v.LeaveNote) -> v.NoteLeft:
    """Leaves a note of kind machine on an incident: shown as a program's, nobody's hint or constraint.

    To decide on a change, send your person to its page.
    """
    if caller.actor is None:
        raise Forbidden(_NOBODY)
    desk.notes.take(caller)
    commands = IncidentCommands.of(desk.home)
    kept = await commands.machine_note(asked.incident, actor=caller.actor, text=asked.text, key=asked.key)
    desk.ring(asked.incident)
    return v.NoteLeft(incident=kept.incident, known=kept.known, page=desk.page(kept.incident))


async def open_incident(desk: AgentDesk, caller: Caller, asked: v.OpenIncident) -> v.Opened:
    """Opens an incident from an alert, or joins the open one that it belongs to; the agents begin."""
    if caller.actor is None:
        raise Forbidden(_NOBODY)
    if desk.intake is None:
        raise Refused("no live system is configured here: alerts are taken by `nexus serve`")
    desk.opens.take(caller)
    said = Report(title=asked.title, service=asked.service, severity=asked.severity)
    done = await raise_alert(desk.intake, said, actor=caller.actor)
    page = desk.page(done.incident) if done.incident is not None else None
    return v.Opened(incident=done.incident, taken=done.taken, page=page)


_NOBODY = "nobody's token was given, so a program only reads here"
