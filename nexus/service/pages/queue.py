"""Who drives incidents and what waits for them: one query for the page and its data twin."""

from collections.abc import Iterable

from incidents.severity import Severity
from incidents.value import Moment, Value
from nexus.home import Home
from nexus.service.restricting import visible
from nexus.store.dead_letters import DeadLetter
from nexus.store.driving import Workers
from nexus.store.leading import FailingJob
from nexus.store.records import BrokenOff, Due
from nexus.store.workers import WorkerSeen

#: So many of those that are due are shown; the most urgent first.
MOST = 20


class WorkersView(Value):
    """Who drives incidents, and who was lost within a day; `oldest_due_seconds` is of a worker's site."""

    items: tuple[WorkerSeen, ...]


class DueLine(Value):
    """An incident that wants to be driven and that nobody has at hand.

    Attributes:
        since: when it became due.
        tries: how many turns did not end in order.
    """

    incident: str
    title: str
    severity: Severity | None
    since: Moment
    tries: int


class QueueView(Value):
    """What is driven and what waits.

    Attributes:
        site: whose queue it is; workers, turns that broke off and events are those of all sites.
        due: the most urgent of what is due, in the order in which it is taken.
        more: there is more than that.
        oldest_due: since when the one has been due that has waited for longest; null: nothing is due.
        waiting: how many alerts wait for a hand, in a sentence; null: none does.
        broken_off: the open incidents whose last turns broke off.
        set_aside: events that break every turn, or cannot be read.
        failing_jobs: what is done again and again, and broke off the last time.
    """

    site: str
    workers: tuple[WorkerSeen, ...]
    due: tuple[DueLine, ...]
    more: bool
    oldest_due: Moment | None
    waiting: str | None
    broken_off: tuple[BrokenOff, ...]
    set_aside: tuple[DeadLetter, ...]
    failing_jobs: tuple[FailingJob, ...]
    now: Moment

    @property
    def live(self) -> int:
        """How many workers are not lost."""
        return sum(one.state == "live" for one in self.workers)


async def workers_view(store: Workers, now: Moment, unseen: frozenset[str]) -> WorkersView:
    """The workers; what they drive of that somebody does not see is left out.

    Args:
        store: knows them.
        now: the wall's.
        unseen: the incidents that whoever looks does not see.
    """
    return WorkersView(items=tuple(_seen(await store.workers(now), unseen)))


async def queue_view(home: Home, site: str, unseen: frozenset[str]) -> QueueView:
    """What is driven and what waits.

    Args:
        home: whose incidents.
        site: whose queue.
        unseen: the incidents that whoever looks does not see.
    """
    store, now = home.store, home.clock.now()
    due = await store.due(now, MOST + 1 + len(unseen), site)
    seen = visible(due, unseen)
    waiting = await store.waiting(site, now)
    return QueueView(
        site=site,
        workers=(await workers_view(store, now, unseen)).items,
        due=tuple([await _line(home, one) for one in seen[:MOST]]),
        more=len(seen) > MOST,
        oldest_due=await store.due_since(now, site),
        waiting=waiting.sentence(now) if waiting.alerts else None,
        broken_off=visible(await store.broken_off(), unseen),
        set_aside=visible(await store.dead_letters(), unseen),
        failing_jobs=await store.failing_jobs(),
        now=now,
    )


async def _line(home: Home, due: Due) -> DueLine:
    title = (await home.store.summary_of(due.incident)).title
    severity = due.severity or due.alerted
    return DueLine(incident=due.incident, title=title, severity=severity, since=due.wake_at, tries=due.tries)


def _seen(workers: Iterable[WorkerSeen], unseen: frozenset[str]) -> Iterable[WorkerSeen]:
    for one in workers:
        yield one.model_copy(update={"drives": tuple(sorted(set(one.drives) - unseen))})
