"""Verbs of those who work on an incident themselves: declare, take, give-back, changed, resolve and more."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import UsageError
from nexus.cli.base import (
    Engine,
    IncidentId,
    Json,
    Server,
    home,
    log_to_stderr,
    mode_of,
    say,
    server_of,
    settings,
    write_json,
)
from nexus.cli.commands import By, goes_on
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from nexus.home import Home
    from nexus.service.declaring import Declared
    from nexus.service.request import Request

Note = Annotated[str, Option("--note", help="In your words; it stands in the timeline.")]
Why = Annotated[str, Option("--note", help="Why; the agents read it.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {
        "declare": declare,
        "acknowledge": acknowledge,
        "take-over": take_over,
        "hand-over": hand_over,
        "take": take,
        "give-back": give_back,
        "changed": changed,
        "mitigated": mitigated,
        "resolve": resolve,
        "false-alarm": false_alarm,
        "reopen": reopen,
    }


def _handle(
    identity: str, by: str | None, as_json: bool, words: str, asked: "Request", server: str | None
) -> None:
    """Ask for it, and say what will come of it; `{by}` in the words is who asked."""
    from nexus.cli.sending import send
    from nexus.service.views import Handled

    handled = send(identity, asked, by, server, Handled)
    if as_json:
        write_json(handled)
        return
    again = " (as you said before)" if handled.known else ""
    say(f"{identity}: {words.replace('{by}', handled.by)}{again}.")
    goes_on(identity, server)


def acknowledge(
    identity: IncidentId, by: By = None, note: Note = "", server: Server = None, as_json: Json = False
) -> None:
    """Say that you have an incident: its repeated pages rest; escalations and the agents go on."""
    from nexus.cli.sending import said
    from nexus.service.requests import Acknowledge

    words = "{by} has it; repeated pages rest, the agents go on"
    _handle(identity, by, as_json, words, said(Acknowledge, note=note), server)


def take_over(
    identity: IncidentId, by: By = None, note: Note = "", server: Server = None, as_json: Json = False
) -> None:
    """Have an incident from now on instead of the person who has it; the agents go on."""
    from nexus.cli.sending import said
    from nexus.service.requests import TakeOver

    _handle(identity, by, as_json, "{by} has it now", said(TakeOver, note=note), server)


def hand_over(
    identity: IncidentId,
    *,
    by: By = None,
    to: Annotated[str, Option("--to", help="Who has it from now on, by name.")],
    note: Annotated[str, Option("--note", help="What they need to know.")],
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Hand an incident to another person, who is told and has to say that they have it."""
    from nexus.cli.sending import said
    from nexus.service.requests import HandOver

    words = f"handed to {to}, who has to say that they have it"
    _handle(identity, by, as_json, words, said(HandOver, to=to, note=note), server)


def take(identity: IncidentId, by: By = None, server: Server = None, as_json: Json = False) -> None:
    """Take an incident from the agents, or from whoever holds it: you work on it until you say more."""
    from nexus.service.requests import Take

    _handle(identity, by, as_json, "{by} has it; what the agents proposed is revoked", Take(), server)


def give_back(
    identity: IncidentId, *, by: By = None, note: Why, server: Server = None, as_json: Json = False
) -> None:
    """Give an incident back to the agents; they look again, with your note before them."""
    from nexus.cli.sending import said
    from nexus.service.requests import GiveBack

    _handle(identity, by, as_json, "given back to the agents", said(GiveBack, note=note), server)


def changed(
    identity: IncidentId,
    *,
    by: By = None,
    service: Annotated[str, Option("--service", help="What was changed, from the catalogue.")],
    what: Annotated[str, Option("--what", help="What was done to it.")],
    when: Annotated[
        str | None,
        Option("--when", help="How long ago, as 5m, or a time with its zone; none: now."),
    ] = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Tell what was changed outside of Nexus: it becomes evidence, and its effect is watched."""
    from nexus.cli.sending import said
    from nexus.service.requests import TellChange

    at = _moment(when)
    moment = {"seconds_ago": int(at.total_seconds())} if isinstance(at, timedelta) else {"at": at}
    asked = said(TellChange, service=service, what=what, **moment)
    _handle(identity, by, as_json, f"kept; its effect on {service} is watched", asked, server)


def _moment(text: str | None) -> datetime | timedelta | None:
    """A time, or how long ago it was; None for now.

    Raises:
        UsageError: it is neither, or has no zone.
    """
    from incidents.duration import parse_duration

    if text is None:
        return None
    try:
        ago: timedelta = parse_duration(text)
    except ValueError:
        return _time(text)
    return ago


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min  # noqa: DTZ901  # as one without a zone
    if at.tzinfo is None:
        raise UsageError(f"--when {text!r}: write how long ago, as 5m, or 2026-03-12T10:06:00Z with its zone")
    return at


def mitigated(
    identity: IncidentId, by: By = None, note: Note = "", server: Server = None, as_json: Json = False
) -> None:
    """Say that users feel no more of it, though it is not over."""
    from nexus.cli.sending import said
    from nexus.service.requests import Mitigate

    words = "mitigated; it stays open until it is resolved"
    _handle(identity, by, as_json, words, said(Mitigate, note=note), server)


def resolve(
    identity: IncidentId, by: By = None, note: Note = "", server: Server = None, as_json: Json = False
) -> None:
    """Say that an incident is over; the post-mortem follows."""
    from nexus.cli.sending import said
    from nexus.service.requests import Resolve

    words = "resolved; the post-mortem follows"
    _handle(identity, by, as_json, words, said(Resolve, note=note), server)


def false_alarm(
    identity: IncidentId, by: By = None, note: Note = "", server: Server = None, as_json: Json = False
) -> None:
    """Say that nothing was wrong; what raised the alarm goes to the backlog."""
    from nexus.cli.sending import said
    from nexus.service.requests import CallFalseAlarm

    _handle(identity, by, as_json, "ended as a false alarm", said(CallFalseAlarm, note=note), server)


def reopen(
    identity: IncidentId, *, by: By = None, note: Why, server: Server = None, as_json: Json = False
) -> None:
    """Open an incident again that has ended and is not over; the agents measure and look again."""
    from nexus.cli.sending import said
    from nexus.service.requests import Reopen

    _handle(identity, by, as_json, "open again; the agents look", said(Reopen, note=note), server)


def declare(
    title: Annotated[str, Argument(help="What is wrong, in a sentence.")],
    *,
    by: By = None,
    service: Annotated[str, Option("--service", help="Where you see it, from the catalogue.")],
    severity: Annotated[
        str | None, Option("--severity", help="P0 to P3, as you see it; what is measured may raise it.")
    ] = None,
    world: Annotated[
        Path | None, Option("--world", help="A recorded incident's folder; none: the live world.")
    ] = None,
    config: Annotated[
        Path | None, Option("--config", help="Of the live world; default: nexus.yaml here.")
    ] = None,
    engine: Engine = None,
    server: Server = None,
    as_json: Json = False,
) -> None:
    """Report what no alert has told: it opens an incident, or joins the open one that it belongs to."""
    log_to_stderr()
    if (at := server_of(server)) is not None and world is None:
        declared = _declared_there(at, title, service, severity, by)
    else:
        declared = _declared_here(title, service, severity, by, world, config, engine)
    if as_json:
        write_json(declared)
        return
    if (identity := declared.incident) is None:
        say("An incident that you do not see has your report now.")
        return
    said = {"opened": "is open", "joined": "is open already, and has your report now", "known": "knows it"}
    say(f"{identity} {said[declared.taken]}.")
    goes_on(identity, None if world is not None else server)


def _declared_there(at: str, title: str, service: str, severity: str | None, by: str | None) -> "Declared":
    from nexus.cli.remote import Remote
    from nexus.cli.sending import said
    from nexus.service.declaring import Report

    with Remote(at, by) as far:
        return far.declare(said(Report, title=title, service=service, severity=severity))


def _declared_here(
    title: str,
    service: str,
    severity: str | None,
    by: str | None,
    world: Path | None,
    config: Path | None,
    engine: str | None,
) -> "Declared":
    mode = mode_of(engine)
    with home(create=True, config=config) as opened:
        if world is not None:
            return _declared_in_case(opened, world, title, service, severity, by, mode)
        return _declared_live(opened, config, title, service, severity, by, mode)


def _declared_in_case(
    opened: "Home",
    world: Path,
    title: str,
    service: str,
    severity: str | None,
    by: str | None,
    mode: str,
) -> "Declared":
    from nexus.cli.signing import one_of
    from nexus.config.runbook import runbook_of
    from nexus.home import services_of_case
    from nexus.runtime.recorded_run import open_recorded
    from nexus.service.declaring import Declared, report_body

    case, actor = world.resolve(), one_of(None, by)
    known = services_of_case(case)
    body = report_body(title, service, severity, actor=actor, known=known, runbook=runbook_of(settings()))
    incident = asyncio.run(open_recorded(opened, case, body, mode)).id
    return Declared(incident=incident, taken="opened", by=actor.name)


def _declared_live(
    opened: "Home",
    config: Path | None,
    title: str,
    service: str,
    severity: str | None,
    by: str | None,
    mode: str,
) -> "Declared":
    from nexus.cli.live import intake_of, site_of
    from nexus.cli.sending import said
    from nexus.cli.signing import one_of
    from nexus.service.declaring import Report, declare
    from nexus.service.identity import People

    path, site = site_of(config)
    actor = one_of(People.of(site, opened.secrets) or None, by)
    intake = intake_of(opened, site, path, mode)
    report = said(Report, title=title, service=service, severity=severity)
    return asyncio.run(declare(intake, report, actor=actor))
