"""The models' part of `nexus doctor`: a trial of each, what is used when, and what it may cost."""

from typing import TYPE_CHECKING

from incidents.errors import NexusError
from nexus.config.budgets import budget_of
from nexus.config.settings import PREFIX, Settings
from nexus.service.check import Check, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.llm.probe import Answered
    from agents.llm.settings import ModelSettings


async def check_models(settings: Settings) -> tuple[Check, ...]:
    """The models' settings, then whether each, the fallbacks too, can do what an incident needs."""
    if not settings.names_a_model:
        advice = (
            f"set {PREFIX}LLM_BASE_URL and {PREFIX}LLM_MODEL (docs/models.md); till then the playbook speaks"
        )
        return (Check(part="Model", state=State.MISSING, found="no model is configured", advice=advice),)
    # Imported late: a second of imports that is only worth it where a model is configured.
    from agents.llm.probe import probe  # noqa: PLC0415
    from nexus.runtime.engines import endpoints  # noqa: PLC0415

    try:
        chain = [one.checked() for one in endpoints(settings)]
        answers = await probe(chain)
    except NexusError as error:
        advice = "see docs/models.md; an incident would go on with the playbook"
        return (Check(part="Model", state=State.BROKEN, found=str(error), advice=advice),)
    served = any(answer.problem is None for answer in answers)
    instead = "the other models" if served else "the playbook"
    return (
        *(
            Check(
                part=f"Model {answer.model}",
                state=State.BROKEN if answer.problem else State.OK,
                found=f"{answer.where}: {answer.problem or _trial(answer)}",
                advice=f"an incident would go on with {instead}"
                if answer.problem
                else "; ".join(answer.doubts),
            )
            for answer in answers
        ),
        _tiers(chain[0]),
        _fallback(chain),
        _budgets(settings),
    )


#: How a model is asked, in words.
_WAYS = {
    "tools": "calls tools and fills in a report",
    "json_schema": "knows no tools: they stand in the text, and a schema binds its JSON (response_format)",
    "plain JSON": "knows no tools and no schema: its JSON is read, and sent back if it does not fit",
}


#: What a prompt's beginning is kept by, in words.
_CACHING = {
    "key": "prompts are kept by a key (prompt_cache_key)",
    "marks": "prompts are kept up to marks (cache_control)",
}


def _trial(answer: "Answered") -> str:
    """What a model showed in its trial."""
    told = [f"answered in {answer.seconds:.1f} s", _WAYS[answer.mode]]
    if answer.api:
        told.append("through the Responses API")
    if answer.caching != "none":
        told.append(_CACHING[answer.caching])
    if answer.speed is not None:
        told.append(f"about {answer.speed:.0f} tokens/s")
    known = f"{answer.context} tokens of context ({answer.context_by})"
    told.append(known if answer.context else "its context is not told")
    return "; ".join(told)


def _tiers(first: "ModelSettings") -> Check:
    named = ", ".join(f"{tier.value}: {model.name}" for tier, model in first.models.items())
    return Check(part="Tiers", state=State.OK, found=f"{named} (the tier of each role: agents/roster.yaml)")


def _fallback(chain: "Sequence[ModelSettings]") -> Check:
    named = ", then ".join(f"{next(iter(one.models.values())).name} at {one.where}" for one in chain[1:])
    found = f"{named}, then the playbook" if named else "no further model: the playbook goes on"
    return Check(part="Fallback", state=State.OK, found=found)


def _budgets(settings: Settings) -> Check:
    """What an incident's models may spend, by severity."""
    budget = budget_of(settings)
    told = ", ".join(
        f"{level.value} {limits.tokens if limits.tokens is not None else 'no limit of'} tokens"
        for level, limits in budget.by_severity.items()
    )
    return Check(part="Budgets", state=State.OK, found=f"of one incident: {told}")
