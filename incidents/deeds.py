"""Changes to the world in words: as they are planned, as they were made, and how far they are. Pure.

What is planned stands behind "to", or by itself; it has no capital, so that a sentence may go on with it.
"""

from typing import TYPE_CHECKING

from incidents.language import Language
from incidents.texts import Plural, Sentences, Text

if TYPE_CHECKING:
    from incidents.action import Action, ActionState
    from incidents.findings import Confidence

SENTENCES = Sentences("incidents", "deeds")

#: English of each. It stands in code, because every verb tells of changes, and light ones open no document.
ENGLISH: dict[str, Text] = {
    "plan.rollback": "roll back {service} to {version}",
    "plan.restart": "restart {service}",
    "plan.scale": Plural(one="scale {service} to {n} instance", other="scale {service} to {n} instances"),
    "plan.failover": "fail {service} over to its replica",
    "plan.hotfix": "deploy a hotfix of {service} that reverts {commit}",
    "plan.patch": "make a hotfix of {service} with the patch {patch}",
    "plan.flag_on": "switch flag {flag} of {service} on",
    "plan.flag_off": "switch flag {flag} of {service} off",
    "plan.fallback": "activate the fallback for {service}",
    "plan.undo": "take back: {plan}",
    "done.rollback": "{service} was rolled back to {version}",
    "done.restart": "{service} was restarted",
    "done.scale": Plural(
        one="{service} was scaled to {n} instance", other="{service} was scaled to {n} instances"
    ),
    "done.failover": "{service} was failed over to its replica",
    "done.hotfix": "{service} got a hotfix",
    "done.patch": "{service} got a hotfix",
    "done.flag_on": "flag {flag} of {service} was switched on",
    "done.flag_off": "flag {flag} of {service} was switched off",
    "done.fallback": "the fallback for {service} was activated",
    "done.outside": "changed by people: {change}",
    "done.undo": "this change was taken back: {plan}",
    "state.proposed": "proposed",
    "state.approved": "approved",
    "state.rejected": "rejected",
    "state.expired": "expired",
    "state.revoked": "revoked",
    "state.executing": "executing",
    "state.unknown": "unknown",
    "state.done": "done",
    "state.failed": "failed",
    "state.shadow": "in shadow",
    "state.drifted": "drifted",
    "confidence.low": "low",
    "confidence.medium": "medium",
    "confidence.high": "high",
}


def planned(action: "Action", language: Language) -> str:
    """How a person reads a change that may be made: `roll back checkout to 2026.11.1`."""
    return _said("plan", action, language)


def made(action: "Action", language: Language) -> str:
    """How a person reads it afterwards: `checkout was rolled back to 2026.11.1`."""
    return _said("done", action, language)


def state_word(state: "ActionState", language: Language) -> str:
    """How far a proposal is, to stand behind its title."""
    return _filled(language, f"state.{state}")


def confidence_word(confidence: "Confidence", language: Language) -> str:
    """How sure somebody is, to stand behind "confidence:"."""
    return _filled(language, f"confidence.{confidence}")


def changed_outside(change: str, language: Language) -> str:
    """What people changed, as it is told afterwards."""
    return _filled(language, "done.outside", change=change)


def _said(how: str, action: "Action", language: Language) -> str:
    args = action.arguments
    if args.undo:
        doing = action.model_copy(update={"arguments": args.model_copy(update={"undo": None})})
        return _filled(language, f"{how}.undo", plan=planned(doing, language))
    return _filled(
        language,
        f"{how}.{_variant(action)}",
        count=args.replicas if action.kind == "scale" else None,
        n=str(args.replicas),
        service=action.service,
        version=str(args.version),
        commit=str(args.commit),
        patch=(args.patch or "")[:12],
        flag=str(args.flag),
    )


def _variant(action: "Action") -> str:
    if action.kind == "hotfix" and action.arguments.patch:
        return "patch"
    if action.kind == "feature_flag":
        return "flag_on" if action.arguments.enabled else "flag_off"
    return action.kind


def _filled(language: Language, key: str, *, count: int | None = None, **values: str) -> str:
    return SENTENCES.translated(language, key, ENGLISH[key], count).format(**values)
