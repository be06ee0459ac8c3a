"""What burns now: each open incident in a line, who must act by when, what waits, who works."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incidents.actor import Actor
from incidents.alert import Alert
from incidents.incident import Incident
from incidents.runbook import Runbook
from incidents.severity import HeldBy, Severity, Status, Step
from incidents.value import Moment, Value
from nexus.config.runbook import runbook_of
from nexus.home import Home
from nexus.service.pages.deadlines import Deadline, MustAct, Turn, deadlines, must_act
from nexus.service.pages.queue import workers_view
from nexus.service.pages.steps import NAMES
from nexus.service.pages.worlds import WorldFacts, title_of, world_facts
from nexus.service.restricting import hidden, visible
from nexus.store.deliveries import DeliveryFilter
from nexus.store.lists import IncidentFilter
from nexus.store.records import Summary, WorldKind
from nexus.store.workers import WorkerSeen
from tools.felt import title

#: So many incidents are shown with all that is known of them; of more only how many there are.
MOST = 40
#: So many of those that ended last are shown.
_ENDED = 5
#: So many deliveries are looked through for those of the last hour.
_DELIVERIES = 200
_HOUR = timedelta(hours=1)


class NowRow(Value):
    """One open incident.

    Attributes:
        title: what users feel.
        cause: what is known of why, in a few words.
        doing: what happens in its step, in a few words.
        now: the moment of its clock.
        live: whether that is the wall's, and goes on.
        next: what lies ahead first; null: nothing that is known.
    """

    id: str
    title: str
    severity: Severity | None
    cause: str
    step: Step
    step_name: str
    step_number: int
    doing: str
    held_by: HeldBy
    holder: str | None
    shadow: bool
    opened_at: Moment
    now: Moment
    live: bool
    must_act: MustAct
    next: Deadline | None


class EndedRow(Value):
    """One incident that ended lately."""

    id: str
    title: str
    severity: Severity | None
    status: Status
    shadow: bool
    opened_at: Moment
    updated_at: Moment


class NowView(Value):
    """What burns.

    Attributes:
        headline: how many are open, and how many of them wait for whom.
        more: how many are open beyond those that are shown.
        waiting: how many alerts wait for a hand, in a sentence; null: none for long.
        heard: how many deliveries came in the last hour; at least so many.
        oldest_due: since when something is due that nobody drives; null: nothing is.
        first: nothing was ever opened here: a page that says how to begin.
    """

    headline: str
    rows: tuple[NowRow, ...]
    more: int
    ended: tuple[EndedRow, ...]
    waiting: str | None
    heard: int
    oldest_due: Moment | None
    workers: tuple[WorkerSeen, ...]
    broken_off: tuple[str, ...]
    first: bool
    now: Moment


async def now_view(home: Home, site: str, viewer: Actor | None = None) -> NowView:
    """What burns in a home.

    Args:
        home: whose incidents are shown.
        site: whose alerts and workers are told of.
        viewer: who looks.
    """
    store, now, runbook = home.store, home.clock.now(), runbook_of(home.settings)
    unseen = await hidden(store, viewer) if viewer is not None else frozenset[str]()
    every = await store.page(IncidentFilter(not_closed=True), limit=MOST)
    listed = visible(every, unseen, "id")
    running = sum(one.many for one in await store.open_counts()) - (len(every) - len(listed))
    broken = {one.incident for one in await store.broken_off()}
    rows, owed = [], list[Summary]()
    for line in listed:
        incident = await store.load(line.id)
        if incident is None:
            continue
        if not incident.open and not incident.pending and not incident.unsettled:
            owed.append(line)
            continue
        world = await store.world_of(line.id)
        facts = world_facts(world, home.settings)
        clock = now if world.kind is WorldKind.LIVE else await store.clock_of(line.id)
        row = row_of(incident, runbook, facts, clock, viewer)
        rows.append(row.model_copy(update={"live": world.kind is WorldKind.LIVE}))
    newest = visible(await store.page(limit=_ENDED * 4), unseen, "id")
    recent = [*owed, *(one for one in newest if one.status is not Status.OPEN)]
    shown = {one.id for one in rows}
    ended = {one.id: one for one in recent if one.id not in shown}
    waiting = await store.waiting(site, now)
    filed = await store.filed(DeliveryFilter(), limit=_DELIVERIES)
    rows.sort(key=_urgency)
    return NowView(
        headline=headline(rows, running - len(owed)),
        rows=tuple(rows),
        more=max(0, running - len(listed)),
        ended=tuple([await _ended(home, one) for one in list(ended.values())[:_ENDED]]),
        waiting=waiting.sentence(now) if waiting.alerts else None,
        heard=sum(now - one.received_at < _HOUR for one in filed),
        oldest_due=await store.due_since(now, site),
        workers=(await workers_view(store, now, unseen)).items,
        broken_off=tuple(one.id for one in rows if one.id in broken),
        first=not listed and not recent and not filed,
        now=now,
    )


def row_of(
    incident: Incident, runbook: Runbook, facts: WorldFacts, now: datetime, viewer: Actor | None
) -> NowRow:
    """One incident in a line. Pure."""
    ahead = deadlines(incident, runbook, facts.revenue_threshold, now)
    act = must_act(incident, viewer)
    return NowRow(
        id=incident.id,
        title=title(incident, facts.catalogue),
        severity=incident.severity,
        cause=_cause(incident),
        step=incident.step,
        step_name=NAMES[incident.step],
        step_number=list(Step).index(incident.step) + 1,
        doing=_doing(incident, now),
        held_by=incident.held_by,
        holder=incident.holder,
        shadow=incident.shadow.whole,
        opened_at=incident.opened_at,
        now=now,
        live=True,
        must_act=act,
        next=_next(ahead, act),
    )


def headline(rows: Sequence[NowRow], running: int) -> str:
    """How many are open and how many wait: `Three open, one waits for you`."""
    if not running:
        return "All is quiet"
    mine = sum(one.must_act.turn is Turn.YOU for one in rows)
    others = sum(one.must_act.turn is Turn.OTHERS for one in rows)
    told = f"{_number(running).capitalize()} open"
    if mine:
        told += f", {_number(mine)} {'waits' if mine == 1 else 'wait'} for you"
    elif others:
        told += f", {_number(others)} {'waits' if others == 1 else 'wait'} for people"
    return told


def _urgency(row: NowRow) -> tuple[bool, int, datetime]:
    """What waits for whoever looks comes first, then the most severe, then the oldest."""
    return row.must_act.turn is not Turn.YOU, row.severity.rank if row.severity else 1, row.opened_at


def _next(ahead: Sequence[Deadline], act: MustAct) -> Deadline | None:
    """What expires comes before what is merely due, for whoever has to sign."""
    expires = next((one for one in ahead if one.what.endswith("expires")), None)
    return (
        expires or next(iter(ahead), None) if act.turn in {Turn.YOU, Turn.OTHERS} else next(iter(ahead), None)
    )


def _cause(incident: Incident) -> str:
    where = ", ".join(incident.services[:3]) or _named(incident.alerts)
    found = incident.diagnosis
    if found is None or not found.known:
        return f"{where} · cause not known yet" if where else "cause not known yet"
    return f"{found.category} in {found.service} · {found.confidence} confidence"


def _named(alerts: Sequence[Alert]) -> str:
    return next((one.service for one in alerts if one.service), "")


def _doing(incident: Incident, now: datetime) -> str:
    if incident.rests:
        return "in shadow all is said"
    if incident.in_peoples_hands:
        return "in people's hands"
    if incident.pending:
        return "a change is proposed"
    if incident.watch is not None and incident.mitigated_at is not None:
        return f"recovered since {incident.mitigated_at:%H:%M}"
    if incident.watch is not None:
        return "a change was made, it is watched"
    if incident.not_before is not None and incident.not_before > now:
        return f"goes on at {incident.not_before:%H:%M}"
    return {
        Step.TRIAGE: "who and what is hit",
        Step.INVESTIGATION: "agents look for the cause",
        Step.MITIGATION: "agents prepare a change",
        Step.VERIFICATION: "its signals are watched",
        Step.POST_MORTEM: "it is written up",
    }[incident.step]


async def _ended(home: Home, line: Summary) -> EndedRow:
    incident = await home.store.load(line.id)
    return EndedRow(
        id=line.id,
        title=await title_of(home, incident) if incident is not None else line.title,
        severity=line.severity,
        status=line.status,
        shadow=line.shadow,
        opened_at=line.opened_at,
        updated_at=line.updated_at,
    )


_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _number(many: int) -> str:
    return _WORDS[many] if many < len(_WORDS) else str(many)
