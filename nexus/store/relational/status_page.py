"""Implements `nexus.store.status_page.StatusPages`."""

from datetime import datetime

from incidents.status_page import PublicUpdate, UpdateState
from nexus.store.audit import Deed
from nexus.store.relational.audit import record
from nexus.store.relational.rows import as_json, sortable
from nexus.store.relational.table import Tables
from nexus.store.relational.transactions import Run
from nexus.store.status_page import Recorded, Subscriber

#: Places are given one after the other.
_ALONE = "status page"


class StatusPageRows(Tables):
    """Updates, components and subscribers; none of them belongs to an incident's rows."""

    async def keep_component(self, site: str, name: str, since: datetime) -> None:
        """Keep since when a component is recorded."""
        await self._database.write("keep_component", site=site, name=name, since=sortable(since))

    async def recorded(self, site: str) -> tuple[Recorded, ...]:
        """Every component that ever was recorded."""
        rows = await self._database.read("recorded_components", site=site)
        return tuple(Recorded.model_validate({"name": name, "since": since}) for name, since in rows)

    async def keep_update(self, site: str, update: PublicUpdate) -> bool:
        """Keep an update, once for each key of its incident."""

        def work(run: Run) -> bool:
            kept = _placed(run, site, update) if update.state is UpdateState.PUBLISHED else update
            values = {"key": kept.key, "state": kept.state, "place": kept.place, "body": as_json(kept)}
            at = sortable(kept.at)
            new = run("keep_update", id=kept.id, site=site, incident=kept.incident, at=at, **values).rowcount
            if new and kept.place is not None:
                _drop_older(run, kept)
            return new > 0

        return await self._database.atomically(work, _ALONE)

    async def release(self, update: PublicUpdate, deed: Deed) -> PublicUpdate | None:
        """Publish a draft as it is given."""

        def work(run: Run) -> PublicUpdate | None:
            found = run("draft", id=update.id).fetchone()
            if found is None:
                return None
            kept = _placed(run, found[0], update.model_copy(update={"state": UpdateState.PUBLISHED}))
            _change(run, kept)
            _drop_older(run, kept)
            record(run, deed)
            return kept

        return await self._database.atomically(work, _ALONE)

    async def drop(self, identity: str, deed: Deed) -> bool:
        """Give a draft up."""

        def work(run: Run) -> bool:
            found = run("draft", id=identity).fetchone()
            if found is None:
                return False
            _change(run, _dropped(found[1]))
            record(run, deed)
            return True

        return await self._database.atomically(work, _ALONE)

    async def public_updates(self, incident: str) -> tuple[PublicUpdate, ...]:
        """All of an incident."""
        return await self._all(PublicUpdate, "public_updates", incident=incident)

    async def published(self, site: str, since: datetime) -> tuple[PublicUpdate, ...]:
        """What was published after a moment."""
        return await self._all(PublicUpdate, "published_updates", site=site, since=sortable(since))

    async def last_place(self, site: str) -> int:
        """The place of the last one that was published."""
        ((place,),) = await self._database.read("last_place", site=site)
        return int(place)

    async def keep_subscriber(self, site: str, subscriber: Subscriber) -> None:
        """Keep a subscriber in place of one of that address."""
        await self._database.write(
            "keep_subscriber", site=site, address=subscriber.address, token=subscriber.token,
            sent_through=subscriber.sent_through, wait_until=sortable(subscriber.wait_until),
            confirmed=subscriber.confirmed_at is not None, body=subscriber.model_dump_json(),
        )  # fmt: skip

    async def subscriber(self, site: str, *, address: str = "", token: str = "") -> Subscriber | None:
        """The subscriber of an address or a token."""
        found = await self._all(Subscriber, "subscriber", site=site, address=address, token=token)
        return next(iter(found), None)

    async def subscribers(self, site: str, behind: int, now: datetime) -> tuple[Subscriber, ...]:
        """Those who have not been sent that place."""
        return await self._all(Subscriber, "subscribers", site=site, behind=behind, now=sortable(now))

    async def forget_unconfirmed(self, site: str, before: datetime) -> None:
        """Delete those who never confirmed."""
        await self._database.write("forget_unconfirmed", site=site, before=sortable(before))

    async def forget_subscriber(self, site: str, address: str) -> None:
        """Delete one."""
        await self._database.write("forget_subscriber", site=site, address=address)


def _placed(run: Run, site: str, update: PublicUpdate) -> PublicUpdate:
    place = int(run("last_place", site=site).fetchone()[0]) + 1
    return update.model_copy(update={"place": place})


def _drop_older(run: Run, kept: PublicUpdate) -> None:
    for (body,) in run("older_drafts", incident=kept.incident, at=sortable(kept.at)).fetchall():
        _change(run, _dropped(body))


def _dropped(body: str) -> PublicUpdate:
    return PublicUpdate.from_stored(body).model_copy(update={"state": UpdateState.DROPPED})


def _change(run: Run, kept: PublicUpdate) -> None:
    values = {"state": kept.state, "place": kept.place, "at": sortable(kept.at), "body": as_json(kept)}
    run("change_update", id=kept.id, **values)
