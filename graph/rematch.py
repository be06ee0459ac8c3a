"""What an alert is about becomes known while its incident waits: it is told, and looked at anew. Pure."""

from datetime import datetime

from graph.paging import say
from graph.regroup import begun_anew
from graph.self_recovery import has_changed_anything
from graph.timeline import Update, entry
from incidents.alert import Alert
from incidents.events import AlertsMatched
from incidents.incident import Incident
from incidents.severity import Status
from incidents.timeline import EntryKind


def rematched(incident: Incident, event: AlertsMatched, now: datetime) -> Update:
    """The incident with the services that its alerts turned out to be about.

    As long as nothing was changed the agents begin anew: what they looked at was the whole system. While a
    change waits for people, it is measured again.
    """
    found = {alert.fingerprint: alert for alert in event.alerts}
    alerts = tuple(_known(alert, found.get(alert.fingerprint)) for alert in incident.alerts)
    if alerts == incident.alerts:
        return Update(incident)
    after = incident.evolve(alerts=alerts)
    if after.status is Status.OPEN and after.triaged_at is not None and not has_changed_anything(after):
        waits = any(proposal.waits for proposal in after.proposals)
        after = after.evolve(recheck=True) if waits else begun_anew(after, now)
    told = "; ".join(f"{one.title}: {one.matched_by.sentence}" for one in event.alerts if one.matched_by)
    text = f"what it is about is known now: {told}"
    return Update(after, (entry(after, now, EntryKind.ROUTING, text, f"matched:{event.id}"),))


def which_service(incident: Incident) -> str:
    """What people are asked about alerts of which nobody knows the service."""
    waiting = incident.unassigned_alerts
    titles = ", ".join(dict.fromkeys(alert.title for alert in waiting))
    named = dict.fromkeys(one.matched_by.named for one in waiting if one.matched_by and one.matched_by.named)
    if not named:
        return say(incident, "remind.service", titles=titles, incident=incident.id)
    says = ", ".join(repr(name) for name in named)
    return say(incident, "remind.alias", titles=titles, names=says)


def _known(alert: Alert, found: Alert | None) -> Alert:
    if found is None or alert.service is not None:
        return alert
    return alert.model_copy(update={"service": found.service, "matched_by": found.matched_by})
