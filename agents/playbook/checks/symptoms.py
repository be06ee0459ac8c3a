"""Looks at what may be the cause: the ranking, the series of a service, its logs."""

from agents.playbook.checks.changes import is_near
from agents.playbook.checks.keywords import names, quoted_line
from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, combine, no_data, state_of
from incidents.catalogue import Service, ServiceKind
from incidents.causes import Causes, LogSign, SignLevel
from incidents.findings import Category, Channel, Suspect, telling
from incidents.reports import CheckState
from incidents.verification import Signal, SignalKind
from tools.analysis import CLEAR
from tools.analysis.conventions import conventions
from tools.plainly import level as in_peoples_unit
from tools.plainly import percent
from tools.telemetry.levels import Level
from tools.telemetry.service_state import reports_down
from tools.toolbox import LOGS, METRICS, SUSPECTS
from tools.toolbox.arguments import LogsArgs, MetricsArgs, NoArgs
from tools.toolbox.views import LogsView, LogTemplate, MetricsView
from tools.wording import clock_time, quantity

#: How many suspects are taken seriously.
SUSPECTED = 3
#: What the best suspect's place in the ranking weighs; the others weigh in proportion.
_PLACE = 3.0
#: What the ranking takes a suspect for has weighed all its signs, so it weighs more than one resource.
_KIND = 1.5
#: What hardly stands out weighs less than a change that fits.
_FAINT = 0.3
#: A line that names the cause weighs more than what the ranking takes a suspect for, less than a release.
_LINE = {
    SignLevel.DECISIVE: 2.2, SignLevel.CLEAR: 0.8, SignLevel.WEAK: 0.3, SignLevel.FAINT: 0.3,
}  # fmt: skip
#: A caller that complains about a part it calls tells where not to look.
_COMPLAINT = 0.3
#: A line that no card knows.
_PLAIN = 0.4
#: That nothing is left of a service weighs more than the best place in the ranking with its kind.
_GONE = 5.0
#: A line in which a caller passes on what a part answered weighs less than that part's own.
_PASSED_ON = 0.5
_SHOWN = 3
_MOST = 50


async def look_suspects(focus: CheckScope) -> CheckOutcome:
    """Who ranks first, and why."""
    answer = await focus.context.toolset.ask(SUSPECTS, NoArgs())
    ranking = answer.data
    if ranking is None or (not ranking.suspects and not ranking.quiet):
        return no_data("The suspects could not be ranked.", answer)
    faint = ranking.quiet
    if faint and not (ranking.suspects and focus.context.incident.ever_deviated):
        return CheckOutcome(
            state=CheckState.NORMAL,
            measured=False,
            finding="No service stands out from its usual state.",
            evidence=(answer.id,),
            gaps=ranking.missing,
        )
    first, top = ranking.suspects[0], ranking.suspects[:SUSPECTED]
    return CheckOutcome(
        state=CheckState.ABNORMAL,
        finding=f"{first.service} stands out most{', but hardly' if faint else ''} ({_why(first)}).",
        evidence=(answer.id,),
        hints=tuple(
            hint.model_copy(update={"faint": True, "weight": _FAINT * hint.weight}) if faint else hint
            for suspect in top
            for hint in _suspected(suspect, first.score, answer.id)
        ),
        gaps=ranking.missing,
    )


def _why(suspect: Suspect) -> str:
    return "; ".join(reason.text for reason in suspect.reasons[:_SHOWN]) or f"score {suspect.score:.2f}"


def _suspected(suspect: Suspect, best: float, evidence: str) -> list[Hint]:
    """The place in the ranking, told once per channel that it rests on, and the category it suggests."""
    channels = list(telling(suspect)) or [Channel.TOPOLOGY]
    parts = [sum(reason.score for reason in suspect.reasons if reason.channel is one) for one in channels]
    share = _PLACE * suspect.score / best / (sum(parts) or len(parts)) if best > 0 else 0.0
    hints = [
        Hint(
            service=suspect.service, channel=channel, weight=share * (part or 1.0), evidence=evidence,
            text=next((r.text for r in suspect.reasons if r.channel is channel), "it ranks high"),
            onset=suspect.onset, change=suspect.change, ranked=True,
            near=_is_near(suspect), faint=suspect.score < CLEAR,
        )
        for channel, part in zip(channels, parts, strict=True)
    ]  # fmt: skip
    if suspect.category is not Category.UNKNOWN:
        hints.append(_kind_of(suspect, channels[0], evidence))
    return hints


def _kind_of(suspect: Suspect, channel: Channel, evidence: str) -> Hint:
    """The kind of cause that the ranking takes it for; for a deployment the change is the sign."""
    changed = [r for r in suspect.reasons if r.channel is Channel.CHANGES]
    by_change = bool(changed) and suspect.category is Category.DEPLOYMENT
    texts = [
        *(r.text for r in changed if by_change),
        *(reason.text for reason in suspect.reasons),
        "it ranks high",
    ]
    return Hint(
        service=suspect.service, category=suspect.category, channel=Channel.CHANGES if by_change else channel,
        weight=_KIND, text=texts[0], evidence=evidence, onset=suspect.onset, change=suspect.change,
        near=_is_near(suspect), faint=suspect.score < CLEAR,
    )  # fmt: skip


def _is_near(suspect: Suspect) -> bool:
    """Whether the change that the ranking blames, if it blames one, was made just before it began."""
    changed = [r.onset for r in suspect.reasons if r.channel is Channel.CHANGES]
    return all(is_near(made, suspect.onset) for made in changed if made and suspect.onset)


async def look_metrics(focus: CheckScope) -> CheckOutcome:
    """The series of each service in question, of one kind if the check is about one."""
    return combine([await _metrics_of(focus, service) for service in focus.services])


async def _metrics_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(METRICS, MetricsArgs(service=service, kind=focus.kind))
    view = answer.data
    if view is None or not view.levels:
        what = f"{focus.kind} series" if focus.kind else "series"
        return no_data(f"No {what} of {service} are recorded.", answer)
    off = [level for level in view.levels if level.deviates]
    said = "; ".join(say_level(level) for level in (off or list(view.levels))[:_SHOWN])
    return CheckOutcome(
        state=state_of(bool(off)),
        finding=f"{service}: {said}{'' if off else ' (as usual)'}.",
        evidence=(answer.id,),
        hints=_of_series(view, off, answer.id),
        gaps=view.gaps,
    )


def say_level(level: Level) -> str:
    """One series as people say it: `61 % of its requests fail, usually none`."""
    whose = f"its calls to {level.peer}" if level.peer else "its requests"
    now, usual = _level(level, level.now), _level(level, level.baseline)
    known = level.baseline is not None
    told = f"{now}, usually {usual}" if known else now
    if level.now is None:
        return f"{level.metric.replace('_', ' ')}: no data"
    if level.kind is SignalKind.ERRORS and conventions().meaning(level.metric, level.unit).family == "up":
        before = f", usually in {_up(level.baseline)}" if known else ""
        return f"{level.metric.replace('_', ' ')} in {_up(level.now)} of its instances{before}"
    if level.kind is SignalKind.ERRORS and level.unit in {"ratio", "percent"}:
        return f"{now} of {whose} fail" + (f", usually {usual}" if known else "")
    if level.kind is SignalKind.LATENCY:
        return f"answers{f' of {level.peer}' if level.peer else ''} take {told}"
    return f"{level.metric.replace('_', ' ')}{f' to {level.peer}' if level.peer else ''} {told}"


def _up(down: float | None) -> str:
    """How much is up, by the share that is not."""
    return percent(1 - down) if down else "all"


def _level(level: Level, value: float | None) -> str:
    if level.unit == "bytes" or level.kind is None:
        return quantity(value, level.unit)
    signal = Signal(service=level.service, metric=level.metric, kind=level.kind, unit=level.unit)
    return in_peoples_unit(value, signal)


def _of_series(view: MetricsView, off: list[Level], evidence: str) -> tuple[Hint, ...]:
    """Exhausted resources are one sign for infrastructure, others one against it; the rest is a mark."""
    hints = []
    resources = [
        level for level in view.levels if level.kind is SignalKind.SATURATION and level.now is not None
    ]
    exhausted = [level for level in off[:_SHOWN] if level.kind is SignalKind.SATURATION]
    for level in off[:_SHOWN]:
        saturated = level in exhausted
        hints.append(
            Hint(
                service=view.service, channel=Channel.METRICS, evidence=evidence, onset=level.onset,
                category=Category.INFRASTRUCTURE if saturated else None,
                weight=1.0 / len(exhausted) if saturated else 0.3, text=say_level(level),
            )
        )  # fmt: skip
    if resources and not any(level.deviates for level in resources):
        hints.append(
            Hint(
                service=view.service, category=Category.INFRASTRUCTURE, channel=Channel.METRICS, weight=0.5,
                text=f"the resources of {view.service} are used as usual", evidence=evidence, against=True,
            )
        )  # fmt: skip
    return tuple(hints)


async def look_gone(focus: CheckScope) -> list[Hint]:
    """The services of which no instance is up: whatever else is a little off beside that suffers from it."""
    asked = [MetricsArgs(service=name, kind=SignalKind.ERRORS, limit=_MOST) for name in focus.services]
    answers = [await focus.context.toolset.ask(METRICS, one) for one in asked]
    return [
        Hint(
            service=one.service, channel=Channel.METRICS, weight=_GONE, evidence=answer.id, ranked=True,
            text=f"no instance of {one.service} is up", onset=level.onset,
        )
        for one, answer in zip(asked, answers, strict=True)
        for level in [one for one in (answer.data.levels if answer.data else ()) if reports_down(one)][:1]
    ]  # fmt: skip


async def look_logs(focus: CheckScope) -> CheckOutcome:
    """Error lines of each service in question: new kinds, and kinds that grew."""
    return combine([await _logs_of(focus, service) for service in focus.services])


async def _logs_of(focus: CheckScope, service: str) -> CheckOutcome:
    answer = await focus.context.toolset.ask(LOGS, LogsArgs(service=service))
    view = answer.data
    if view is None or not view.lines:
        return no_data(f"No log lines of {service} are recorded.", answer)
    telling = telling_lines(view, focus.context.causes)
    if not telling:
        finding = f"{service} logs no new or growing kind of error."
        return CheckOutcome(state=CheckState.NORMAL, finding=finding, evidence=(answer.id,), gaps=view.gaps)
    said = "; ".join(
        f"{quoted_line(one.template)} {one.lines} times since {clock_time(one.first)}"
        for one in telling[:_SHOWN]
    )
    return CheckOutcome(
        state=CheckState.ABNORMAL,
        finding=f"{service} logs {'a new kind of error' if telling[0].novel else 'more errors'}: {said}.",
        evidence=(answer.id,),
        hints=_of_lines(focus, service, telling, answer.id),
        gaps=view.gaps,
    )


def telling_lines(view: LogsView, causes: Causes) -> list[LogTemplate]:
    """The failures that are new, or that grew."""
    return [one for one in view.templates if _is_failure(one, causes) and (one.novel or has_grown(one))]


def _is_failure(one: LogTemplate, causes: Causes) -> bool:
    """By its level; where the source gives none, by its words."""
    if one.level in {"error", "warn", "fatal"}:
        return True
    return one.level == "" and causes.of_line(one.template) is not None


def has_grown(one: LogTemplate) -> bool:
    """More of it than usual; where the usual is not known, any line of it."""
    usual = one.baseline_per_minute
    return usual is None or one.per_minute >= max(3 * usual, usual + 1)


def _of_lines(focus: CheckScope, service: str, telling: list[LogTemplate], evidence: str) -> tuple[Hint, ...]:
    return tuple(_of_line(focus, service, one, evidence) for one in telling[:_SHOWN])


def _of_line(focus: CheckScope, service: str, one: LogTemplate, evidence: str) -> Hint:
    """What one line tells of the service that writes it, or of the one part that it calls and names.

    Of a part outside, what its callers log is all that can be read; of one inside, its own lines say more.
    """
    sign = focus.context.causes.of_line(one.template, one.sample)
    weight, told = _log_weight(one, sign), sign.category if sign is not None else None
    about = _named(focus, service, one.template)
    if about is None:
        return Hint(
            service=service, category=told, channel=Channel.LOGS, evidence=evidence, onset=one.first,
            weight=weight, text=f"it logs {quoted_line(one.template, 80)}",
        )  # fmt: skip
    outside = about.kind is ServiceKind.EXTERNAL
    # Whoever cannot reach a part sees that itself, which the part may not.
    first_hand = outside or (sign is not None and sign.card.at_callers)
    inside = None if told is Category.DEPENDENCY else told
    return Hint(
        service=about.name, category=Category.DEPENDENCY if outside else inside, channel=Channel.LOGS,
        weight=weight if first_hand else _PASSED_ON * weight, evidence=evidence, onset=one.first,
        text=f"{service} logs {quoted_line(one.template, 80)}", ranked=outside,
    )  # fmt: skip


def _named(focus: CheckScope, service: str, line: str) -> Service | None:
    """The part that the service calls and the line names, if it names one alone."""
    catalogue = focus.context.toolset.sources.world.catalogue
    found = catalogue.find(service)
    named = [part for part in (found.depends_on if found is not None else ()) if names(line, part)]
    return catalogue.find(named[0]) if len(named) == 1 else None


def _log_weight(one: LogTemplate, sign: LogSign | None) -> float:
    if sign is None:
        weight = _PLAIN
    elif sign.category is Category.DEPENDENCY:
        weight = _COMPLAINT
    else:
        weight = _LINE[sign.level]
    return weight if one.novel else weight / 2
