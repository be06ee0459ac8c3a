"""`nexus doctor`: what is configured, what answers, what is missing and how to add it."""

import sqlite3
import sys
from enum import StrEnum

from incidents.errors import NexusError
from incidents.value import Value
from nexus.books import roster_of, runbook_of
from nexus.config import PREFIX, Settings
from nexus.store import Store


class State(StrEnum):
    """How a part is."""

    OK = "ok"
    MISSING = "missing"
    BROKEN = "broken"


class Check(Value):
    """One part: how it is, in words, and what to do about it."""

    part: str
    state: State
    found: str
    advice: str = ""


async def examine(settings: Settings) -> tuple[Check, ...]:
    """Look at every part; nothing is changed apart from the store's folder being made."""
    return (
        _python(),
        _store(settings),
        _runbook(settings),
        _roster(settings),
        *await _model(settings),
        _people(settings),
        _revenue(settings),
    )


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    return Check(part="Python", state=State.OK, found=f"{version} at {sys.executable}")


def _store(settings: Settings) -> Check:
    try:
        with Store.open(settings.home) as store:
            return Check(part="Store", state=State.OK, found=str(store.path))
    except (NexusError, OSError, sqlite3.Error) as error:
        advice = f"make {settings.home} writable, or set {PREFIX}HOME to a folder that is"
        return Check(part="Store", state=State.BROKEN, found=str(error), advice=advice)


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


async def _model(settings: Settings) -> tuple[Check, ...]:
    """The model's settings, then whether each model answers a real call."""
    if not settings.has_model:
        advice = (
            f"set {PREFIX}LLM_BASE_URL and {PREFIX}LLM_MODEL (docs/models.md); till then the playbook speaks"
        )
        return (Check(part="Model", state=State.MISSING, found="no model is configured", advice=advice),)
    # Imported late: a second of imports that is only worth it where a model is configured.
    from agents.llm.probe import probe  # noqa: PLC0415
    from nexus.engines import model_settings  # noqa: PLC0415

    try:
        configured = model_settings(settings).checked()
        answers = await probe(configured)
    except NexusError as error:
        return (Check(part="Model", state=State.BROKEN, found=str(error), advice="see docs/models.md"),)
    return tuple(
        Check(
            part=f"Model {answer.model}",
            state=State.BROKEN if answer.problem else State.OK,
            found=f"{configured.where}: {answer.problem or f'answered in {answer.seconds:.1f} s'}",
            advice="the incident would go on with the playbook" if answer.problem else "",
        )
        for answer in answers
    )


def _people(settings: Settings) -> Check:
    if settings.people:
        return Check(part="Approvers", state=State.OK, found=", ".join(settings.people))
    advice = f"set {PREFIX}PEOPLE to a comma-separated list to allow only those"
    return Check(part="Approvers", state=State.OK, found="anyone who gives a name", advice=advice)


def _revenue(settings: Settings) -> Check:
    if settings.revenue_threshold is not None:
        found = f"the escalation row fires above {settings.revenue_threshold:g}"
        return Check(part="Revenue", state=State.OK, found=found)
    advice = f"set {PREFIX}REVENUE_THRESHOLD to the loss at which Finance is called"
    return Check(
        part="Revenue", state=State.MISSING, found="no threshold: the row never fires", advice=advice
    )
