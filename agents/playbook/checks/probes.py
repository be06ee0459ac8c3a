"""Looks at what is asked directly: endpoints, databases, vendors' status pages, pages in a browser."""

from collections.abc import Sequence

from agents.playbook.checks.keywords import quoted
from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, combine, no_data, state_of
from incidents.catalogue import Catalogue, ServiceKind
from incidents.cluster import Finding, Standing
from incidents.findings import Category, Channel
from incidents.health import Probe
from incidents.reports import CheckState
from tools.toolbox import PROBES, SCREENS
from tools.toolbox.arguments import NoArgs, ProbesArgs

_SHOWN = 3
#: A vendor who says himself that he is down is believed; what hurts tells of this part, not of the cause.
_ADMITTED = 2.0
_ILL = 0.5
#: What the cluster itself names as wrong weighs more than the best place in the ranking with its kind; a sign
#: of it has its cause elsewhere more often than not.
_NAMED, _MORE, _SIGN = 5.0, 1.0, 1.5
_TELLING = (Standing.CAUSE, Standing.SIGN, Standing.BESIDE)
_BAD_STATUS = 400
#: What is wrong near it and of no part that is watched counts where nothing else does.
_BESIDE = 0.2
#: As many parts behind the services in question are asked.
_BEHIND = 12


async def look_probes(focus: CheckScope) -> CheckOutcome:
    """What each service in question says when it is asked now, and what those that it calls outside say."""
    return combine([await _probes_of(focus, service) for service in _asked(focus)])


def _asked(focus: CheckScope) -> tuple[str, ...]:
    """The services and what they need, however far behind; only external parts in a check of these."""
    catalogue = focus.context.toolset.sources.world.catalogue
    outside = {part.name for part in catalogue.of_kind(ServiceKind.EXTERNAL)}
    known = [name for name in focus.services if catalogue.find(name) is not None]
    behind = [name for name in _behind(catalogue, known) if name not in known][:_BEHIND]
    called = [name for name in behind if name in outside]
    return tuple(dict.fromkeys(called if focus.external else [*focus.services, *behind]))


def _behind(catalogue: Catalogue, names: Sequence[str]) -> list[str]:
    """What services call, and what that calls in turn, the nearest first."""
    reached = list(names)
    for name in reached:
        found = catalogue.find(name)
        fresh = found.depends_on if found is not None else ()
        reached += [one for one in fresh if one not in reached and catalogue.find(one) is not None]
    return reached


async def _probes_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(PROBES, ProbesArgs(service=service))
    view = answer.data
    if view is None or not view.probes:
        why = view.gaps if view is not None else ()
        said = f"No part of {service} told how it is: {quoted(why[0], 200)}" if why else ""
        return no_data(said or f"Nothing of {service} can be asked directly.", answer)
    ill = [probe for probe in view.probes if not probe.healthy]
    told = (ill or list(view.probes))[:_SHOWN]
    said = "; ".join(f"{one.service} {one.target}: {_say(one)}" for one in told)
    return CheckOutcome(
        state=state_of(bool(ill) or any(_beside(probe) for probe in view.probes)),
        finding=f"{said}{'' if ill else ' (healthy)'}.",
        evidence=(answer.id,),
        hints=_hints(focus, ill, answer.id) or _near(view.probes, answer.id),
        gaps=view.gaps,
    )


def _say(probe: Probe) -> str:
    """What a part says; what its cluster names as wrong goes before how many pods it has."""
    named = [one for one in probe.findings if one.standing in _TELLING][:_SHOWN]
    if not named:
        return quoted(probe.said, 80 if not probe.findings else 200)
    return ", ".join(f"{quoted(one.sentence, 240)} ({quoted('; '.join(one.evidence), 200)})" for one in named)


def _hints(focus: CheckScope, ill: Sequence[Probe], evidence: str) -> tuple[Hint, ...]:
    """What each part's cluster names, by kind of cause; else that the first one is not well."""
    named = [hint for probe in ill for hint in _named(probe, evidence)]
    return tuple(named or [_unwell(focus, probe, evidence) for probe in ill[:1]])


def _near(probes: Sequence[Probe], evidence: str) -> tuple[Hint, ...]:
    """What is wrong in the same namespace, of nothing that is watched."""
    return tuple(
        Hint(
            service=probe.service, category=None, channel=Channel.TOPOLOGY, weight=_BESIDE, evidence=evidence,
            text=f"elsewhere in its namespace {quoted(one.sentence, 240)}", faint=True, itself=True,
        )
        for probe in probes
        for one in _beside(probe)[:1]
    )  # fmt: skip


def _beside(probe: Probe) -> list[Finding]:
    return [one for one in probe.findings if one.standing is Standing.BESIDE]


def _named(probe: Probe, evidence: str) -> list[Hint]:
    causes = [one for one in probe.findings if one.standing is Standing.CAUSE]
    found = causes or [one for one in probe.findings if one.standing is Standing.SIGN]
    by_kind: dict[Category, list[str]] = {}
    for one in found:
        by_kind.setdefault(one.category, []).append(one.sentence)
    weights = [_NAMED if causes else _SIGN, *[_MORE] * len(by_kind)]
    return [
        Hint(
            service=probe.service, category=None if kind is Category.UNKNOWN else kind,
            channel=Channel.TOPOLOGY, weight=weight, evidence=evidence,
            text=quoted_all(sentences[:_SHOWN]), ranked=bool(causes), named=bool(causes),
            itself=True,
        )
        for weight, (kind, sentences) in zip(weights, by_kind.items(), strict=False)
    ]  # fmt: skip


def quoted_all(sentences: Sequence[str]) -> str:
    """What a cluster names, one after the other."""
    return ", and ".join(quoted(one, 260) for one in sentences)


def _unwell(focus: CheckScope, probe: Probe, evidence: str) -> Hint:
    found = focus.context.toolset.sources.world.catalogue.find(probe.service)
    outside = found is not None and found.kind is ServiceKind.EXTERNAL
    return Hint(
        service=probe.service, category=Category.DEPENDENCY if outside else None,
        channel=Channel.TOPOLOGY, weight=_ADMITTED if outside else _ILL, evidence=evidence,
        text=f"asked directly it says {quoted(probe.said, 80)}", ranked=outside,
        itself=True,
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
