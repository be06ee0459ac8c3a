"""The lists of the store's twin in memory, and the answers that it keeps."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from incidents.communications import BacklogEntry
from incidents.errors import UnknownName
from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.timeline import Entry
from incidents.value import Value
from nexus.store.lists import EVERY, IncidentFilter, NumberedEntry, OpenCount
from nexus.store.memory_intake import MemoryIntake
from nexus.store.records import KeptAnswer, Summary
from nexus.store.search import (
    MOST,
    Found,
    FoundIn,
    Searchable,
    evidence_searchable,
    finds,
    post_mortem_searchable,
    texts_of,
    words_of,
)
from tools.redaction.tree import redact_value

if TYPE_CHECKING:
    from incidents.post_mortem_text import PostMortemVersion

V = TypeVar("V", bound=Value)


class Table(dict[tuple[str, ...], V], Generic[V]):
    """Rows by key, in the order in which they came; a key that is there stays as it is."""

    def insert(self, key: tuple[str, ...], row: V) -> bool:
        """Whether it is new."""
        if key in self:
            return False
        self[key] = redact_value(row)
        return True

    def of(self, incident: str) -> tuple[V, ...]:
        """The rows whose key begins with that incident."""
        return tuple(row for key, row in self.items() if key[0] == incident)


class MemoryLists(MemoryIntake):
    """Implements `nexus.store.port.Lists` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._timeline: Table[NumberedEntry] = Table()
        self._last_sequence = 0
        self._evidence: Table[Evidence] = Table()
        self._backlog: Table[BacklogEntry] = Table()
        self._answers: dict[tuple[str, str], KeptAnswer] = {}
        self._versions: Table[PostMortemVersion] = Table()

    async def page(
        self, among: IncidentFilter = EVERY, limit: int = 100, after: str | None = None
    ) -> tuple[Summary, ...]:
        """So many incidents, newest first."""
        kept = sorted(self._incidents.values(), key=lambda row: (row[0].opened_at, row[0].id), reverse=True)
        if after is not None:
            self._known(after)
            kept = kept[[incident.id for incident, _ in kept].index(after) + 1 :]
        shown = [
            Summary.of(incident, clock)
            for incident, clock in kept
            if _matches(incident, among)
            and (among.words is None or await self.found(among.words, [incident.id]))
        ]
        return tuple(shown[:limit])

    async def found(self, words: str, incidents: Collection[str]) -> tuple[Found, ...]:
        """The texts of some incidents that words find, at most three of each."""
        told = []
        for incident in sorted(incidents):
            texts = [one for one in self._texts(incident) if finds(words_of(words), one.text)]
            texts.sort(key=lambda one: (list(FoundIn).index(one.kind), one.ref))
            told += [Found(incident=incident, **one._asdict()) for one in texts[:MOST]]
        return tuple(told)

    def _texts(self, incident: str) -> list[Searchable]:
        """Everything that words find of it."""
        own = texts_of(self._incidents[incident][0]) if incident in self._incidents else ()
        latest = {one.by_agents: one.text for one in self._versions.of(incident)}
        written = [post_mortem_searchable(text, by_agents=by) for by, text in latest.items()]
        evidence = map(evidence_searchable, self._evidence.of(incident))
        return [*{(one.kind, one.ref): one for one in (*own, *written, *evidence)}.values()]

    async def open_counts(self) -> tuple[OpenCount, ...]:
        """How many incidents run or owe something."""
        told = Counter(
            (one.status, one.severity or "") for one, _ in self._incidents.values() if not one.closed
        )
        return tuple(
            OpenCount.model_validate({"status": status, "severity": severity or None, "many": many})
            for (status, severity), many in sorted(told.items())
        )

    async def summary_of(self, incident: str) -> Summary:
        """The line of one incident."""
        self._known(incident)
        return Summary.of(*self._incidents[incident])

    async def tasks(self, limit: int = 100, after: str | None = None) -> tuple[BacklogEntry, ...]:
        """So many tasks of the backlog in their order."""
        listed = list(self._backlog.values())
        if after is not None:
            places = [place for place, task in enumerate(listed) if task.id == after]
            if not places:
                raise UnknownName("task", after, ())
            listed = listed[places[0] + 1 :]
        return tuple(listed[:limit])

    async def cited(self, incident: str, ids: Collection[str]) -> tuple[Evidence, ...]:
        """The evidence of these ids, oldest first."""
        return tuple(one for one in self._evidence.of(incident) if one.id in ids)

    async def entries_after(
        self, sequence: int, limit: int = 100, incident: str | None = None
    ) -> tuple[NumberedEntry, ...]:
        """So many entries whose number is higher, by number."""
        kept = self._timeline.values() if incident is None else self._timeline.of(incident)
        return tuple(one for one in kept if one.sequence > sequence)[:limit]

    async def answer_of(self, person: str, key: str) -> KeptAnswer | None:
        """What was answered, or None."""
        return self._answers.get((person, key))

    async def keep_answer(self, person: str, key: str, answer: KeptAnswer) -> None:
        """Keep an answer, the first of its key."""
        self._answers.setdefault((person, key), answer)

    async def forget_answers(self, before: datetime) -> None:
        """Delete those of long ago."""
        self._answers = {one: kept for one, kept in self._answers.items() if kept.at >= before}

    async def last_sequence(self) -> int:
        """The number of the last entry that is kept."""
        return max((one.sequence for one in self._timeline.values()), default=0)

    def _written(self, entry: Entry) -> bool:
        """Whether an entry is new; its number is never given again."""
        numbered = NumberedEntry(sequence=self._last_sequence + 1, entry=entry)
        if not self._timeline.insert((entry.incident, entry.id), numbered):
            return False
        self._last_sequence += 1
        self._writes += 1
        return True


def _matches(incident: Incident, among: IncidentFilter) -> bool:
    """Whether a list shows an incident."""
    only_open = among.not_closed or among.undecided
    return all(
        (
            not (only_open and incident.closed),
            not among.undecided or incident.pending or incident.unsettled,
            among.status in {None, incident.status},
            among.severity in {None, incident.severity},
            among.held_by in {None, incident.held_by},
            incident.id not in among.without,
            among.service is None or among.service in incident.services,
            among.title is None or among.title.casefold() in incident.title.casefold(),
        )
    )
