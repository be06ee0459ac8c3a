"""Verbs with which people speak: approve, reject, note, severity, stop."""

from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import IncidentId, Server, answered, home, reading, say, server_of
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from incidents.action import Verdict
    from incidents.actor import Actor
    from nexus.service.views import AllHalted, Decided

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
        "another-way": another_way,
        "revoke": revoke,
        "note": note,
        "severity": severity,
        "stop": stop,
        "settle": settle,
        "replay": replay,
    }


def approve(
    identity: IncidentId,
    by: By = None,
    note: Note = "",
    action: ActionId = None,
    digest: Digest = None,
    server: Server = None,
) -> None:
    """Approve what an incident proposes. It runs when the incident goes on."""
    _decide("approve", identity, by, note, action, digest, server)


def reject(
    identity: IncidentId,
    note: Annotated[str, Option("--note", help="Why; the agents look again with it.")],
    by: By = None,
    action: ActionId = None,
    digest: Digest = None,
    server: Server = None,
) -> None:
    """Reject what an incident proposes, with the reason."""
    _decide("reject", identity, by, note, action, digest, server)


def another_way(
    identity: IncidentId,
    wish: Annotated[str, Argument(metavar="WISH", help="What it should be instead, or must not touch.")],
    by: By = None,
    action: ActionId = None,
    digest: Digest = None,
    server: Server = None,
) -> None:
    """Ask for another way than what an incident proposes: it is rejected, the agents look with your wish."""
    from incidents.action import Verdict
    from nexus.service.deciding import ANOTHER_WAY

    if not wish.strip():
        raise UsageError("WISH: say what it should be instead, or must not touch; the agents look with it")
    asked = f"{ANOTHER_WAY}{wish.strip()}"
    decided = _decided(Verdict.REJECT, identity, by, asked, action, digest, server)
    say(f"{decided.action} ({decided.title}): {decided.state}; another way is asked for.")
    goes_on(identity, server)


def revoke(
    identity: IncidentId,
    note: Annotated[str, Option("--note", help="Why; the agents look again with it.")],
    by: By = None,
    action: ActionId = None,
    digest: Digest = None,
    server: Server = None,
) -> None:
    """Take back an approval before the change has begun, yours or another's; it is never begun then."""
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote
        from nexus.cli.remote_decision import revoke as revoke_there

        with Remote(at, by) as far:
            revoked = revoke_there(far, identity, note, action, digest)
    else:
        from nexus.cli.signing import speaker
        from nexus.reading import open_decisions
        from nexus.service.decisions import IncidentDecisions
        from nexus.service.views import Decided

        with reading(open_decisions) as opened:
            actor = speaker(opened, identity, by)
            asked = IncidentDecisions.of(opened).revoke(identity, action, digest, actor=actor, note=note)
            revoked = Decided.of(answered(asked))
    say(f"{revoked.action} ({revoked.title}): the approval is taken back, it is not begun.")
    goes_on(identity, server)


def _decide(
    verdict: str,
    identity: str,
    by: str | None,
    note: str,
    action: str | None,
    digest: str | None,
    server: str | None,
) -> None:
    from incidents.action import Verdict

    decided = _decided(Verdict(verdict), identity, by, note, action, digest, server)
    more = f"; {decided.missing} more approval(s) needed" if decided.missing else ""
    say(f"{decided.action} ({decided.title}): {decided.state}{more}.")
    goes_on(identity, server)


def _decided(
    verdict: "Verdict",
    identity: str,
    by: str | None,
    note: str,
    action: str | None,
    digest: str | None,
    server: str | None,
) -> "Decided":
    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote
        from nexus.cli.remote_decision import decide as decide_there

        with Remote(at, by) as far:
            return decide_there(far, identity, verdict, note, action, digest)
    from nexus.cli.signing import decide
    from nexus.reading import open_decisions
    from nexus.service.views import Decided

    with reading(open_decisions) as opened:
        return Decided.of(decide(opened, identity, verdict, by, note, action, digest))


def goes_on(identity: str, server: str | None) -> None:
    """Say what drives an incident of this home; a server drives its own."""
    if server_of(server) is None:
        say(f"If nothing drives {identity} right now, `nexus resume` goes on with it.")


def note(
    identity: IncidentId, text: Annotated[str, Argument()], by: By = None, server: Server = None
) -> None:
    """Give the agents a hint or a constraint."""
    from nexus.cli.sending import said, send
    from nexus.service.requests import LeaveNote
    from nexus.service.views import Noted

    noted = send(identity, said(LeaveNote, text=text), by, server, Noted)
    say("Noted; the next assignment sees it.")
    say(noted.told)


def severity(
    identity: IncidentId,
    level: Annotated[str, Argument(help="P0 to P3.")],
    by: By = None,
    server: Server = None,
) -> None:
    """Set the severity by hand; it stays until a person changes it."""
    from incidents.errors import UnknownName
    from incidents.severity import Severity

    if level.upper() not in set(Severity):
        raise UnknownName("severity", level, set(Severity))
    from nexus.cli.sending import said, send
    from nexus.service.requests import SetSeverity
    from nexus.service.views import Handled

    send(identity, said(SetSeverity, severity=level.upper()), by, server, Handled)
    say(f"Severity of {identity} set to {level.upper()}.")


def settle(
    identity: IncidentId,
    action: Annotated[str, Argument(help="The proposal, such as A1.")],
    done: Annotated[bool, Option("--done/--not-done", help="What you see at the target.")],
    by: By = None,
    note: Annotated[str, Option("--note", help="What you saw.")] = "",
    server: Server = None,
) -> None:
    """Say what became of a change that was begun, where nobody else can tell; it is never run again."""
    from nexus.cli.sending import said, send
    from nexus.service.requests import Settle
    from nexus.service.views import Settled

    settled = send(identity, said(Settle, action=action, done=done, note=note), by, server, Settled)
    say(f"{action}: {settled.outcome.detail}.")


def stop(
    *,
    by: By = None,
    reason: Annotated[str, Option("--reason", help="Why.")],
    identity: Annotated[str | None, Argument(metavar="ID", help="The incident; none: with --all.")] = None,
    everything: Annotated[bool, Option("--all", help="Every incident that runs.")] = False,
    server: Server = None,
) -> None:
    """Stop the agents, of one incident or everywhere; pending approvals are revoked, people take over."""
    if (identity is None) != everything:
        raise UsageError("Name one incident, or stop everything with --all")
    stopped = _stopped(identity, by, reason, server)
    for one in stopped.items:
        say(f"{one.incident}: stopped; what was pending is revoked.")
        for title in one.under_way:
            say(f"{one.incident}: to {title} has begun and is not broken off; its outcome will be told.")
    if not stopped.items:
        say("Nothing runs.")


def _stopped(identity: str | None, by: str | None, reason: str, server: str | None) -> "AllHalted":
    """What was stopped: one incident, or everything."""
    from nexus.cli.sending import said
    from nexus.service.request import Doors
    from nexus.service.requests import Stop, StopEverything
    from nexus.service.views import AllHalted, Halted

    if (at := server_of(server)) is not None:
        from nexus.cli.remote import Remote

        with Remote(at, by) as far:
            if identity is None:
                return far.stop_everything(said(StopEverything, reason=reason))
            done = far.send(identity, said(Stop, reason=reason))
            assert isinstance(done, Halted)  # what a stop is answered with  # noqa: S101
            return AllHalted(items=(done,))
    from nexus.cli.signing import speaker

    with home(threads=False) as opened:

        def actor_of(one: str) -> "Actor":
            return speaker(opened, one, by, brake=True)

        doors = Doors(opened)
        if identity is None:
            return answered(said(StopEverything, reason=reason).put(doors, actor_of))
        one = answered(said(Stop, reason=reason).put(doors, identity, actor_of(identity)))
        return AllHalted(items=(one,))


def replay(
    identity: IncidentId,
    by: By = None,
    event: Annotated[
        str | None, Argument(help="Its id, as `nexus show` names it; not needed if it is the only one.")
    ] = None,
    server: Server = None,
) -> None:
    """Have an event heard again that was set aside, once what broke over it is mended."""
    from nexus.cli.sending import said, send
    from nexus.service.requests import Replay
    from nexus.service.views import DeadLetter

    letter = send(identity, said(Replay, event=event), by, server, DeadLetter)
    say(f"Heard again: {letter.named}.")
