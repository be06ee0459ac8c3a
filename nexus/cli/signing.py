"""How a person decides at the command line: shown the proposal, known by their own token, for that digest."""

import getpass
import importlib
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from incidents.action import Proposal, Verdict
from incidents.actor import Actor, Via
from incidents.errors import ApprovalRefused, Refused
from nexus.cli.base import answered, asks, out, say, settings
from nexus.service.commands import IncidentCommands, full_digest, proposal_to_decide
from nexus.service.queries import IncidentQueries

if TYPE_CHECKING:
    from nexus.home import Home
    from nexus.service.identity import People

#: The service under which a keyring holds a person's token: `keyring set nexus NAME`.
KEYRING = "nexus"


def decide(
    home: "Home",
    identity: str,
    verdict: Verdict,
    by: str | None,
    note: str,
    action: str | None,
    digest: str | None,
) -> Proposal:
    """Send a decision, in a live world with people as whom the token says that it is.

    Raises:
        Refused: nothing shows who it is, or it does not count.
        UsageError: no name is given where one would do.
    """
    commands = IncidentCommands.of(home)
    people = live_people(home, answered(IncidentQueries.of(home).live_configuration(identity)))
    if people is None:
        actor = Actor.named(by or "", Via.CLI)
    else:
        proposal = proposal_to_decide(answered(home.find(identity)), action)
        action, digest = proposal.id, full_digest(proposal, digest)
        if digest != proposal.digest:
            raise ApprovalRefused(
                f"{proposal.id} is {proposal.digest[:12]} now, not {digest[:12]}; look at it again"
            )
        _show(home, identity, proposal)
        actor = _shown(people, by, verdict)
    return answered(commands.decide(identity, verdict, actor=actor, note=note, action=action, digest=digest))


def authenticated(people: "People", name: str | None, token: str) -> Actor:
    """Whose token it is.

    Raises:
        UnknownName: there is no such person.
        Refused: it is empty, nobody's, or not that of the person who is named.
    """
    named = people.named(name) if name is not None else None
    actor = people.by_token(token.strip(), Via.CLI)
    if actor is None or (named is not None and named.person != actor.id):
        whose = f"not {named.name}'s" if named is not None else "nobody's in nexus.yaml's `people`"
        raise ApprovalRefused(f"the token that was shown is {whose}; nothing was decided")
    return actor


def live_people(home: "Home", configuration: Path | None) -> "People | None":
    """The people of a live world; None where a name is enough: it names none, or is a recorded one (None)."""
    if configuration is None:
        return None
    from nexus.config.site import load_site
    from nexus.service.identity import People

    return People.of(load_site(configuration), home.secrets) or None


def _show(home: "Home", identity: str, proposal: Proposal) -> None:
    from nexus.cli.terminal.approvals import proposal_panel
    from tools.clock import WallClock

    queries = IncidentQueries.of(home)
    incident = answered(queries.incident(identity))
    evidence = answered(queries.cited(incident))
    out().print(proposal_panel(proposal, incident, WallClock().now(), evidence))
    say(f"Digest {proposal.digest}")


def _shown(people: "People", by: str | None, verdict: Verdict) -> Actor:
    """The person, by the token of the environment, of their keyring, or that they type."""
    from rich.prompt import Confirm, Prompt

    if by is not None:
        people.named(by)
    kept = settings().token
    token = kept.get_secret_value() if kept is not None else _in_keyring(by)
    if token is not None:
        actor = authenticated(people, by, token)
        question = f"{verdict.capitalize()} as {actor.name}?"
        if sys.stdin.isatty() and not Confirm.ask(question, console=asks(True)):
            raise Refused("Nothing was decided")
        return actor
    if not sys.stdin.isatty():
        raise Refused(
            f"--by alone does not decide in a live world with people: show that it is {by or 'you'}. Set "
            "NEXUS_TOKEN to your own token of nexus.yaml's `people`, keep it in the keyring "
            f"(keyring set {KEYRING} NAME), or type it in a terminal"
        )
    name = by or Prompt.ask("Your name", default=getpass.getuser(), console=asks(True))
    asked = getpass.getpass(f"Token of {name}, to {verdict} this digest: ")
    return authenticated(people, name, asked)


def _in_keyring(name: str | None) -> str | None:
    """What the keyring of this user holds, if the package is installed and it can be opened."""
    try:
        keyring, errors = importlib.import_module("keyring"), importlib.import_module("keyring.errors")
    except ImportError:
        return None
    with suppress(errors.KeyringError):
        found: str | None = keyring.get_password(KEYRING, name or getpass.getuser())
        return found
    return None
