"""Verbs about what may begin without a person: the policy, why a change needs whom, renewing a permission."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from incidents.action import ActionKind
from nexus.cli.base import (
    IncidentId,
    Json,
    Server,
    answered,
    environment,
    home,
    out,
    say,
    server_of,
    write_json,
)
from nexus.cli.commands import By
from nexus.cli.live import Config
from nexus.cli.parser import Argument, Group, Option, Verbs

if TYPE_CHECKING:
    from pathlib import Path

    from nexus.service.autonomy import Explained, PolicyView

Action = Annotated[str | None, Option("--action", help="Which change, such as A1; default: the last one.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    says = "How many people sign which change, down to none, and why."
    return {"policy": Group(says, {"explain": explain, "renew": renew}, alone=show)}


def show(config: Config = None, server: Server = None, as_json: Json = False) -> None:
    """Show the policy of nexus.yaml, and what waits for a person to renew it."""
    found = _policy(config, server_of(server, config))
    if as_json:
        write_json(found)
        return
    _tell_policy(found)


def _policy(config: "Path | None", server: str | None) -> "PolicyView":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.policy()
    from nexus.cli.live import site_of
    from nexus.service.autonomy import AutonomyDoor

    with home(create=True) as opened:  # it is looked at before anything has happened
        _, site = site_of(config)
        return asyncio.run(AutonomyDoor.of(opened).view(site))


def explain(
    identity: IncidentId, action: Action = None, server: Server = None, as_json: Json = False
) -> None:
    """Say why a change of an incident needs whom: what the policy asks for, and what of it holds."""
    found = _explained(identity, action, server_of(server))
    if as_json:
        write_json(found)
        return
    _tell(found)


def _explained(identity: str, action: str | None, server: str | None) -> "Explained":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server) as far:
            return far.explained(identity, action)
    from nexus.cli.seeing import require_seen
    from nexus.service.autonomy import AutonomyDoor

    with home(threads=False) as opened:
        require_seen(identity)
        return answered(AutonomyDoor.of(opened).explain(identity, action))


def renew(
    kind: Annotated[ActionKind, Argument(help="The kind of change, such as rollback.")],
    service: Annotated[str, Argument(help="The service, as nexus.yaml calls it.")],
    by: By = None,
    config: Config = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Let the record of a kind of change and a service count again, which a wrong act had taken away."""
    found = _renewed(kind, service, by, config, server_of(server, config))
    if as_json:
        write_json(found)
        return
    say(f"A {kind.replace('_', ' ')} of {service} may begin without a person again, where all else holds.")


def _renewed(
    kind: ActionKind, service: str, by: str | None, config: "Path | None", server: str | None
) -> "PolicyView":
    if server is not None:
        from nexus.cli.remote import Remote

        with Remote(server, by) as far:
            return far.renew(kind, service)
    from nexus.cli.live import site_of
    from nexus.cli.signing import one_of
    from nexus.service.autonomy import AutonomyDoor
    from nexus.service.identity import People
    from tools.live.secrets import Secrets

    with home() as opened:
        _, site = site_of(config)
        actor = one_of(People.of(site, Secrets(environment())) or None, by)
        return asyncio.run(AutonomyDoor.of(opened).renew(site, kind, service, actor=actor))


def _tell_policy(found: "PolicyView") -> None:
    from incidents.duration import format_duration

    policy = found.autonomy
    if policy is None:
        say("People sign every change: nexus.yaml has no `autonomy`.")
        return
    for number, rule in enumerate(policy.rules):
        of = [", ".join(one) for one in (rule.kinds, rule.services, rule.severities) if one]
        say(f"rules[{number}] {rule.signers.value:5}{' · '.join(of) or 'every change'}")
    if policy.limits is not None:
        least, limits, before = policy.least, policy.limits, format_duration(policy.announce)
        say(
            f"Announced {before} before it begins. Of {least.judged} judged or more, {least.right:.0%} right."
        )
        say(f"At most {limits.per_day} a day, {limits.dependents} dependents, {limits.instances} instances.")
    for one in found.withdrawals:
        what, since = f"a {one.kind} of {one.service}", f"{one.at:%Y-%m-%d %H:%M} UTC"
        say(f"Withdrawn: {what} since {since} ({one.incident} {one.proposal}): {one.why}.")
        say(f"  nexus policy renew {one.kind} {one.service}")


def _tell(found: "Explained") -> None:
    from rich.text import Text

    from nexus.sanitize import line

    out().print(Text(f"{found.incident} {found.proposal}: {line(found.change)}", style="bold"))
    out().print(Text(f"{found.said}."))
    if found.judged is None:
        return
    out().print(Text(f"{found.judged.rule}{':' if found.judged.conditions else '.'}"))
    for one in found.judged.conditions:
        mark, style = ("✓", "green") if one.holds else ("✗", "red")
        out().print(Text(f"  {mark} ", style=style) + Text(one.sentence, style="" if one.holds else "bold"))
