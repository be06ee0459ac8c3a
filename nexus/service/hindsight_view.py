"""What the page of a post-mortem and the API show of what was said afterwards: one query for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from pydantic import Field

from incidents.access import Permission, why_not
from incidents.action_items import ActionItem, ItemState
from incidents.actor import Actor
from incidents.currency import Currency, money
from incidents.errors import UnknownName
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.milestones import Milestones, milestones
from incidents.post_mortem_text import (
    FieldChange,
    PostMortemText,
    PostMortemVersion,
    changes_between,
)
from incidents.series import WatchedSeries
from incidents.severity import Severity, Status
from incidents.tickets import Ticket
from incidents.timeline import Entry, EntryKind
from incidents.value import Moment, Value
from incidents.verdicts import CalibrationLine, DiagnosisVerdict, calibration, key_of
from nexus.home import Home
from nexus.service.hindsight import AGENTS, IncidentHindsight
from nexus.service.pages.charts import ChartView, chart
from nexus.service.pages.seen import read_body
from nexus.service.ticketing import tracker_named
from nexus.store.find import find_incident
from nexus.store.records import WorldKind
from tools.chronicle import Row, chronicle

#: What a manager reads of a timeline: what happened and what was decided, not what was looked at.
_TOLD = frozenset(
    {
        EntryKind.ALERT, EntryKind.DIAGNOSIS, EntryKind.PROPOSAL, EntryKind.DECISION, EntryKind.EXECUTION,
        EntryKind.PEOPLE, EntryKind.ESCALATION, EntryKind.END,
    }
)  # fmt: skip
_UNKNOWN = "unknown"


class Verdicts(Value):
    """Labels to evaluate by, oldest first."""

    items: tuple[DiagnosisVerdict, ...]


class Calibration(Value):
    """What each word for confidence was worth, by what people said afterwards."""

    items: tuple[CalibrationLine, ...]


class ActionItems(Value):
    """Action items as they stand; `next`: the id to go on behind."""

    items: tuple[ActionItem, ...]
    next: str | None = None


class VerdictView(Value):
    """The diagnosis with what people say of it.

    Attributes:
        summary: what was diagnosed; None: nothing was.
        mine: what who looks has said of it.
        said: what everybody has said of it, oldest first.
        why_not: why who looks may not say anything; None: they may.
    """

    summary: str | None
    confidence: Confidence | None
    mine: DiagnosisVerdict | None
    said: tuple[DiagnosisVerdict, ...]
    why_not: str | None


class ImpactLine(Value):
    """One of the four kinds of impact: in words, and whether anything was measured of it."""

    kind: str
    text: str
    known: bool
    measured: str = Field(default="", description="the figure that code has, with its meaning")


class VersionLine(Value):
    """A version in the list of them, with how much it changed of the one before."""

    number: int
    by: str
    by_agents: bool
    at: Moment
    changed: int


class ItemView(ActionItem):
    """An action item, whether its day has passed, and its ticket, if one was asked for."""

    late: bool
    ticket: Ticket | None = None


class PostMortemView(Value):
    """A post-mortem as it stands.

    Attributes:
        now: the moment of the incident's clock.
        due: why there is nothing to read yet; empty: there is.
        text: the newest version's, else None.
        version: its number, 0 if there is none.
        by: who wrote it.
        checked: whether a person has saved a version since the agents wrote.
        changes: what people changed of what the agents wrote, word by word.
        chart: what was measured last, with what happened marked in it.
        timeline: what happened and what was decided; the incident has all of it.
        chronicle: the same for whoever was not there, in few rows.
        why_not: why who looks may not edit it; None: they may.
    """

    incident: str
    title: str
    severity: Severity | None
    status: Status
    now: Moment
    due: str
    milestones: Milestones
    text: PostMortemText | None
    version: int
    by: str
    at: Moment | None
    checked: bool
    versions: tuple[VersionLine, ...]
    changes: tuple[FieldChange, ...]
    impact: tuple[ImpactLine, ...]
    chart: ChartView | None
    timeline: tuple[Entry, ...]
    chronicle: tuple[Row, ...]
    items: tuple[ItemView, ...]
    tracker: str | None = Field(default=None, description="the kind of tracker that tickets go to, if any")
    verdict: VerdictView
    why_not: str | None

    @property
    def open_items(self) -> int:
        """How many action items are still to be done."""
        return sum(one.state in {ItemState.OPEN, ItemState.DOING} for one in self.items)


@dataclass(frozen=True)
class HindsightQueries:
    """The door of those who read what was said afterwards."""

    home: Home

    @classmethod
    def of(cls, home: Home) -> Self:
        """The door of a home."""
        return cls(home)

    async def post_mortem(self, identity: str, actor: Actor, number: int | None = None) -> PostMortemView:
        """The post-mortem of an incident as somebody sees it.

        Args:
            identity: the incident's id.
            actor: who looks.
            number: an older version; not given: the newest.

        Raises:
            UnknownName: there is no such incident.
        """
        store = self.home.store
        incident, back = await find_incident(store, identity), IncidentHindsight.of(self.home)
        versions = await back.versions(incident)
        shown = next((one for one in versions if one.number == number), versions[-1] if versions else None)
        now, entries = await self._now(identity), await store.entries(identity)
        report = incident.post_mortem_report
        return PostMortemView(
            incident=incident.id,
            title=shown.text.title if shown else incident.title,
            severity=incident.severity,
            status=incident.status,
            now=now,
            due="" if shown else _due(incident),
            milestones=milestones(incident),
            text=shown.text if shown else None,
            version=versions[-1].number if versions else 0,
            by=shown.by if shown else AGENTS,
            at=shown.at if shown else None,
            checked=bool(versions) and not versions[-1].by_agents,
            versions=_lines(versions),
            changes=_changes(versions, shown),
            impact=impact_of(incident, shown.text if shown else None),
            chart=await self._chart(incident),
            timeline=tuple(one for one in entries if one.kind in _TOLD),
            chronicle=chronicle(incident, entries, report.change if report is not None else None),
            items=_items(await back.items(identity), now.date(), await store.tickets(identity)),
            tracker=await tracker_named(self.home, identity),
            verdict=self._verdict(incident, await store.verdicts(identity), actor),
            why_not=_why_not_edit(incident, actor),
        )

    async def verdict(self, identity: str, actor: Actor) -> VerdictView:
        """The diagnosis of an incident with what people say of it; raises as `post_mortem`."""
        incident = await find_incident(self.home.store, identity)
        return self._verdict(incident, await self.home.store.verdicts(identity), actor)

    async def verdicts(self, identity: str | None = None) -> Verdicts:
        """The labels of one incident, or of all.

        Raises:
            UnknownName: there is no such incident.
        """
        if identity is not None:
            await find_incident(self.home.store, identity)
        return Verdicts(items=await self.home.store.verdicts(identity))

    async def calibration(self, unseen: frozenset[str] = frozenset()) -> Calibration:
        """What each word for confidence was worth; `unseen` are incidents that do not count for who asks."""
        kept = await self.home.store.verdicts()
        return Calibration(items=calibration(one for one in kept if one.incident not in unseen))

    async def items(self, identity: str) -> ActionItems:
        """The action items of an incident; raises as `post_mortem`."""
        await find_incident(self.home.store, identity)
        return ActionItems(items=await IncidentHindsight.of(self.home).items(identity))

    async def backlog(
        self, state: ItemState | None, owner: str | None, limit: int, after: str | None
    ) -> ActionItems:
        """So many action items of all incidents, behind a place.

        Raises:
            UnknownName: `after` is none of them (any more).
        """
        every = await IncidentHindsight.of(self.home).all_items(state, owner)
        places = [place for place, one in enumerate(every) if one.id == after]
        if after is not None and not places:
            raise UnknownName("action item", after, ())
        page = every[places[0] + 1 if places else 0 :]
        return ActionItems(items=page[:limit], next=page[limit - 1].id if len(page) > limit else None)

    @staticmethod
    def _verdict(incident: Incident, said: Sequence[DiagnosisVerdict], actor: Actor) -> VerdictView:
        found = incident.diagnosis
        about = tuple(one for one in said if found is not None and one.key == key_of(found))
        why = why_not(actor.name, actor.roles, Permission.NOTE) if actor.authenticated else None
        return VerdictView(
            summary=found.summary if found else None, confidence=found.confidence if found else None,
            mine=next((one for one in about if one.person == actor.id), None), said=about, why_not=why,
        )  # fmt: skip

    async def _chart(self, incident: Incident) -> ChartView | None:
        measured = incident.facts.series if incident.facts is not None else None
        body = await self.home.store.body(incident.id, measured) if measured is not None else None
        return chart(incident, read_body(WatchedSeries, body))

    async def _now(self, identity: str) -> datetime:
        world = await self.home.store.world_of(identity)
        live = world.kind is WorldKind.LIVE
        return self.home.clock.now() if live else await self.home.store.clock_of(identity)


def _due(incident: Incident) -> str:
    if incident.open:
        return "It is written once the incident is over."
    if incident.status is Status.RESOLVED:
        return "The agents have not written it. You can."
    return "The agents write none for an incident that ended like this. You can."


def _why_not_edit(incident: Incident, actor: Actor) -> str | None:
    if incident.open:
        return "the incident is not over yet"
    return why_not(actor.name, actor.roles, Permission.RESPOND) if actor.authenticated else None


def _lines(versions: Sequence[PostMortemVersion]) -> tuple[VersionLine, ...]:
    before: Sequence[PostMortemVersion | None] = (None, *versions)
    return tuple(
        VersionLine(
            number=one.number, by=one.by, by_agents=one.by_agents, at=one.at,
            changed=len(changes_between(last.text, one.text)) if last is not None else 0,
        )
        for last, one in zip(before, versions, strict=False)
    )  # fmt: skip


def _changes(
    versions: Sequence[PostMortemVersion], shown: PostMortemVersion | None
) -> tuple[FieldChange, ...]:
    """What a version changed of what the agents wrote last before it."""
    theirs = [one for one in versions if one.by_agents and shown and one.number <= shown.number]
    return changes_between(theirs[-1].text, shown.text) if theirs and shown else ()


def impact_of(incident: Incident, text: PostMortemText | None) -> tuple[ImpactLine, ...]:
    """The four kinds, each with what code measured of it; what nobody knows says so."""
    said = text or PostMortemText.empty(incident.title)
    lasted = milestones(incident).impact_seconds
    felt = "" if lasted is None else f"felt for {_span(lasted)}" if lasted else "users were not affected"
    cost = "" if incident.revenue_impact is None else _money(incident.revenue_impact, incident.currency)
    seen = {True: "at risk, as triage saw it", False: "not at risk, as triage saw it", None: ""}
    data = seen[incident.impact.data_at_risk] if _is_unknown(said.data_impact) else said.data_impact
    kinds = (
        ("Users", said.users_affected, felt), ("Revenue", said.revenue_impact, cost),
        ("Reputation", said.reputation_impact, ""), ("Data", data, ""),
    )  # fmt: skip
    return tuple(
        ImpactLine(kind=kind, text=words or _UNKNOWN, measured=measured, known=not _is_unknown(words))
        for kind, words, measured in kinds
    )


def _is_unknown(words: str) -> bool:
    return not words.strip() or words.casefold().startswith((_UNKNOWN, "not known"))


def _span(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _money(amount: float, currency: Currency | None) -> str:
    told = money(amount, currency)
    return told if currency is not None else f"{told} (no currency is configured)"


def _items(items: Sequence[ActionItem], today: date, tickets: Sequence[Ticket] = ()) -> tuple[ItemView, ...]:
    known = {one.item: one for one in tickets}
    return tuple(ItemView(**dict(one), late=one.overdue(today), ticket=known.get(one.id)) for one in items)
