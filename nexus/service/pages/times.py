"""How long incidents took, by severity and by service: one query for the page and its data twin."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from incidents.durations import Durations
from incidents.errors import Unreadable
from incidents.milestones import durations
from incidents.severity import Severity, Status
from incidents.spread import Spread, spread
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.store.lists import IncidentFilter
from nexus.store.records import Summary

#: How far back is looked where nobody says, in days.
DAYS = 90
#: So many incidents are looked at, the newest; of the rest only that there are more.
MOST = 5_000
#: So many are read whole whose times an older release did not keep in the list.
_WHOLE = 200
_PAGE = 500
#: What took no time of anybody's.
_NONE_OF_THESE = frozenset({Status.FALSE_ALARM, Status.MERGED})


class TimesLine(Value):
    """How long the incidents of one severity, or of one service, took.

    Attributes:
        severity: null: not one alone, or not classified.
        service: null: not one alone.
        incidents: how many there were.
    """

    severity: Severity | None = None
    service: str | None = None
    incidents: int
    detect: Spread
    acknowledge: Spread
    mitigate: Spread
    resolve: Spread


class TimesView(Value):
    """How long incidents took that were opened since a moment; false alarms and merged ones do not count.

    Attributes:
        every: all of them.
        severities: by severity, the most severe first; at the end those that have none.
        services: by service that was affected, by name; one incident counts for each of its services.
        unread: how many were kept by an older release and not looked at: nothing of them is known.
        more: there were more than are looked at.
    """

    since: Moment
    days: int
    every: TimesLine
    severities: tuple[TimesLine, ...]
    services: tuple[TimesLine, ...]
    unread: int
    more: bool


async def times_view(home: Home, days: int, unseen: frozenset[str]) -> TimesView:
    """How long incidents took.

    Args:
        home: whose incidents.
        days: how far back, by when they were opened.
        unseen: those that whoever asks does not see.
    """
    since = home.clock.now() - timedelta(days=days)
    lines, more = await _lines(home, since, unseen)
    old = [one.id for one in lines if one.times is None]
    read = {one: await _read(home, one) for one in old[:_WHOLE]}
    known = [(one, one.times or read.get(one.id) or Durations()) for one in lines]
    severities = {one: [took for line, took in known if line.severity is one] for one in (*Severity, None)}
    services = {one: [took for line, took in known if one in line.services] for one in _services(lines)}
    return TimesView(
        since=since,
        days=days,
        every=_line([took for _, took in known]),
        severities=tuple(_line(took, severity=one) for one, took in severities.items() if took),
        services=tuple(_line(took, service=one) for one, took in services.items()),
        unread=max(0, len(old) - _WHOLE),
        more=more,
    )


async def _lines(home: Home, since: Moment, unseen: frozenset[str]) -> tuple[list[Summary], bool]:
    """Those that count, and whether there are more."""
    found: list[Summary] = []
    after: str | None = None
    while page := await home.store.page(IncidentFilter(without=unseen), _PAGE, after):
        recent = [one for one in page if one.opened_at >= since]
        found += [one for one in recent if one.status not in _NONE_OF_THESE and not one.shadow]
        if len(recent) < len(page):
            break
        if len(found) >= MOST:
            return found[:MOST], True
        after = page[-1].id
    return found, False


async def _read(home: Home, incident: str) -> Durations | None:
    """The times of an incident of an older release; None: it is gone since, or cannot be read."""
    try:
        known = await home.store.load(incident)
    except Unreadable:
        return None
    return durations(known) if known is not None else None


def _services(lines: Iterable[Summary]) -> list[str]:
    return sorted({name for one in lines for name in one.services})


def _line(
    times: Sequence[Durations], *, severity: Severity | None = None, service: str | None = None
) -> TimesLine:
    return TimesLine(
        severity=severity,
        service=service,
        incidents=len(times),
        detect=spread(one.detect for one in times),
        acknowledge=spread(one.acknowledge for one in times),
        mitigate=spread(one.mitigate for one in times),
        resolve=spread(one.resolve for one in times),
    )
