"""Self-recovery: an end without a change by us. What is over by itself is watched as a fix is.

Pure. The runbook's thirty minutes of watching stand for both: nobody knows why it went, so it may come back.
"""

from datetime import datetime
from enum import StrEnum

from incidents.action import UNSETTLED, ActionState
from incidents.facts import Facts
from incidents.incident import Incident
from incidents.incident_path import is_silence
from incidents.runbook import Runbook
from incidents.severity import Severity

#: An alert that came and went so often while nothing deviated is no news any more.
FLAPS = 3

_TOUCHED = UNSETTLED | {ActionState.DONE, ActionState.FAILED}


class SelfRecovery(StrEnum):
    """How an incident stands that nobody has mended."""

    NO = "no"
    WATCHED = "watched"
    OVER = "over"


def has_changed_anything(incident: Incident) -> bool:
    """Whether anything was changed, by us or by people: its effect is watched elsewhere."""
    ours = any(proposal.state in _TOUCHED for proposal in incident.proposals)
    return ours or bool(incident.outside_changes)


def no_user_impact(facts: Facts) -> bool:
    """Whether nothing is measured that users feel: all is quiet, or what deviates does so inside only."""
    return facts.quiet is True or (facts.quiet is False and facts.customers_affected is False)


def seems_over(incident: Incident) -> bool:
    """Whether the alerts are over and the latest measurement shows nothing: worth a look of its own."""
    measured = incident.facts is not None and no_user_impact(incident.facts)
    quiet = measured or is_silence(incident.alerts)
    return quiet and not incident.firing and not has_changed_anything(incident)


def watched_until(incident: Incident, runbook: Runbook) -> datetime | None:
    """When the watch over an incident that is over by itself ends; None while there is none."""
    return incident.calm_since + runbook.watch.lasts if incident.calm_since is not None else None


def self_recovery(
    incident: Incident, facts: Facts, agreed: bool, now: datetime, runbook: Runbook
) -> SelfRecovery:
    """Whether an incident is over by itself.

    Args:
        incident: as it stands after its classification; one that is to be measured again has just changed,
            and what has just come back is watched from then on.
        facts: what was measured now.
        agreed: whether every role that looked calls it a false alarm; counts where nothing could be measured.
        now: the moment of the measurement.
        runbook: how long a recovery is watched.

    Returns:
        No, while something deviates that users may feel, or while an alert fires outside of the watch, or has
        fired through all of it. Over, when the watch has passed, or the alerts have come and gone several
        times, although one may be back again where nothing ever deviated.
    """
    quiet = agreed if facts.quiet is None else no_user_impact(facts)
    if is_silence(incident.alerts):  # it is about no service: the heartbeat itself is the measurement
        quiet = not incident.firing
    until = watched_until(incident, runbook)
    if has_changed_anything(incident) or not (
        quiet or (incident.severity is Severity.P3 and not incident.firing)
    ):
        return SelfRecovery.NO
    nothing = facts.quiet is True and not incident.ever_deviated
    if len(incident.firing_periods) >= FLAPS and (nothing or not incident.firing):
        return SelfRecovery.OVER
    if incident.firing:
        return (
            SelfRecovery.WATCHED
            if until is not None and (incident.recheck or now < until)
            else SelfRecovery.NO
        )
    return SelfRecovery.OVER if until is not None and now >= until else SelfRecovery.WATCHED
