"""Verbs with which people speak: approve, reject, note, severity, stop."""

from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import IncidentId, answered, home, say
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from incidents.actor import Actor

By = Annotated[
    str | None,
    Option("--by", help="Your name; in a live world with people your own token shows it."),
]
Note = Annotated[str, Option("--note", help="Why; the agents read it.")]
ActionId = Annotated[str | None, Option("--action", help="Which proposal, such as A1, if several wait.")]
Digest = Annotated[
    str | None,
    Option("--digest", help="The digest that you looked at: refused if it is another one now."),
]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {
        "approve": approve,
        "reject": reject,
        "note": note,
        "severity": severity,
        "stop": stop,
        "settle": settle,
        "replay": replay,
    }


def approve(
    identity: IncidentId, by: By = None, note: Note = "", action: ActionId = None, digest: Digest = None
) -> None:
    """Approve what an incident proposes. It runs when the incident goes on."""
    _decide("approve", identity, by, note, action, digest)


def reject(
    identity: IncidentId,
    note: Annotated[str, Option("--note", help="Why; the agents look again with it.")],
    by: By = None,
    action: ActionId = None,
    digest: Digest = None,
) -> None:
    """Reject what an incident proposes, with the reason."""
    _decide("reject", identity, by, note, action, digest)


def _decide(
    verdict: str, identity: str, by: str | None, note: str, action: str | None, digest: str | None
) -> None:
    from incidents.action import Verdict
    from nexus.cli.signing import decide

    with home(threads=False) as opened:
        proposal = decide(opened, identity, Verdict(verdict), by, note, action, digest)
        more = f"; {proposal.missing} more approval(s) needed" if proposal.missing else ""
        say(f"{proposal.id} ({proposal.action.title}): {proposal.state}{more}.")
        say(f"If nothing drives {identity} right now, `nexus resume` goes on with it.")


def note(identity: IncidentId, text: Annotated[str, Argument()], by: By = None) -> None:
    """Give the agents a hint or a constraint."""
    from nexus.cli.signing import speaker
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        actor = speaker(opened, identity, by)
        answered(IncidentCommands.of(opened).note(identity, actor=actor, text=text))
        say("Noted; the next assignment sees it.")


def severity(identity: IncidentId, level: Annotated[str, Argument(help="P0 to P3.")], by: By = None) -> None:
    """Set the severity by hand; it stays until a person changes it."""
    from incidents.errors import UnknownName
    from incidents.severity import Severity

    if level.upper() not in set(Severity):
        raise UnknownName("severity", level, set(Severity))
    from nexus.cli.signing import speaker
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        actor = speaker(opened, identity, by)
        answered(IncidentCommands.of(opened).set_severity(identity, Severity(level.upper()), actor=actor))
        say(f"Severity of {identity} set to {level.upper()}.")


def settle(
    identity: IncidentId,
    action: Annotated[str, Argument(help="The proposal, such as A1.")],
    done: Annotated[bool, Option("--done/--not-done", help="What you see at the target.")],
    by: By = None,
    note: Annotated[str, Option("--note", help="What you saw.")] = "",
) -> None:
    """Say what became of a change that was begun, where nobody else can tell; it is never run again."""
    from nexus.cli.signing import speaker
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        service, actor = IncidentCommands.of(opened), speaker(opened, identity, by)
        outcome = answered(service.settle(identity, action, done=done, actor=actor, note=note))
        say(f"{action}: {outcome.detail}.")


def stop(
    *,
    by: By = None,
    reason: Annotated[str, Option("--reason", help="Why.")],
    identity: Annotated[str | None, Argument(metavar="ID", help="The incident; none: with --all.")] = None,
    everything: Annotated[bool, Option("--all", help="Every incident that runs.")] = False,
) -> None:
    """Stop the agents, of one incident or everywhere; pending approvals are revoked, people take over."""
    from nexus.cli.signing import speaker
    from nexus.service.commands import IncidentCommands

    if (identity is None) != everything:
        raise UsageError("Name one incident, or stop everything with --all")
    with home(threads=False) as opened:
        service = IncidentCommands.of(opened)

        def actor_of(one: str) -> "Actor":
            return speaker(opened, one, by, brake=True)

        if identity is not None:
            answered(service.stop(identity, actor=actor_of(identity), reason=reason))
            stopped = [identity]
        else:
            done = answered(service.stop_all(actor_of=actor_of, reason=reason))
            stopped = [one.incident for one in done]
        for one in stopped:
            say(f"{one}: stopped; what was pending is revoked.")
            for title in answered(service.under_way(one)):
                said = f"{one}: to {title} has begun and is not broken off; its outcome will be told."
                say(said)
        if not stopped:
            say("Nothing runs.")


def replay(
    identity: IncidentId,
    by: By = None,
    event: Annotated[
        str | None, Argument(help="Its id, as `nexus show` names it; not needed if it is the only one.")
    ] = None,
) -> None:
    """Have an event heard again that was set aside, once what broke over it is mended."""
    from nexus.cli.signing import speaker
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        actor = speaker(opened, identity, by)
        letter = answered(IncidentCommands.of(opened).replay(identity, actor=actor, event=event))
        say(f"Heard again: {letter.named}.")
