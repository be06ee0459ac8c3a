"""What happened, for whoever knows neither the system nor Nexus: what broke, how, what was done, the end."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from agents.playbook.tasks.situation import told_times
from incidents.action import ActionState
from incidents.changes import Change
from incidents.findings import Channel, Suspect
from incidents.incident import Incident
from incidents.milestones import over_at
from incidents.severity import Status
from incidents.value import by_minute
from tools.chronicle import went_live
from tools.felt import began, in_a_sentence, past, sentence
from tools.headline import lowered
from tools.looking_back import after
from tools.plainly import plainly
from tools.wording import capital

_NO_CAUSE = "The cause stayed unknown."
#: A line of a log as the ranking tells of it, and what stands in it for a part that varies.
_LOGGED = re.compile(r"^(?P<who>.+?) logs “(?P<what>[^”]+)”")
_SINCE = "brought it; since then "
_NEW = re.compile(r"not once before|, 0 usually")
_SOON = timedelta(minutes=1)
_ENDED = {
    Status.HANDED_OVER: "It was left to people",
    Status.FALSE_ALARM: "It was a false alarm",
    Status.BACKLOG: "It went to the backlog",
}


def happened(incident: Incident, change: Change | None) -> str:
    """Three to five sentences.

    Args:
        incident: as it stands at its end.
        change: the change that the diagnosis names, where it is on record.
    """
    said = [_broke(incident, change), _how(incident), _handled(incident), _ended(incident)]
    return " ".join(part for part in said if part)


def _broke(incident: Incident, change: Change | None) -> str:
    felt = past(sentence(incident.peak)) or in_a_sentence(incident.title)
    slow = told_times(incident.peak) if sentence(incident.peak) else ""
    felt = lowered(felt) + (f" and answers took {slow} as long as usual" if slow else "")
    since = began(incident)
    if change is None:
        return f"From {since:%H:%M:%S} UTC {felt}."
    live = f"At {change.time:%H:%M:%S} UTC {went_live(change, past=True)}"
    soon = timedelta() <= since - change.time <= _SOON
    return f"{live}, and from then on {felt}." if soon else f"{live}. From {since:%H:%M:%S} UTC {felt}."


def _how(incident: Incident) -> str:
    found = incident.diagnosis
    if found is None or not found.known:
        return _NO_CAUSE
    logged = mechanism(suspect_of(incident))
    if logged:
        return f"{logged}."
    said = plainly(found.summary).rstrip(".").removeprefix(f"{found.service}: ")
    if found.change is not None and _SINCE in said:
        # What was changed is told already.
        return f"Since then {said.split(_SINCE, 1)[1].replace('it logs', f'{found.service} logs')}."
    return (
        f"The cause: {said}." if found.change is not None else f"The cause lies in {found.service}: {said}."
    )


def suspect_of(incident: Incident) -> Suspect | None:
    """What the ranking says of the service that the diagnosis blames."""
    blamed = incident.diagnosis.service if incident.diagnosis else None
    return next((suspect for suspect in incident.suspects if suspect.service == blamed), None)


def mechanism(suspect: Suspect | None) -> str:
    """How it failed, by what it logged; empty where it logged nothing telling."""
    told = [one.text for one in (suspect.reasons if suspect else ()) if one.channel is Channel.LOGS]
    if not told or suspect is None:
        return ""
    said = plainly(told[0]).rstrip(".")
    line = _LOGGED.search(said)
    if line is None:
        return said
    new = " that it had not logged before" if _NEW.search(said) else ""
    # An operation is the suspect's own; a single word is the service that complains of it.
    whose = suspect.service if " " in line["who"] else line["who"]
    return capital(f"{whose} logged a line{new}: “{line['what']}”")


def _handled(incident: Incident) -> str:
    """How it was noticed and what was done, each with its time."""
    said = list(_steps(incident))
    told = "; ".join(said)
    return capital(f"{told}.") if told else ""


def _steps(incident: Incident) -> Iterator[str]:
    found = incident.diagnosis
    alerted = min((alert.received_at for alert in incident.alerts), default=incident.opened_at)
    onset = found.onset if found is not None and found.known else None
    if onset is not None and onset <= alerted:
        source = incident.alerts[0].source.capitalize() if incident.alerts else "Somebody"
        yield f"{source} noticed {after(alerted - onset, 'it began')}"
    done = [p for p in incident.proposals if p.state is ActionState.DONE]
    for proposal in done:
        at = proposal.outcome.at if proposal.outcome is not None else None
        yield f"{_later(at, alerted)}{proposal.action.done}"
    for change in incident.outside_changes:
        said = change.what.rstrip(".")
        yield f"{_later(change.at, alerted)}people changed {change.service} ({said})"
    stood = [p.people_did.change for p in incident.shadowed if p.people_did is not None]
    theirs = [change for change in stood if change is not None]
    for one in theirs:
        yield f"{_later(one.time, alerted)}people changed {one.service} ({one.summary or one.kind})"
    if not done and not incident.outside_changes and not theirs:
        yield "no change was made"


def _later(at: datetime | None, alerted: datetime) -> str:
    return f"{after(at - alerted, 'the alert')} " if at is not None and at >= alerted else ""


def _ended(incident: Incident) -> str:
    over = over_at(incident) or incident.calm_since
    if incident.status is Status.RESOLVED:
        if over is None or incident.ended_at is None:
            return "It is resolved."
        watched = round((incident.ended_at - over).total_seconds() / 60)
        stayed = f" and stayed so for {watched} minutes" if watched > 1 else ""
        return f"It was over by {by_minute(over):%H:%M} UTC{stayed}."
    ended = _ENDED.get(incident.status, "It is not over")
    return f"{ended}{f': {plainly(incident.end_reason)}' if incident.end_reason else ''}.".replace("..", ".")
