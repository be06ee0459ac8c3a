"""`nexus doctor`: what is configured, what answers, what is missing and how to add it."""

import sqlite3
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from incidents.currency import money
from incidents.errors import NexusError
from incidents.value import iso
from nexus.config.database import database_of
from nexus.config.object_store import object_store_of
from nexus.config.runbook import roster_of, runbook_of
from nexus.config.settings import PREFIX, Settings
from nexus.home import elsewhere, open_home
from nexus.service.check import Check, State
from nexus.service.doctor_models import check_models
from nexus.service.overdue import overdue
from nexus.store.dead_letters import DeadLetter
from nexus.store.leading import FailingJob
from nexus.store.records import BrokenOff

if TYPE_CHECKING:
    from nexus.config.site import Site
    from tools.live.secrets import Secrets


#: An incident that has been due for longer with nobody at it waits in vain, in seconds.
_LATE = 60.0


#: Under what name a file is written to see whether it can be.
_PROBE = "doctor"


async def examine(settings: Settings, environment: Mapping[str, str]) -> tuple[Check, ...]:
    """Look at every part; nothing is changed apart from the store's folder being made.

    Args:
        settings: what is configured.
        environment: where the references of `nexus.yaml` are looked up.
    """
    return (
        _python(),
        *await _store(settings, environment),
        *await _files(settings, environment),
        _runbook(settings),
        _roster(settings),
        *await check_models(settings),
        *_tracing(settings),
        *(await _site(settings, environment) or (_people(settings), _revenue(settings))),
    )


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(part="Python", state=State.OK, found=f"{version} at {sys.executable}")


async def _store(settings: Settings, environment: Mapping[str, str]) -> tuple[Check, ...]:
    advice = f"make {settings.home} writable, or set {PREFIX}HOME to a folder that is"
    try:
        database = database_of(settings, environment)
        if database is not None:
            advice = "the sentence says what is to be done"
        with open_home(settings, create=True, database=database, migrate=False) as home:
            broken = await home.store.broken_off()
            return (
                Check(part="Store", state=State.OK, found=home.store.place),
                *_waits(await overdue(home.store, home.clock.now())),
                *_broken_off(broken),
                *_set_aside(await home.store.dead_letters()),
                *_failing(await home.store.failing_jobs()),
            )
    except (NexusError, OSError, sqlite3.Error) as error:
        return (Check(part="Store", state=State.BROKEN, found=str(error), advice=advice),)


async def _files(settings: Settings, environment: Mapping[str, str]) -> tuple[Check, ...]:
    """Where files lie, if that is elsewhere: one is written, read and deleted there."""
    advice = "`store.files` and `store.files_options` of nexus.yaml say where and with what"
    try:
        where = object_store_of(settings, environment)
        if where is None:
            return ()
        files, place = elsewhere(where), f"{where.scheme}://{where.root}"
        await files.write(_PROBE, "probe", b"a file of nexus doctor")
        await files.remove(_PROBE)
    except NexusError as error:
        return (Check(part="Files", state=State.BROKEN, found=str(error), advice=advice),)
    return (Check(part="Files", state=State.OK, found=place),)


def _waits(found: Mapping[str, float]) -> tuple[Check, ...]:
    """Incidents that are due; for a while they wait for a hand."""
    advice = "`nexus workers` lists who drives incidents; `nexus serve` or `nexus worker` does"
    return tuple(
        Check(
            part="Work", state=State.BROKEN if seconds > _LATE else State.OK,
            found=f"an incident of site {site} has been due for {seconds:.0f} s with nobody at it",
            advice=advice if seconds > _LATE else "",
        )
        for site, seconds in found.items()
    )  # fmt: skip


def _failing(found: tuple[FailingJob, ...]) -> tuple[Check, ...]:
    """The periodic jobs that break off."""
    advice = "the log of who leads says more; each is tried again"
    return tuple(
        Check(
            part="Jobs", state=State.BROKEN,
            found=f"{job.name} (site {job.site}) breaks off since {iso(job.since)}: {job.why}",
            advice=advice,
        )
        for job in found
    )  # fmt: skip


def _broken_off(found: tuple[BrokenOff, ...]) -> tuple[Check, ...]:
    """The incidents whose turns break off."""
    if not found:
        return ()
    named = ", ".join(f"{one.incident} ({one.tries} tries: {one.why})" for one in found)
    advice = "the server's log says why; they are tried again, and people get what cannot be driven"
    return (Check(part="Incidents", state=State.BROKEN, found=f"turns break off: {named}", advice=advice),)


def _set_aside(found: tuple[DeadLetter, ...]) -> tuple[Check, ...]:
    """The events that were set aside."""
    if not found:
        return ()
    named = ", ".join(f"{letter.incident}: {letter.named}" for letter in found)
    advice = "`nexus show ID` says why; once that is mended, `nexus replay ID --by NAME` has them heard"
    return (Check(part="Events", state=State.BROKEN, found=f"set aside: {named}", advice=advice),)


def _runbook(settings: Settings) -> Check:
    where = str(settings.runbook or "the one that ships")
    try:
        runbook = runbook_of(settings)
    except NexusError as error:
        return Check(
            part="Runbook", state=State.BROKEN, found=str(error), advice="mend the file at that path"
        )
    return Check(part="Runbook", state=State.OK, found=f"{runbook.name} ({where})")


def _roster(settings: Settings) -> Check:
    try:
        roster = roster_of(settings)
    except NexusError as error:
        return Check(part="Roles", state=State.BROKEN, found=str(error), advice="mend the file at that path")
    return Check(part="Roles", state=State.OK, found=f"{len(roster.roles)} roles")


def _tracing(settings: Settings) -> tuple[Check, ...]:
    """Whether spans can be sent, where somebody wants them."""
    if settings.otel_endpoint is None:
        return ()
    from nexus.config.tracing import collector_answers  # noqa: PLC0415  # most houses send no traces

    where, advice = settings.otel_endpoint, "start the collector, or mend the address; incidents run without"
    try:
        answers = collector_answers(where)
    except NexusError as error:
        return (Check(part="Traces", state=State.BROKEN, found=str(error), advice="see docs/models.md"),)
    if not answers:
        return (Check(part="Traces", state=State.BROKEN, found=f"{where} takes no export", advice=advice),)
    return (Check(part="Traces", state=State.OK, found=f"sent to {where}"),)


async def _site(settings: Settings, environment: Mapping[str, str]) -> tuple[Check, ...]:
    """The live world: its configuration, and a real question to each of its backends; nothing without one."""
    if not settings.config.is_file():
        return ()
    # Imported late: adapters and frames, which only a live world needs.
    from nexus.config.site import load_site  # noqa: PLC0415
    from nexus.service.doctor_destinations import check_destinations  # noqa: PLC0415
    from nexus.service.reach_watch import check_reach  # noqa: PLC0415
    from tools.clock import WallClock  # noqa: PLC0415
    from tools.live.checks import check_backends  # noqa: PLC0415
    from tools.live.secrets import Secrets  # noqa: PLC0415

    try:
        site = load_site(settings.config)
        site.need_roles(role.slug for role in roster_of(settings).roles)
    except NexusError as error:
        return (Check(part="Live world", state=State.BROKEN, found=str(error), advice="mend that file"),)
    services = f"{len(site.services)} services in {settings.config}"
    secrets = Secrets(environment)
    checked = await check_backends(site.backends, site.catalogue, secrets, WallClock())
    return (
        Check(part="Live world", state=State.OK, found=services),
        *_shadow(site),
        _approvers(site, secrets),
        *await check_destinations(settings, environment, site, secrets),
        *await check_reach(site, settings, secrets, WallClock()),
        *(
            Check(part=one.part, state=State.OK if one.answers else State.BROKEN, found=one.said)
            for one in checked
        ),
    )


def _shadow(site: "Site") -> tuple[Check, ...]:
    """What is in shadow, if anything is."""
    advice = "`shadow` of nexus.yaml says so; what begins once it says otherwise is live"
    told = site.shadow.told
    return (Check(part="Shadow", state=State.OK, found=told, advice=advice),) if told else ()


def _approvers(site: "Site", secrets: "Secrets") -> Check:
    """Who may decide in the live world, and whether what they show is theirs alone."""
    from nexus.service.identity import People  # noqa: PLC0415 - as above

    part, names = "Approvers", ", ".join(person.name for person in site.people if person.decides)
    if not site.people:
        advice = "list `people` in nexus.yaml, each with a `token_hash`"
        return Check(part=part, state=State.OK, found="anyone who gives a name", advice=advice)
    try:
        People.checked(site, secrets)
    except NexusError as error:
        return Check(part=part, state=State.BROKEN, found=str(error), advice="mend nexus.yaml's `people`")
    if not names:
        advice = "give somebody the role approver in nexus.yaml's `people`"
        return Check(part=part, state=State.MISSING, found="nobody may decide on changes", advice=advice)
    bare = ", ".join(one.name for one in site.people if one.token is None and one.token_hash is None)
    if bare:
        advice = "give each a `token_hash`, made by `nexus people hash --new`"
        return Check(part=part, state=State.MISSING, found=f"nothing shows that it is {bare}", advice=advice)
    plain = ", ".join(one.name for one in site.people if one.token is not None)
    advice = f"{plain}: a `token_hash` (`nexus people hash`) instead of `token` keeps it from this machine"
    return Check(part=part, state=State.OK, found=names, advice=advice if plain else "")


def _people(settings: Settings) -> Check:
    if settings.people:
        return Check(part="Approvers", state=State.OK, found=", ".join(settings.people))
    advice = f"set {PREFIX}PEOPLE to a comma-separated list to allow only those"
    return Check(part="Approvers", state=State.OK, found="anyone who gives a name", advice=advice)


def _revenue(settings: Settings) -> Check:
    if settings.revenue_threshold is not None:
        found = (
            f"the escalation row fires above {money(settings.revenue_threshold, settings.revenue_currency)}"
        )
        return Check(part="Revenue", state=State.OK, found=found)
    advice = f"set {PREFIX}REVENUE_THRESHOLD to the loss at which Finance is called"
    return Check(
        part="Revenue", state=State.MISSING, found="no threshold: the row never fires", advice=advice
    )
