"""Looks at the state as a whole: every service, and whether the watched signals recovered."""

from agents.playbook.checks.result import CheckOutcome, CheckScope, Hint, no_data, state_of
from agents.playbook.checks.symptoms import say_level
from incidents.findings import Channel
from incidents.reports import CheckState
from incidents.verification import Recovery, Verification
from tools.telemetry.alert_rules import say_broken
from tools.telemetry.recovery import say_reading
from tools.telemetry.service_state import ServiceState
from tools.toolbox import OVERVIEW, RECOVERY
from tools.toolbox.arguments import NoArgs, RecoveryArgs
from tools.toolbox.phrases import say_ended, say_failing
from tools.toolset import Answer

_SHOWN = 4
_READINGS = 2


async def look_overview(focus: CheckScope) -> CheckOutcome:
    """Every service; in a check for new issues, those that were not hit before."""
    answer = await focus.context.toolset.ask(OVERVIEW, NoArgs())
    view = answer.data
    reporting = view.services if view else ()
    if view is None or not reporting:
        unread = view is None  # nobody was heard, which is not the same as nobody speaking
        said = (
            "The state of the services could not be read." if unread else "No service reports a signal now."
        )
        return no_data(said, answer)
    off = [state for state in view.services if state.deviates or state.down]
    if focus.fresh:
        return _new_issues(focus, off, view.gaps, answer.id)
    said = "; ".join(say_state(state) for state in off[:_SHOWN])
    left = len(off) - _SHOWN
    return CheckOutcome(
        state=state_of(bool(off)),
        finding=f"{said}{f'; and {left} more' if left > 0 else ''}." if off else "All services do as usual.",
        evidence=(answer.id,),
        hints=tuple(
            Hint(
                service=state.service, channel=Channel.METRICS, weight=0.3, text=say_state(state),
                evidence=answer.id, onset=state.onset,
            )
            for state in off[:_SHOWN]
        ),
        gaps=view.gaps,
    )  # fmt: skip


def _new_issues(
    focus: CheckScope, off: list[ServiceState], gaps: tuple[str, ...], evidence: str
) -> CheckOutcome:
    new = [state for state in off if state.service not in focus.hit_before]
    said = "; ".join(say_state(state) for state in new[:_SHOWN])
    return CheckOutcome(
        state=state_of(bool(new)),
        finding=" ".join([f"{said}." if new else "Nothing deviates that did not before the change.", *gaps]),
        evidence=(evidence,),
        gaps=gaps,
    )


def say_state(state: ServiceState) -> str:
    """One service in a few words: what deviates, or that it is down."""
    levels = [say_failing(state.failing)] if state.failing is not None else []
    levels += [say_level(level) for level in state.levels if level.deviates][:2]
    levels += [say_broken(level) for level in state.rules[:1]]
    levels += [say_ended(state.ended)] if state.ended is not None else []
    parts = ["answers nothing", *levels] if state.down and (not levels or state.ended) else levels
    return f"{state.service}: {', '.join(parts) or 'as usual'}"


async def ask_recovery(focus: CheckScope) -> Answer[Verification]:
    """The judgement over the watched signals, with the runbook's time for a fix to show."""
    settle = focus.context.runbook.watch.settle.total_seconds() / 60
    return await focus.context.toolset.ask(RECOVERY, RecoveryArgs(settle_minutes=settle))


async def look_recovery(focus: CheckScope) -> CheckOutcome:
    """The watched signals before and after the change."""
    answer = await ask_recovery(focus)
    found = answer.data
    if found is None or found.verdict is Recovery.UNKNOWN:
        why = found.summary if found is not None else "The watched signals could not be read."
        return no_data(why, answer)
    readings = [r for r in found.readings if focus.kind is None or r.signal.kind is focus.kind]
    if not readings:
        return no_data(f"No {focus.kind} signal is watched.", answer)
    known = [r for r in readings if r.verdict is not Recovery.UNKNOWN]
    if not known:
        return no_data("Too little data since the change to tell.", answer)
    off = [r for r in known if r.verdict is not Recovery.RECOVERED]
    told = sorted(off or known, key=lambda r: not r.signal.opened)[:_READINGS]
    said = "; ".join(say_reading(reading) for reading in told)
    return CheckOutcome(
        state=state_of(bool(off)),
        finding=f"{len(known) - len(off)} of {len(known)} watched signals are back to normal: {said}.",
        evidence=(answer.id,),
    )


def nothing_known() -> CheckOutcome:
    """For a check that no tool of the role answers."""
    return CheckOutcome(state=CheckState.NO_DATA, finding="No tool of this role answers this check.")
