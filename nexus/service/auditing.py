"""The audit as people read and check it, and what the server itself adds: who gained or lost which rights."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from incidents.errors import UsageError
from incidents.value import Value
from nexus.config.people import Person
from nexus.home import Home
from nexus.service.intake import AlertIntake
from nexus.store.audit import Audit, AuditHead, AuditRow, Deed, DeedKind, chained

log = structlog.get_logger(__name__)

#: How many rows are read at once.
PAGE = 500
#: How often the server writes the head to its log.
TELL_EVERY = timedelta(hours=1)
#: Who changes rights: whoever writes `nexus.yaml`, which the server only reads.
_THE_FILE = "nexus.yaml"
_NONE = "none"


class AuditLine(Deed):
    """A deed with its place in the chain."""

    number: int
    chain: str

    @classmethod
    def of(cls, row: AuditRow) -> "AuditLine":
        """As people read a row."""
        return cls(number=row.number, chain=row.digest, **dict(row.deed))


class Verified(Value):
    """What a look at the whole chain has shown.

    Attributes:
        whole: every digest is what its row and the digest before it make.
        broken_at: the number of the first row of which that does not hold.
        head: the end of the chain as it is.
        kept: the head that was kept elsewhere.
        holds: whether the row of that number still has that digest; None: nobody gave one.
    """

    whole: bool
    broken_at: int | None = None
    rows: int
    head: AuditHead | None
    kept: AuditHead | None = None
    holds: bool | None = None

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it."""
        return self.whole and self.holds is not False

    @property
    def told(self) -> str:
        """In a sentence, with what it does not show."""
        if not self.whole:
            return f"The audit is damaged: row {self.broken_at} does not fit the row before it."
        if self.kept is None:
            return (
                f"{self.rows} rows, each fits the one before it. Without a head that was kept elsewhere this "
                "shows only accidental damage: whoever can write the whole table can make a chain that fits. "
                "Give one with --head, from the server's log or an export."
            )
        if not self.holds:
            return (
                f"This is not the audit in which row {self.kept.number} had {self.kept.digest[:12]}: rows "
                "up to it were changed, taken out or put in."
            )
        since = self.rows - self.kept.number
        return f"Rows 1 to {self.kept.number} are those that the head proves; {since} came later and fit."


async def rows_of(store: Audit, incident: str | None = None, after: int = 0) -> AsyncIterator[AuditRow]:
    """Every row, or those of an incident, by number."""
    while page := await store.audit(after, PAGE, incident=incident):
        for row in page:
            yield row
        after = page[-1].number


def lines_of(home: Home, incident: str | None = None, after: int = 0) -> AsyncIterator[AuditLine]:
    """Every deed that a home keeps, or those on an incident, as people read them."""

    async def lines() -> AsyncIterator[AuditLine]:
        async for row in rows_of(home.store, incident, after):
            yield AuditLine.of(row)

    return lines()


async def verified(store: Audit, kept: AuditHead | None = None) -> Verified:
    """Reckon the whole chain anew.

    Args:
        store: where it lies.
        kept: a head that was kept elsewhere.
    """
    head: AuditHead | None = None
    rows, holds = 0, None if kept is None else False
    async for row in rows_of(store):
        rows += 1
        made = chained(head, row.body)
        if row.head != made:
            return Verified(whole=False, broken_at=row.number, rows=rows, head=head, kept=kept, holds=holds)
        head = made
        holds = holds or (head == kept if kept is not None else None)
    return Verified(whole=True, rows=rows, head=head, kept=kept, holds=holds)


def head_of(text: str) -> AuditHead:
    """A head as it is written in the log and the export: `NUMBER:DIGEST`.

    Raises:
        UsageError: it is none.
    """
    number, _, digest = text.strip().partition(":")
    try:
        return AuditHead.model_validate({"number": number, "digest": digest})
    except ValueError:
        raise UsageError(
            "--head: a head is NUMBER:DIGEST, as the server's log and an export have it"
        ) from None


@dataclass
class AuditWatch:
    """Writes the head to the log, and changes of rights into the audit, while a server runs."""

    intake: AlertIntake
    _told_at: datetime | None = None
    _people: tuple[Person, ...] | None = field(default=None)

    async def look(self) -> None:
        """Record whose rights have changed; tell the head where an hour has passed."""
        store, now = self.intake.home.store, self.intake.clock.now()
        people = self.intake.site.people
        if people != self._people:
            await self._record_rights(store, people, now)
            self._people = people
        if self._told_at is None or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            if (head := await store.audit_head()) is not None:
                # A warning by its level alone: the log of a server has these always, and it proves what was.
                log.warning("audit head", head=str(head))

    async def _record_rights(self, store: Audit, people: tuple[Person, ...], now: datetime) -> None:
        known = dict[str, str]()
        after = 0
        while page := await store.audit(after, PAGE, kind=DeedKind.RIGHTS):
            deeds = (row.deed for row in page)
            known |= {deed.about: deed.said for deed in deeds if deed.via == _THE_FILE}  # not of passwords
            after = page[-1].number
        rights = {person.identity: rights_of(person) for person in people}
        gone = {one: _NONE for one, said in known.items() if one not in rights and said != _NONE}
        for one, said in (rights | gone).items():
            if known.get(one) != said:
                await store.record(
                    Deed(at=now, kind=DeedKind.RIGHTS, person="", via=_THE_FILE, about=one, said=said)
                )


def rights_of(person: Person) -> str:
    """What somebody may, in fixed words: `approver, responder; rollback; checkout`."""
    limits = (", ".join(sorted(given)) for given in (person.may, person.services) if given)
    return "; ".join((", ".join(sorted(person.roles)), *limits))
