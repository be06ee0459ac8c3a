"""What every part of the store is made with: rows as values, and the error of an unknown incident."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from incidents.errors import UnknownName, Unreadable
from incidents.value import Value
from nexus.store.relational.rows import broken_form
from nexus.store.relational.transactions import NotThere, Run, Transactions

T = TypeVar("T")
V = TypeVar("V", bound=Value)


class Tables:
    """Tables of which every row belongs to an incident."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    async def _all(self, kind: type[V], query: str, **values: object) -> tuple[V, ...]:
        rows = await self._database.read(query, **values)
        try:
            return tuple(kind.from_stored(body) for (body,) in rows)
        except ValidationError as error:
            whose = values.get("incident") or values.get("id")
            what = f"{f'{whose}: ' if whose else ''}a row of the store ({kind.__name__})"
            raise Unreadable(what, broken_form(error)) from None

    async def _insert(self, query: str, incident: str, alone: str | None = None, /, **values: object) -> bool:
        return await self._atomically(
            incident, lambda run: run(query, incident=incident, **values).rowcount > 0, alone
        )

    async def _atomically(self, incident: str, work: Callable[[Run], T], alone: str | None = None) -> T:
        try:
            return await self._database.atomically(work, alone)
        except NotThere:  # the only reference of every table is the incident
            raise await self._unknown(incident) from None

    async def _unknown(self, incident: str) -> UnknownName:
        unseen = await self._database.read("restricted")
        known = await self._database.read("ids")
        return UnknownName("incident", incident, (row[0] for row in known if row not in unseen))
