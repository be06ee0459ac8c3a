"""What is read of one incident for its page: of a long timeline only the newest part."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import TypeVar

from pydantic import ValidationError

from agents.budget import Budget
from incidents.catalogue import Catalogue
from incidents.changes import Change
from incidents.disposition import ToldOutcome
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.series import WatchedSeries
from incidents.timeline import Entry
from incidents.value import Value
from nexus.config.budgets import budget_of
from nexus.config.runbook import runbook_of
from nexus.home import Home
from nexus.service.pages.service_map import SeenOverview
from nexus.service.pages.steps import TELLING
from nexus.service.pages.timeline import PAGE
from nexus.service.pages.worlds import world_facts
from nexus.store.lists import NumberedEntry
from nexus.store.outbox import MessageDelivery
from nexus.store.records import BrokenOff, Message, WorldKind

V = TypeVar("V", bound=Value)

#: So many questions to tools are looked through for what agents do.
_QUESTIONS = 120
#: More entries that say when a step began than these are not looked at.
_STEPS = 300


@dataclass(frozen=True)
class Seen:
    """What was read of one incident."""

    incident: Incident
    now: datetime
    live: bool
    catalogue: Catalogue
    runbook: Runbook
    threshold: float | None
    budget: Budget
    entries: Sequence[NumberedEntry] = ()
    telling: Sequence[Entry] = ()
    evidence: Sequence[Evidence] = ()
    changes: Sequence[Change] = ()
    series: WatchedSeries | None = None
    overview: SeenOverview | None = None
    messages: Sequence[Message] = ()
    deliveries: Sequence[MessageDelivery] = ()
    outcomes: Sequence[ToldOutcome] = ()
    broken_off: BrokenOff | None = None
    stand: str = ""


async def seen_of(home: Home, identity: str) -> Seen:
    """What a page needs of an incident; of a long timeline only the newest part is read.

    Raises:
        UnknownName: there is none of that id.
    """
    store = home.store
    # Asked before anything is read: what is written meanwhile makes it another one.
    stand = (await store.stands((identity,))).get(identity, "")
    incident, world = await home.find(identity), await store.world_of(identity)
    live, facts = world.kind is WorldKind.LIVE, world_facts(world, home.settings)
    entries = await store.entries_before(identity, limit=PAGE)
    telling = await store.entries_before(identity, limit=_STEPS, kinds=TELLING)
    newest = await store.newest_evidence(identity, _QUESTIONS)
    named = _named(incident, [one.entry for one in entries]) - {one.id for one in newest}
    seen = Seen(
        incident=incident,
        now=home.clock.now() if live else await store.clock_of(identity),
        live=live,
        catalogue=facts.catalogue,
        runbook=runbook_of(home.settings),
        threshold=facts.revenue_threshold,
        budget=budget_of(home.settings),
        entries=entries,
        telling=[one.entry for one in reversed(telling)],
        evidence=(*newest, *await store.cited(identity, named)),
        messages=await store.messages(identity),
        deliveries=await store.deliveries_of(identity),
        outcomes=await store.outcomes(identity),
        broken_off=next((one for one in await store.broken_off() if one.incident == identity), None),
        stand=stand,
    )
    return await _with_bodies(home, seen)


def _named(incident: Incident, entries: Sequence[Entry]) -> set[str]:
    """The evidence that the page links to."""
    found, facts = incident.diagnosis, incident.facts
    verified = incident.verification
    return {
        *chain.from_iterable(entry.evidence for entry in entries),
        *(found.evidence if found is not None else ()),
        *chain.from_iterable(one.evidence for one in (found.alternatives if found is not None else ())),
        *(facts.evidence if facts is not None else ()),
        *(verified.evidence if verified is not None else ()),
    }


async def _with_bodies(home: Home, seen: Seen) -> Seen:
    """The same with the answers that are drawn: how all services did, the watched series, the changes."""
    facts = seen.incident.facts
    overview = facts.evidence[0] if facts is not None and facts.evidence else ""
    series = (facts.series or "") if facts is not None else ""
    found = await home.store.bodies(seen.incident.id, {one for one in (overview, series) if one})
    watched = read_body(WatchedSeries, found.get(series))
    return replace(
        seen,
        overview=read_body(SeenOverview, found.get(overview)),
        series=watched,
        changes=watched.changes if watched is not None else (),
    )


def read_body(kind: type[V], body: bytes | None) -> V | None:
    """What a tool answered; None if it is not kept, or is of a form that another version wrote."""
    if body is None:
        return None
    try:
        return kind.from_stored(body)
    except ValidationError:
        return None
