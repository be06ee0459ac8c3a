"""When it happened: the times of an incident, from its state alone."""

from datetime import datetime

from incidents.durations import Durations
from incidents.incident import Incident
from incidents.severity import Status
from incidents.value import Moment, Value
from incidents.verification import Recovery


class Milestones(Value):
    """When it happened; None is unknown.

    `introduced` is the onset in the signals, as diagnosed. `acknowledged` is when the agents began, `taken`
    when a person had it first. `mitigated` is when code first saw the signals recovered. `impact_seconds` is
    how long users were affected, until the signals were back: 0 if they were not, None if it is not known or
    not over.
    """

    introduced: Moment | None
    detected: Moment
    acknowledged: Moment | None
    taken: Moment | None = None
    mitigated: Moment | None
    resolved: Moment | None
    impact_seconds: float | None


def milestones(incident: Incident) -> Milestones:
    """The times of an incident, from its state alone."""
    introduced = incident.diagnosis.onset if incident.diagnosis else None
    resolved = incident.ended_at if incident.status is Status.RESOLVED else None
    return Milestones(
        introduced=introduced,
        detected=min((alert.received_at for alert in incident.alerts), default=incident.opened_at),
        acknowledged=incident.acknowledged_at,
        taken=incident.taken_at,
        mitigated=incident.mitigated_at,
        resolved=resolved,
        impact_seconds=_impact(incident, introduced, over_at(incident) or resolved),
    )


def over_at(incident: Incident) -> datetime | None:
    """By when the signals were back: where the time that was judged begins, not when it was judged."""
    seen, confirmed = incident.verification, incident.mitigated_at
    if confirmed is None or seen is None or seen.verdict is not Recovery.RECOVERED:
        return confirmed
    return min(seen.window.start, confirmed)


def durations(incident: Incident) -> Durations:
    """How long it took; what would be less than nothing, such as an onset after the alert, is not known."""
    when = milestones(incident)

    def took(begun: datetime | None, over: datetime | None) -> float | None:
        if begun is None or over is None or over < begun:
            return None
        return (over - begun).total_seconds()

    return Durations(
        detect=took(when.introduced, when.detected),
        acknowledge=took(when.detected, when.taken),
        mitigate=took(when.detected, when.mitigated),
        resolve=took(when.detected, when.resolved),
    )


def _impact(incident: Incident, introduced: datetime | None, over: datetime | None) -> float | None:
    """From the onset, or where it is unknown from the alert's own start, until the signals were back."""
    if incident.impact.customers_affected is False:
        return 0.0
    begun = introduced or min((alert.starts_at for alert in incident.alerts), default=None)
    if incident.impact.customers_affected is None or begun is None or over is None:
        return None
    return max((over - begun).total_seconds(), 0.0)
