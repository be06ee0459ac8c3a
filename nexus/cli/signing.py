"""Who speaks at the command line: in a live world with people whoever their own token says.

Who decides is shown the proposal first, and signs that digest.
"""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incidents.action import Proposal, Verdict
from incidents.actor import Actor, Via
from incidents.errors import ApprovalRefused, Forbidden, Refused, SettingsError
from nexus.cli.base import answered, asks, complain, out, say
from nexus.cli.seeing import KEYRING, kept_token, require_seen, require_seen_by
from nexus.service.deciding import full_digest, proposal_to_decide
from nexus.service.decisions import IncidentDecisions
from nexus.service.undecided import Undecided, UndecidedQueries

if TYPE_CHECKING:
    from nexus.reading import DecisionHome, ReadableHome
    from nexus.service.identity import People


def decide(
    home: "DecisionHome",
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
    queries, decisions = UndecidedQueries.of(home), IncidentDecisions.of(home)
    people = live_people(home, answered(queries.live_configuration(identity)))
    if people is None:
        actor = Actor.named(by or "", Via.CLI)
    else:
        proposal = proposal_to_decide(answered(queries.proposed(identity)), action)
        action, digest = proposal.id, full_digest(proposal, digest)
        if digest != proposal.digest:
            raise ApprovalRefused(
                f"{proposal.id} is {proposal.digest[:12]} now, not {digest[:12]}; look at it again"
            )
        require_seen(identity)
        _show(home, identity, proposal)
        actor = one_of(people, by, verdict)
        require_seen_by(actor, identity)
    return answered(decisions.decide(identity, verdict, actor=actor, note=note, action=action, digest=digest))


def speaker(home: "ReadableHome[Any]", identity: str, by: str | None, *, brake: bool = False) -> Actor:
    """Who speaks to an incident: in a live world with people whoever the token says, else who is named.

    Args:
        home: whose incident it is; without threads.
        identity: its id.
        by: a name; with people not needed.
        brake: a name is enough also where `nexus.yaml` cannot be read: the agents can always be stopped.

    Raises:
        Refused: nothing shows who it is.
        UsageError: no name is given where one would do.
    """
    configuration = answered(UndecidedQueries.of(home).live_configuration(identity))
    try:
        people = live_people(home, configuration)
    except SettingsError as error:
        if not brake:
            raise
        complain(f"whose token it is cannot be told, the name counts: {error}")
        people = None
    actor = one_of(people, by)
    if not brake:  # agents can be stopped by whoever may, whether they see why or not
        require_seen_by(actor, identity)
    return actor


def one_of(people: "People | None", by: str | None, verdict: Verdict | None = None) -> Actor:
    """One of the people, by the token of the environment, of their keyring, or that they type.

    Args:
        people: None where a name is enough.
        by: who it should be; not given: whose token it is.
        verdict: of who decides, who is asked once more at a terminal.

    Raises:
        UnknownName: there is no such person.
        Refused: nothing shows who it is, or it is somebody else.
        UsageError: no name is given where one would do.
    """
    if people is None:
        return Actor.named(by or "", Via.CLI)
    if by is not None:
        people.named(by)
    kept, nothing = kept_token(by), "nothing was decided" if verdict else "nothing was changed"
    if kept is not None:
        actor = authenticated(people, by, kept, nothing)
        if verdict is not None and sys.stdin.isatty():
            confirm(f"{verdict.capitalize()} as {actor.name}?")
        return actor
    if not sys.stdin.isatty():
        does = "decide" if verdict else "count"
        raise Refused(
            f"--by alone does not {does} in a live world with people: show that it is {by or 'you'}. Set "
            "NEXUS_TOKEN to your own token of nexus.yaml's `people`, keep it in the keyring "
            f"(keyring set {KEYRING} NAME), or type it in a terminal"
        )
    name = by or _asked_name()
    purpose = f", to {verdict} this digest" if verdict else ""
    return authenticated(people, name, getpass.getpass(f"Token of {name}{purpose}: "), nothing)


def authenticated(
    people: "People", name: str | None, token: str, nothing: str = "nothing was decided"
) -> Actor:
    """Whose token it is.

    Raises:
        UnknownName: there is no such person.
        Refused: it is empty, nobody's, or not that of the person who is named.
    """
    named = people.named(name) if name is not None else None
    actor = people.by_token(token.strip(), Via.CLI)
    if actor is None or (named is not None and named.person != actor.id):
        whose = f"not {named.name}'s" if named is not None else "nobody's in nexus.yaml's `people`"
        raise Forbidden(f"the token that was shown is {whose}; {nothing}")
    return actor


def live_people(home: "ReadableHome[Any]", configuration: Path | None) -> "People | None":
    """The people of a live world; None where a name is enough: it names none, or is a recorded one (None)."""
    if configuration is None:
        return None
    from nexus.config.site import load_site
    from nexus.service.identity import People

    return People.of(load_site(configuration), home.secrets) or None


def _show(home: "DecisionHome", identity: str, proposal: Proposal) -> None:
    queries = UndecidedQueries.of(home)
    incident = answered(queries.proposed(identity))
    about = Undecided.of(incident, home.clock.now(), answered(queries.cited(incident)))
    show_proposal(proposal, about)


def show_proposal(proposal: Proposal, about: "Undecided") -> None:
    """Show what would be signed, with its whole digest."""
    from nexus.cli.terminal.approvals import proposal_panel

    out().print(proposal_panel(proposal, about))
    say(f"Digest {proposal.digest}")


def _asked_name() -> str:
    from rich.prompt import Prompt

    return Prompt.ask("Your name", default=getpass.getuser(), console=asks(True))


def confirm(question: str) -> None:
    """Ask a person once more; raises Refused if they do not want it."""
    from rich.prompt import Confirm

    if not Confirm.ask(question, console=asks(True)):
        raise Refused("Nothing was decided")
