"""The timeline of a page: the newest entries, by what they tell of, each with its evidence."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from incidents.changes import Change
from incidents.findings import Evidence
from incidents.timeline import Entry, EntryKind
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.sanitize import role_name
from nexus.service.pages.cited import Cited, cited
from nexus.store.lists import NumberedEntry
from nexus.store.watching import NEWEST
from tools.plainly import plainly

#: So many entries are rendered at once.
PAGE = 100
#: Who is not named: the house's own pure functions.
_UNNAMED = {"", "code", "supervisor"}


class About(StrEnum):
    """What the entries of a timeline can be filtered by."""

    FINDINGS = "findings"
    DECISIONS = "decisions"
    WORK = "work"
    TOLD = "told"
    ALERTS = "alerts"
    PEOPLE = "people"
    GAPS = "gaps"


#: The entries that each filter shows.
KINDS: Mapping[About, tuple[EntryKind, ...]] = {
    About.FINDINGS: (EntryKind.FINDING, EntryKind.DIAGNOSIS, EntryKind.VERIFICATION, EntryKind.HISTORY),
    About.DECISIONS: (EntryKind.PROPOSAL, EntryKind.DECISION, EntryKind.EXECUTION, EntryKind.END),
    About.WORK: (EntryKind.WORK, EntryKind.ROUTING, EntryKind.HANDOVER),
    About.TOLD: (EntryKind.UPDATE, EntryKind.BRIEF, EntryKind.ESCALATION),
    About.ALERTS: (EntryKind.ALERT,),
    About.PEOPLE: (EntryKind.PEOPLE, EntryKind.NOTE, EntryKind.DECISION),
    About.GAPS: (EntryKind.GAP,),
}
#: What people skim over: shown, and quieter than the rest.
_QUIET = {EntryKind.WORK, EntryKind.ROUTING, EntryKind.HANDOVER}
#: What changes the course of it.
_LOUD = {EntryKind.DIAGNOSIS, EntryKind.DECISION, EntryKind.EXECUTION, EntryKind.END, EntryKind.ESCALATION}


class LineView(Value):
    """One entry as a page shows it: its number, when, what, who said it by which engine, its evidence."""

    sequence: int
    at: Moment
    kind: EntryKind
    step: str
    who: str
    engine: str
    text: str
    evidence: tuple[Cited, ...] = ()
    weight: str = ""


class TimelineView(Value):
    """A page of a timeline, newest first; `next` is the number to go on before, null at the end."""

    incident: str
    about: tuple[About, ...] = ()
    items: tuple[LineView, ...]
    next: int | None


def lines(
    entries: Iterable[NumberedEntry], known: Mapping[str, Evidence], changes: Sequence[Change] = ()
) -> tuple[LineView, ...]:
    """Entries as a page shows them, in the same order; ids of changes are said in words."""
    return tuple(line_of(one.sequence, one.entry, known, changes) for one in entries)


def line_of(
    sequence: int, entry: Entry, known: Mapping[str, Evidence], changes: Sequence[Change] = ()
) -> LineView:
    """One entry as a page shows it."""
    return LineView(
        sequence=sequence,
        at=entry.at,
        kind=entry.kind,
        step=entry.step,
        who="" if entry.role in _UNNAMED else role_name(entry.role),
        engine="" if entry.engine in _UNNAMED else entry.engine,
        text=plainly(entry.text, changes),
        evidence=cited(entry.evidence, known),
        weight="quiet" if entry.kind in _QUIET else "loud" if entry.kind in _LOUD else "",
    )


def kinds_of(about: Sequence[About]) -> tuple[EntryKind, ...]:
    """The kinds that some filters show together; none for all of them."""
    return tuple(dict.fromkeys(kind for one in about for kind in KINDS[one]))


async def timeline_view(
    home: Home, identity: str, before: int = NEWEST, about: Sequence[About] = ()
) -> TimelineView:
    """A page of an incident's timeline, newest first.

    Args:
        home: where it is kept.
        identity: the incident's id.
        before: the number of the last entry of the page before.
        about: what alone is shown; none: everything.

    Raises:
        UnknownName: there is no such incident.
    """
    await home.store.summary_of(identity)
    found = await home.store.entries_before(identity, before, PAGE, kinds_of(about))
    known = await home.store.cited(identity, {one for entry in found for one in entry.entry.evidence})
    return TimelineView(
        incident=identity,
        about=tuple(about),
        items=lines(found, {one.id: one for one in known}),
        next=found[-1].sequence if len(found) == PAGE else None,
    )
