"""How changes that take something back or go around it are drafted: rollback, flag, hotfix, fallback.

A draft changes nothing. Versions, commits and flags come from the record of deployments and changes, never
from log or alert text.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from agents.engine import RoleContext
from agents.playbook.checks.keywords import quoted
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.diagnosis.faulty_commit import culprit
from agents.playbook.fixes.draft import Draft, expected_effect, no_draft
from incidents.action import Action, ActionKind, ActionState, Arguments
from incidents.changes import Change, ChangeKind
from incidents.findings import Diagnosis
from incidents.inventory import FlagState
from tools.toolbox import CHANGES, DEPLOYMENTS, INVENTORY
from tools.toolbox.arguments import ChangesArgs, DeploymentsArgs, ServiceArgs
from tools.toolbox.views import DeploymentsView


async def roll_back(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """Back to the version that ran before the one that is blamed, of the code or of its configuration."""
    service = diagnosis.service or ""
    settings, evidence = await _blamed(context, diagnosis)
    if settings is not None and settings.kind is ChangeKind.CONFIG and settings.id == diagnosis.change:
        return _configured_before(diagnosis, settings, evidence)
    if not has_tool(context, DEPLOYMENTS.name):
        return no_draft("this role cannot read what was deployed")
    answer = await context.toolset.ask(DEPLOYMENTS, DeploymentsArgs(service=service))
    view = answer.data
    if view is None or not view.deployments:
        return no_draft(f"no deployment of {service} is recorded to go back from")
    blamed = next((d for d in view.deployments if d.change == diagnosis.change), None)
    if blamed is None and diagnosis.change is not None:
        return no_draft(f"the blamed change {diagnosis.change} is no release of {service}")
    if blamed is not None and not blamed.running:
        return no_draft(f"the blamed version {blamed.version} of {service} no longer runs")
    targets, ours = _targets(context, view), _put_there(context, service, view.running)
    if ours is not None and not _words(context) & set(targets):
        return no_draft(f"{service} runs {view.running} since {ours}, and what ran before was blamed")
    if not targets:
        return no_draft(f"no version of {service} from before is recorded")
    return [
        Draft(
            action=Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=target)),
            reason=(
                f"{service} runs {view.running} since {_clock(view.running_since)}"
                f"{', and the trouble began with it' if blamed is not None else ''}; "
                f"{target} ran before{_was_healthy(view, target)}."
            ),
            effect=expected_effect(diagnosis),
            evidence=(answer.id, *diagnosis.evidence),
            concerns=_unproven(view, target),
        )
        for target in targets
    ]


def _configured_before(diagnosis: Diagnosis, change: Change, evidence: str) -> list[Draft]:
    """The configuration that ran before, where it is a release of its own and has a version."""
    if not change.version_from or change.version_from == change.version_to:
        return no_draft(f"what configuration of {change.service} ran before {change.id} is not recorded")
    return [
        Draft(
            action=Action(
                kind=ActionKind.ROLLBACK,
                service=change.service,
                arguments=Arguments(version=change.version_from),
            ),
            reason=(
                f"{change.service} runs the configuration {change.version_to} since "
                f"{_clock(change.time)}, and the trouble began with it; {change.version_from} ran before."
            ),
            effect=expected_effect(diagnosis),
            evidence=(evidence, *diagnosis.evidence),
        )
    ]


def _put_there(context: RoleContext, service: str, version: str | None) -> str | None:
    """The change of ours that brought that version back; what it replaced was blamed before."""
    return next(
        (
            p.id
            for p in context.incident.proposals
            if p.state is ActionState.DONE
            and (p.action.kind, p.action.service) == (ActionKind.ROLLBACK, service)
            and p.action.arguments.version == version
            and p.undo_of is None
        ),
        None,
    )


def _targets(context: RoleContext, view: DeploymentsView) -> list[str]:
    """Versions to go back to, best first: one that people named, then the previous one.

    Older ones are offered only where the previous one is not recorded or was bad itself.
    """
    versions = [d.version for d in view.deployments if d.version] + [
        d.version_from for d in view.deployments if d.version_from
    ]
    older = [version for version in dict.fromkeys(versions) if version != view.running]
    named = [version for version in older if version in _words(context)]
    previous = [view.previous] if view.previous and view.previous_healthy is not False else []
    return list(dict.fromkeys([*named, *(previous or older[:1])]))[:2]


def _words(context: RoleContext) -> frozenset[str]:
    """What people wrote, as words without punctuation around them."""
    notes = [note.text for note in context.incident.notes]
    notes += [a.note for p in context.incident.proposals for a in p.approvals]
    return frozenset(word.strip(".,;:!?()'\"") for text in notes for word in text.split())


def _was_healthy(view: DeploymentsView, target: str) -> str:
    return " without trouble" if target == view.previous and view.previous_healthy else ""


def _clock(moment: datetime | None) -> str:
    """A time of day as people read it."""
    return f"{moment:%H:%M:%S} UTC" if moment is not None else "a time that is not known"


def _unproven(view: DeploymentsView, target: str) -> tuple[str, ...]:
    if target == view.previous and view.previous_healthy:
        return ()
    return (f"Whether {target} of {view.service} ran well is not recorded.",)


async def flag_off(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """Take back the flag that is blamed, if a flag is and it is known which."""
    change, evidence = await _blamed(context, diagnosis)
    if change is None or change.kind is not ChangeKind.FLAG:
        return no_draft(f"no flag of {diagnosis.service} is recorded that could be taken back")
    answer = await context.toolset.ask(INVENTORY, ServiceArgs(service=change.service))
    known = answer.data.flags if answer.data is not None else None
    flag = _switched(change, known)
    if flag is None:
        there = ", ".join(one.name for one in known or ()) or "none"
        return no_draft(f"which flag {change.id} switched is not known; {change.service} has {there}")
    was_on = change.version_to.rpartition("=")[2].lower() not in {"off", "false", "0", "disabled"}
    return [
        Draft(
            action=Action(
                kind=ActionKind.FEATURE_FLAG,
                service=change.service,
                arguments=Arguments(flag=flag, enabled=not was_on),
            ),
            reason=f"The trouble began as flag {flag} of {change.service} was set, at {_clock(change.time)}.",
            effect=expected_effect(diagnosis),
            evidence=(evidence, answer.id, *diagnosis.evidence),
        )
    ]


def _switched(change: Change, known: Sequence[FlagState] | None) -> str | None:
    """The flag that a change switched: of those that the service has, the longest that the change names.

    Where nobody knows which there are, what the change itself is called.
    """
    if not known:
        return change.version_to.rpartition("=")[0] or change.id
    texts = (change.id, change.version_to, change.summary)
    named = [one.name for one in known if any(_stands_in(one.name, text) for text in texts)]
    return max(named, key=len, default=None)


def _stands_in(flag: str, text: str) -> bool:
    """Whether a text names a flag: a record may put a number or a prefix to it by `-`, `:`, `/`, `=`."""
    return re.search(rf"(?<![\w.]){re.escape(flag)}(?![\w.])", text) is not None


async def revert_commit(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """A revert of the blamed change, else of the commit that error lines lead to, else of the last one."""
    service = diagnosis.service or ""
    found = None if diagnosis.change is not None else await culprit(context, service)
    if found is not None:
        one = found.commit
        said = f"{one.id[:12]} ({quoted(one.subject, 80)})"
        why = f"{service} fails at {found.place}, and commit {said} changed that function last."
        return _reverted(diagnosis, one.id, found.evidence, why)
    change, evidence = await _blamed(context, diagnosis)
    if change is None or not change.commit:
        return no_draft(f"no commit of {service} is recorded that could be reverted")
    why = f"commit {change.commit} is the recorded change of {service} closest to the onset."
    return _reverted(diagnosis, change.commit, (evidence,), why)


def _reverted(diagnosis: Diagnosis, commit: str, evidence: tuple[str, ...], why: str) -> list[Draft]:
    service = diagnosis.service or ""
    return [
        Draft(
            action=Action(kind=ActionKind.HOTFIX, service=service, arguments=Arguments(commit=commit)),
            reason=why,
            effect=expected_effect(diagnosis),
            evidence=(*evidence, *diagnosis.evidence),
            concerns=("A revert is new code: it needs its own review and test before it is deployed.",),
        )
    ]


async def _blamed(context: RoleContext, diagnosis: Diagnosis) -> tuple[Change | None, str]:
    """The change that the diagnosis names, else the best fitting one of the service; and its evidence id."""
    if not has_tool(context, CHANGES.name):
        return None, ""
    answer = await context.toolset.ask(CHANGES, ChangesArgs())
    ranked = answer.data.changes if answer.data is not None else ()
    changes = [one.change for one in ranked if one.change.service == diagnosis.service]
    named = [change for change in changes if change.id == diagnosis.change]
    return next(iter([*named, *changes]), None), answer.id


async def fall_back(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """The fallback for the part that fails outside, or of the services that call it."""
    catalogue = context.toolset.sources.world.catalogue
    callers = [service.name for service in catalogue.services if diagnosis.service in service.depends_on]
    return [
        Draft(
            action=Action(kind=ActionKind.FALLBACK, service=service),
            reason=f"{diagnosis.service} fails outside our reach; a fallback keeps its callers working.",
            effect=f"errors of what calls {diagnosis.service} return to usual while it is still down",
            evidence=diagnosis.evidence,
            concerns=("Users get older or simpler answers while the fallback is active.",),
        )
        for service in [diagnosis.service or "", *callers]
    ]
