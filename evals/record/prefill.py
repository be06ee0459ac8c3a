"""The truth as the agents saw it: a first answer for a person to confirm, never one to score by."""

from collections.abc import Sequence

from evals.record.snapshot import executed
from incidents.action import Action
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.findings import Category
from incidents.incident import Incident
from incidents.verification import Recovery
from tools.recorded.document import ActionsTruth, ActionTruth, CauseTruth, Truth


def believed(incident: Incident, catalogue: Catalogue, changes: Sequence[Change]) -> Truth:
    """What the diagnosis, the severity and the verified recovery say; marked as not confirmed."""
    found = incident.diagnosis
    cause = CauseTruth()
    if found is not None and found.known:
        cause = CauseTruth(
            service=found.service if catalogue.find(found.service) else None,
            category=found.category if found.category is not Category.UNKNOWN else None,
            onset=found.onset,
            change=found.change if found.change in {change.id for change in changes} else None,
            note=found.summary,
        )
    return Truth(severity=incident.severity, cause=cause, actions=_actions(incident), confirmed=False)


def _actions(incident: Incident) -> ActionsTruth | None:
    """What was done last and verified; None if nothing was."""
    done = executed(incident)
    verdict = incident.verification.verdict if incident.verification is not None else Recovery.UNKNOWN
    if not done or verdict not in {Recovery.RECOVERED, Recovery.WORSE}:
        return None
    judged = (as_truth(done[-1].action),)
    return ActionsTruth(right=judged) if verdict is Recovery.RECOVERED else ActionsTruth(wrong=judged)


def as_truth(action: Action) -> ActionTruth:
    """An action as `case.yaml` writes it: with its first argument, if it has one."""
    arguments = action.arguments
    if arguments.flag is not None:
        state = "off" if arguments.enabled is False else "on"
        return ActionTruth(kind=action.kind, service=action.service, to=f"{arguments.flag}={state}")
    given = list(arguments.given().values())
    return ActionTruth(kind=action.kind, service=action.service, to=given[0] if given else None)
