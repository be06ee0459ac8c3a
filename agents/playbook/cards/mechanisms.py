"""What a hypothesis is called: the word of the cause card that fits what is seen of its service."""

from agents.engine import RoleContext
from agents.playbook.cards.observed import observe
from agents.playbook.cards.recognised import fitting
from incidents.causes import SignLevel
from incidents.findings import Category, Confidence, Hypothesis


async def with_mechanisms(context: RoleContext, hypotheses: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
    """The same hypotheses; those that stand have the mechanism that was recognised, if one was."""
    return tuple(
        [one if one.ruled_out_by is not None else await _recognised(context, one) for one in hypotheses]
    )


async def _recognised(context: RoleContext, one: Hypothesis) -> Hypothesis:
    """Where no kind of cause was told, a decisive sign tells it; that is a guess as to how sure it is."""
    if one.service is None:
        return one
    seen = await observe(context, one.service, one.change)
    telling = [found for found in fitting(seen, context.causes) if found.telling]
    if one.category is not Category.UNKNOWN:
        named = next((found.card.id for found in telling if found.card.category is one.category), None)
        return one.model_copy(update={"mechanism": named})
    if not telling:
        return one
    best = telling[0]
    found = one.model_copy(update={"mechanism": best.card.id})
    if best.level is not SignLevel.DECISIVE or best.card.category is Category.UNKNOWN:
        return found
    return found.model_copy(update={"category": best.card.category, "confidence": Confidence.LOW})
