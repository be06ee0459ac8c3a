"""Verbs with which people speak: approve, reject, note, severity, stop."""

from typing import TYPE_CHECKING, Annotated

import typer

from incidents.errors import UsageError
from nexus.cli.base import IncidentId, answered, home, out

if TYPE_CHECKING:
    from incidents.actor import Actor

By = Annotated[str, typer.Option("--by", help="Your name.")]
Signer = Annotated[
    str | None,
    typer.Option("--by", help="Your name; in a live world with people your own token has to show it."),
]
Note = Annotated[str, typer.Option("--note", help="Why; the agents read it.")]
ActionId = Annotated[
    str | None, typer.Option("--action", help="Which proposal, such as A1, if several wait.")
]
Digest = Annotated[
    str | None,
    typer.Option("--digest", help="The digest that you looked at: refused if it is another one now."),
]


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("approve")(approve)
    app.command("reject")(reject)
    app.command("note")(note)
    app.command("severity")(severity)
    app.command("stop")(stop)
    app.command("settle")(settle)


def approve(
    identity: IncidentId, by: Signer = None, note: Note = "", action: ActionId = None, digest: Digest = None
) -> None:
    """Approve what an incident proposes. It runs when the incident goes on."""
    _decide("approve", identity, by, note, action, digest)


def reject(
    identity: IncidentId,
    note: Annotated[str, typer.Option("--note", help="Why; the agents look again with it.")],
    by: Signer = None,
    action: ActionId = None,
    digest: Digest = None,
) -> None:
    """Reject what an incident proposes, with the reason."""
    _decide("reject", identity, by, note, action, digest)


def actor_of(name: str) -> "Actor":
    """Who types, by the name that they give."""
    from incidents.actor import Actor, Via

    return Actor.named(name, Via.CLI)


def _decide(
    verdict: str, identity: str, by: str | None, note: str, action: str | None, digest: str | None
) -> None:
    from incidents.action import Verdict
    from nexus.cli.signing import decide

    with home(threads=False) as opened:
        proposal = decide(opened, identity, Verdict(verdict), by, note, action, digest)
        more = f"; {proposal.missing} more approval(s) needed" if proposal.missing else ""
        out().print(f"{proposal.id} ({proposal.action.title}): {proposal.state}{more}.", markup=False)
        out().print(f"If nothing drives {identity} right now, `nexus resume` goes on with it.", markup=False)


def note(identity: IncidentId, text: Annotated[str, typer.Argument()], by: By) -> None:
    """Give the agents a hint or a constraint."""
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        answered(IncidentCommands.of(opened).note(identity, actor=actor_of(by), text=text))
        out().print("Noted; the next assignment sees it.")


def severity(identity: IncidentId, level: Annotated[str, typer.Argument(help="P0 to P3.")], by: By) -> None:
    """Set the severity by hand; it stays until a person changes it."""
    from incidents.errors import UnknownName
    from incidents.severity import Severity

    if level.upper() not in set(Severity):
        raise UnknownName("severity", level, set(Severity))
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        answered(
            IncidentCommands.of(opened).set_severity(identity, Severity(level.upper()), actor=actor_of(by))
        )
        out().print(f"Severity of {identity} set to {level.upper()}.", markup=False)


def settle(
    identity: IncidentId,
    action: Annotated[str, typer.Argument(help="The proposal, such as A1.")],
    done: Annotated[bool, typer.Option("--done/--not-done", help="What you see at the target.")],
    by: By,
    note: Annotated[str, typer.Option("--note", help="What you saw.")] = "",
) -> None:
    """Say what became of a change that was begun, where nobody else can tell; it is never run again."""
    from nexus.service.commands import IncidentCommands

    with home(threads=False) as opened:
        service = IncidentCommands.of(opened)
        outcome = answered(service.settle(identity, action, done=done, actor=actor_of(by), note=note))
        out().print(f"{action}: {outcome.detail}.", markup=False)


def stop(
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    identity: Annotated[
        str | None, typer.Argument(metavar="ID", help="The incident; none: with --all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every incident that runs.")] = False,
) -> None:
    """Stop the agents, of one incident or everywhere; pending approvals are revoked, people take over."""
    from nexus.service.commands import IncidentCommands

    if (identity is None) != everything:
        raise UsageError("Name one incident, or stop everything with --all")
    with home(threads=False) as opened:
        service, actor = IncidentCommands.of(opened), actor_of(by)
        if identity is not None:
            answered(service.stop(identity, actor=actor, reason=reason))
        stopped = (identity,) if identity else answered(service.stop_all(actor=actor, reason=reason))
        for one in stopped:
            out().print(f"{one}: stopped; what was pending is revoked.", markup=False)
            for title in answered(service.under_way(one)):
                said = f"{one}: to {title} has begun and is not broken off; its outcome will be told."
                out().print(said, markup=False)
        if not stopped:
            out().print("Nothing runs.")
