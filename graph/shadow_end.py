"""When and how an incident ends that is in shadow whole: nobody holds it, so it ends by itself. Pure."""

from datetime import datetime, timedelta

from graph.paging import say
from graph.timeline import Update, entry
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.severity import Status
from incidents.timeline import Entry, EntryKind
from tools.wording import length

#: A shadow whose alerts do not end is over after so long.
LONGEST = timedelta(days=1)


def rest(incident: Incident, reason: str, now: datetime, before: tuple[Entry, ...] = ()) -> Update:
    """All is said: a change stands that would have been put to people, or they would have been called."""
    after = incident.evolve(
        rests_since=now, ask_again=None, not_before=None, recheck=False, question=None, dispute=None
    )
    text = say(incident, "shadow.rests", reason=reason)
    return Update(after, (*before, entry(after, now, EntryKind.PEOPLE, text, "rests")))


def ends_at(incident: Incident, runbook: Runbook) -> datetime:
    """When a shadow is over: its alerts have ended and the watch has passed since, or after a day.

    While the agents still look, what ends by itself is measured as in any incident.
    """
    begun = max(incident.opened_at, incident.step_since) if incident.reopened else incident.opened_at
    longest = begun + LONGEST
    said = incident.rests_since or incident.handed_over_at
    if incident.firing or said is None:
        return longest
    over = max(one.since for one in incident.latest_alerts.values())
    return min(longest, max(over, said if incident.reopened else over) + runbook.watch.lasts)


def over(incident: Incident, now: datetime, runbook: Runbook) -> Update:
    """The end of a shadow, without anybody's word."""
    status = Status.RESOLVED if incident.ever_deviated else Status.FALSE_ALARM
    if incident.firing:
        status, reason = Status.HANDED_OVER, say(incident, "shadow.day")
    else:
        watched = length(runbook.watch.lasts.total_seconds() / 60)
        reason = say(incident, "shadow.calm", watched=watched)
    after = incident.evolve(status=status, ended_at=now, end_reason=reason, ask_again=None, not_before=None)
    return Update(after, (entry(after, now, EntryKind.END, reason, "shadow-over"),))
