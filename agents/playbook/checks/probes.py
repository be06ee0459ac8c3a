"""Looks at what is asked directly: endpoints, databases, vendors' status pages, pages in a browser."""

from agents.playbook.checks.keywords import quoted
from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, combine, no_data, state_of
from incidents.catalogue import ServiceKind
from incidents.findings import Category, Channel
from incidents.health import Probe
from incidents.reports import CheckState
from tools.toolbox import PROBES, SCREENS
from tools.toolbox.arguments import NoArgs, ProbesArgs

_SHOWN = 3
#: A vendor who says himself that he is down is believed; what hurts tells of this part, not of the cause.
_ADMITTED = 2.0
_ILL = 0.5
_BAD_STATUS = 400


async def look_probes(focus: CheckScope) -> CheckOutcome:
    """What each service in question says when it is asked now, and what those that it calls outside say."""
    return combine([await _probes_of(focus, service) for service in _asked(focus)])


def _asked(focus: CheckScope) -> tuple[str, ...]:
    """The services, then the external parts that they need; only these in a check of external parts."""
    catalogue = focus.context.toolset.sources.world.catalogue
    outside = {part.name for part in catalogue.of_kind(ServiceKind.EXTERNAL)}
    known = [found for name in focus.services if (found := catalogue.find(name)) is not None]
    called = [name for service in known for name in service.depends_on if name in outside]
    return tuple(dict.fromkeys(called if focus.external else [*focus.services, *called]))


async def _probes_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(PROBES, ProbesArgs(service=service))
    view = answer.data
    if view is None or not view.probes:
        why = view.gaps if view is not None else ()
        said = f"No part of {service} told how it is: {quoted(why[0], 200)}" if why else ""
        return no_data(said or f"Nothing of {service} can be asked directly.", answer)
    ill = [probe for probe in view.probes if not probe.healthy]
    told = (ill or list(view.probes))[:_SHOWN]
    said = "; ".join(f"{one.service} {one.target}: {quoted(one.said, 80)}" for one in told)
    return CheckOutcome(
        state=state_of(bool(ill)),
        finding=f"{said}{'' if ill else ' (healthy)'}.",
        evidence=(answer.id,),
        hints=tuple(_unwell(focus, probe, answer.id) for probe in ill[:1]),
        gaps=view.gaps,
    )


def _unwell(focus: CheckScope, probe: Probe, evidence: str) -> Hint:
    found = focus.context.toolset.sources.world.catalogue.find(probe.service)
    outside = found is not None and found.kind is ServiceKind.EXTERNAL
    return Hint(
        service=probe.service, category=Category.DEPENDENCY if outside else None,
        channel=Channel.TOPOLOGY, weight=_ADMITTED if outside else _ILL, evidence=evidence,
        text=f"asked directly it says {quoted(probe.said, 80)}", ranked=outside,
    )  # fmt: skip


async def look_screens(focus: CheckScope) -> CheckOutcome:
    """The configured pages as a browser sees them: a fact, and no sign of any cause."""
    answer = await focus.context.toolset.ask(SCREENS, NoArgs())
    view = answer.data
    if view is None or not view.pages:
        return no_data("No page could be opened in a browser.", answer)
    bad = [one for one in view.pages if not one.complete or (one.status or 0) >= _BAD_STATUS]
    said = "; ".join(
        f"{one.page} {'no status' if one.status is None else f'HTTP {one.status}'}"
        f"{'' if one.complete else ', incomplete'}"
        for one in (bad or view.pages)[:_SHOWN]
    )
    state = CheckState.ABNORMAL if bad else CheckState.NORMAL
    return CheckOutcome(state=state, finding=f"{said}.", evidence=(answer.id,), gaps=view.gaps)
