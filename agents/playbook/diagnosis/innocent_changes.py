"""Changes that their service outlived: it serves as usual by now, while another service does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.engine import RoleContext
from agents.playbook.checks.result import Hint
from agents.playbook.checks.runbook_checks import has_tool
from agents.playbook.checks.symptoms import say_level
from incidents.findings import Category, Channel
from incidents.verification import SignalKind
from tools.telemetry.levels import DEVIATES
from tools.telemetry.observe import observe, topology
from tools.telemetry.request_failures import healthy_while_others_fail
from tools.toolbox import CHANGES, METRICS
from tools.toolbox.arguments import ChangesArgs, MetricsArgs

_SERVES = (SignalKind.ERRORS, SignalKind.LATENCY)
#: It outweighs what the ranking takes the service for.
_CLEARED = 2.0
_MOST = 50


@dataclass(frozen=True)
class _Serving:
    """Whether a service serves as usual (None: not known), the levels that tell, and their evidence."""

    well: bool | None
    said: str
    evidence: tuple[str, ...]


async def without_outlived(hints: Sequence[Hint], context: RoleContext) -> list[Hint]:
    """The hints without those that blame a change which its service outlived.

    A release interrupts its service for a moment, and that looks like the beginning of trouble. Whoever is
    the cause of trouble that goes on shows it now, or in those that call it: only where one suffers that
    does not, directly or not, is it somebody else's. Levels need their time to tell. Single requests do not:
    a service that answers as ever while users' requests go on failing is passed over at once, if telemetry
    ranks another one before it.

    Returns:
        What else was seen, and for each service so cleared a sign against a deployment as the cause. What
        speaks against a change anyway is told with how its service serves.
    """
    if not any(_names_a_change(hint) for hint in hints) or not has_tool(context, METRICS.name):
        return list(hints)
    since = await _changed(context, hints)
    serving = {
        name: await _serves(context, name, since.get(name))
        for name in dict.fromkeys(hint.service for hint in hints)
    }
    suffering = [name for name, one in serving.items() if one.well is False]
    needs = topology(context.toolset.sources.world.catalogue)
    found: list[Hint] = []
    cleared: dict[str, list[Hint]] = {}
    for hint in hints:
        others = suffering if serving[hint.service].well and _names_a_change(hint) else []
        apart = [name for name in others if hint.service not in needs.distances(name)]
        if others and hint.against:
            found += _told(hint, f"{hint.text};", serving, others[0])
        elif apart:
            cleared.setdefault(hint.service, _clearing(hint, serving, apart[0]))
        elif (sign := await _passed_over(context, hint, hints)) is not None:
            cleared.setdefault(hint.service, [sign])
        else:
            found.append(hint)
    return [*found, *(hint for signs in cleared.values() for hint in signs)]


def _names_a_change(hint: Hint) -> bool:
    return hint.channel is Channel.CHANGES and hint.change is not None


def _clearing(blaming: Hint, serving: Mapping[str, _Serving], other: str) -> list[Hint]:
    sign = _sign(blaming, serving[blaming.service].evidence[0])
    return _told(sign, "since its change", serving, other)


def _sign(blaming: Hint, evidence: str) -> Hint:
    """What speaks against a change that a hint blames; its text is still to be told."""
    return Hint(
        service=blaming.service, category=Category.DEPLOYMENT, channel=Channel.METRICS, weight=_CLEARED,
        text="", evidence=evidence, against=True, change=blaming.change,
    )  # fmt: skip


async def _passed_over(context: RoleContext, hint: Hint, hints: Sequence[Hint]) -> Hint | None:
    """What speaks against a change whose service answers as ever while users' requests go on failing."""
    if hint.against or not _names_a_change(hint):
        return None
    ranked = [one for one in hints if one.ranked and not one.against]
    own = max((one.weight for one in ranked if one.service == hint.service), default=0.0)
    first = max(ranked, key=lambda one: (one.weight, one.service), default=None)
    if first is None or first.service == hint.service or first.weight <= own:
        return None
    users = context.toolset.sources.world.catalogue.user_facing
    failing = healthy_while_others_fail(await observe(context.toolset.sources), hint.service, users)
    text = (
        f"since its change {hint.service} answers as ever while requests to {failing} go on failing, "
        f"and {first.service} stands out more"
    )
    return _sign(hint, first.evidence).model_copy(update={"text": text}) if failing else None


def _told(sign: Hint, lead: str, serving: Mapping[str, _Serving], other: str) -> list[Hint]:
    """A sign against a change, told with the levels of both services; their evidence is only cited."""
    own, theirs = serving[sign.service], serving[other]
    text = f"{lead} {sign.service} serves as usual: {own.said}. Of {other} that is not so: {theirs.said}"
    told = sign.model_copy(update={"text": text})
    cited = dict.fromkeys((*own.evidence, *theirs.evidence))
    return [
        told,
        *(told.model_copy(update={"weight": 0.0, "evidence": e}) for e in cited if e != sign.evidence),
    ]


async def _changed(context: RoleContext, hints: Sequence[Hint]) -> dict[str, datetime]:
    """When each service was changed last, of the changes that are named."""
    if not has_tool(context, CHANGES.name):
        return {}
    answer = await context.toolset.ask(CHANGES, ChangesArgs())
    named = {hint.change for hint in hints if _names_a_change(hint)}
    found = [one.change for one in (answer.data.changes if answer.data else ()) if one.change.id in named]
    return {change.service: change.time for change in sorted(found, key=lambda change: change.time)}


async def _serves(context: RoleContext, service: str, since: datetime | None) -> _Serving:
    """Whether it fails and delays no more than usual.

    Not known where not both are measured, by enough requests, or where "now" began before its change.
    """
    answers = [
        await context.toolset.ask(METRICS, MetricsArgs(service=service, kind=kind, limit=_MOST))
        for kind in _SERVES
    ]
    own = [[one for one in answer.data.levels if not one.peer] if answer.data else [] for answer in answers]
    evidence = tuple(answer.id for answer in answers)
    if off := [level for levels in own for level in levels if level.deviates]:
        return _Serving(False, say_level(off[0]), evidence)
    few = any(level.sigmas >= DEVIATES for levels in own for level in levels)
    mixed = any(since is not None and answer.data and answer.data.now.start < since for answer in answers)
    both = [[one for one in levels if one.now is not None and one.baseline is not None] for levels in own]
    known = not few and not mixed and all(both)
    said = "; ".join(say_level(levels[0]) for levels in both if levels)
    return _Serving(True if known else None, said, evidence)
