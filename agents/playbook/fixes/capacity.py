"""How changes to a part that is short of something are drafted: restart, failover, more instances.

Which of them help is told by the cause card that fits what is seen of the part, never by how much it has of
anything: a change is drafted only where the card of this cause lists it and nothing that fits forbids it.
"""

import math
from typing import NamedTuple

from agents.engine import RoleContext
from agents.playbook.cards.observed import Observed, observe
from agents.playbook.cards.recognised import Fitting, fitting, harm_of
from agents.playbook.fixes.draft import Draft, expected_effect, no_draft
from incidents.action import Action, ActionKind, Arguments
from incidents.causes import Fact, Remedy, SignLevel, Target
from incidents.findings import Channel, Diagnosis
from tools.toolbox import INVENTORY
from tools.toolbox.arguments import ServiceArgs

#: Half as many instances again: enough to feel, not enough to starve the neighbours.
_MORE = 1.5
#: No action may ask for more.
_LARGEST = 1000
_SHOWN = 2


class _Offer(NamedTuple):
    """A remedy of a card that fits, what it is done to, and its place among the remedies of all."""

    fits: Fitting
    remedy: Remedy
    service: str
    place: int


async def restart(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """A restart, where the cause goes with it."""
    return await _interrupting(context, diagnosis, ActionKind.RESTART)


async def fail_over(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """A failover of a store whose primary or machine is what failed."""
    return await _interrupting(context, diagnosis, ActionKind.FAILOVER)


async def _interrupting(context: RoleContext, diagnosis: Diagnosis, kind: ActionKind) -> list[Draft]:
    seen = await observe(context, diagnosis.service or "", diagnosis.change)
    found = _offered(context, diagnosis, seen, kind)
    if isinstance(found, str):
        return no_draft(found)
    if Fact.UNFELT in seen.facts and not _named(found.fits) and not (found.remedy.early and seen.warned):
        return no_draft(f"nothing that users touch is hit, and a {kind} interrupts what works")
    return [_draft(context, diagnosis, found, Action(kind=kind, service=found.service))]


def _named(found: Fitting) -> bool:
    """Whether a line names the cause outright."""
    return any(one.level is SignLevel.DECISIVE and one.channel is Channel.LOGS for one in found.signs)


async def scale_out(context: RoleContext, diagnosis: Diagnosis) -> list[Draft]:
    """As many more instances as there is more traffic, at least half as many, if it is known how many run."""
    seen = await observe(context, diagnosis.service or "", diagnosis.change)
    found = _offered(context, diagnosis, seen, ActionKind.SCALE)
    if isinstance(found, str):
        return no_draft(found)
    service = found.service
    running, planned = await _running(context, service)
    if running is None:
        return no_draft(f"how many instances of {service} run is not known, so it cannot be scaled")
    more = min(_LARGEST, max(running + 1, math.ceil(running * max(seen.growth, _MORE))))
    load = f", with {seen.growth:.1f} times the usual traffic" if Fact.BUSIER in seen.facts else ""
    # A world that cannot run so many may run one more.
    wanted = [Arguments(replicas=count) for count in dict.fromkeys((more, min(_LARGEST, running + 1)))]
    actions = [Action(kind=ActionKind.SCALE, service=service, arguments=one) for one in wanted]
    drafts = [_draft(context, diagnosis, found, action) for action in actions]
    return [
        draft.model_copy(
            update={
                "reason": f"{draft.reason} It runs on {running} instances{load}.",
                "evidence": (*draft.evidence, *planned),
            }
        )
        for draft in drafts
    ]


def _offered(context: RoleContext, diagnosis: Diagnosis, seen: Observed, kind: ActionKind) -> _Offer | str:
    """The remedy of that kind that the best fitting cards list, or why there is none."""
    found = fitting(seen, context.causes)
    same = [one for one in found if one.card.category is diagnosis.category]
    best = [one for one in same if one.level is same[0].level]
    if not best:
        return f"nothing is known that {diagnosis.service} is short of and a {kind} brings back"
    place = 0
    for one in best:
        for remedy in one.card.remedies:
            place += 1
            service = seen.store if remedy.at is Target.ITS_STORE else seen.service
            if remedy.action is not kind or service is None or not remedy.fits(seen.facts):
                continue
            facts = seen.facts if service == seen.service else seen.facts | {Fact.STORE}
            harm = harm_of(kind, found, facts, one.level)
            if harm is not None:
                return f"a {kind} of {service} would harm: {harm.why}"
            return _Offer(one, remedy, service, place)
    harm = harm_of(kind, found, seen.facts, best[0].level)
    if harm is not None:
        return f"a {kind} of {seen.service} would harm: {harm.why}"
    return f"nothing shows that a {kind} helps: {diagnosis.service}: {best[0].signs[0].said}"


def _draft(context: RoleContext, diagnosis: Diagnosis, found: _Offer, action: Action) -> Draft:
    card, remedy, service = found.fits.card, found.remedy, found.service
    alike = [other.title for name in card.alike[:_SHOWN] if (other := context.causes.by_id.get(name))]
    concerns = [remedy.risk] if remedy.risk else []
    concerns += [f"What looks alike at {service}: {'; '.join(alike)}."] if alike else []
    watch = f"; afterwards: {'; '.join(card.watch)}" if card.watch else ""
    signs = found.fits.signs[:_SHOWN]
    said = "; ".join(dict.fromkeys(one.said for one in signs[:1]))
    return Draft(
        action=action,
        reason=f"{diagnosis.service}: {said}. A {action.kind} of {service} helps: {remedy.helps}.",
        effect=f"{expected_effect(diagnosis)}{watch}",
        evidence=(*(one.evidence for one in signs if one.evidence), *diagnosis.evidence),
        concerns=tuple(concerns),
        rank=found.place,
    )


async def _running(context: RoleContext, service: str) -> tuple[int | None, tuple[str, ...]]:
    """How many instances run, and the evidence of it."""
    answer = await context.toolset.ask(INVENTORY, ServiceArgs(service=service))
    known = answer.data.instances if answer.data is not None else None
    return known or None, (answer.id,)
