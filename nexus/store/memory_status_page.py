"""The status page of the store's twin in memory."""

from datetime import datetime

from incidents.status_page import PublicUpdate, UpdateState
from nexus.store.audit import Deed
from nexus.store.memory_backtests import MemoryBacktests
from nexus.store.status_page import Recorded, Subscriber
from tools.redaction.tree import redact_value


class MemoryStatusPages(MemoryBacktests):
    """Implements `nexus.store.status_page.StatusPages` in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self._components: dict[tuple[str, str], datetime] = {}
        self._public: dict[str, tuple[str, PublicUpdate]] = {}
        self._subscribers: dict[tuple[str, str], Subscriber] = {}

    async def keep_component(self, site: str, name: str, since: datetime) -> None:
        """Keep since when a component is recorded."""
        self._components.setdefault((site, name), since)

    async def recorded(self, site: str) -> tuple[Recorded, ...]:
        """Every component that ever was recorded."""
        found = sorted((name, since) for (its, name), since in self._components.items() if its == site)
        return tuple(Recorded(name=name, since=since) for name, since in found)

    async def keep_update(self, site: str, update: PublicUpdate) -> bool:
        """Keep an update, once for each key of its incident."""
        known = {(one.incident, one.key) for _, one in self._public.values()}
        if (update.incident, update.key) in known:
            return False
        self._keep(site, redact_value(update))
        return True

    def _keep(self, site: str, update: PublicUpdate) -> PublicUpdate:
        if update.state is not UpdateState.PUBLISHED:
            self._public[update.id] = site, update
            return update
        places = (one.place or 0 for its, one in self._public.values() if its == site)
        kept = update.model_copy(update={"place": max(places, default=0) + 1})
        self._public[update.id] = site, kept
        for identity, (its, one) in self._public.items():
            mine = one.incident == kept.incident and one.state is UpdateState.DRAFT
            if mine and one.at < kept.at:
                self._public[identity] = its, one.model_copy(update={"state": UpdateState.DROPPED})
        return kept

    async def release(self, update: PublicUpdate, deed: Deed) -> PublicUpdate | None:
        """Publish a draft as it is given."""
        site, kept = self._public[update.id]
        if kept.state is not UpdateState.DRAFT:
            return None
        self._done(deed)
        return self._keep(site, redact_value(update.model_copy(update={"state": UpdateState.PUBLISHED})))

    async def drop(self, identity: str, deed: Deed) -> bool:
        """Give a draft up."""
        site, kept = self._public[identity]
        if kept.state is not UpdateState.DRAFT:
            return False
        self._done(deed)
        self._public[identity] = site, kept.model_copy(update={"state": UpdateState.DROPPED})
        return True

    async def public_updates(self, incident: str) -> tuple[PublicUpdate, ...]:
        """All of an incident."""
        return tuple(one for _, one in self._public.values() if one.incident == incident)

    async def published(self, site: str, since: datetime) -> tuple[PublicUpdate, ...]:
        """What was published after a moment."""
        found = (one for its, one in self._public.values() if its == site and one.place is not None)
        return tuple(sorted((one for one in found if one.at > since), key=lambda one: one.place or 0))

    async def last_place(self, site: str) -> int:
        """The place of the last one that was published."""
        return max((one.place or 0 for its, one in self._public.values() if its == site), default=0)

    async def keep_subscriber(self, site: str, subscriber: Subscriber) -> None:
        """Keep a subscriber in place of one of that address."""
        self._subscribers[site, subscriber.address] = subscriber

    async def subscriber(self, site: str, *, address: str = "", token: str = "") -> Subscriber | None:
        """The subscriber of an address or a token."""
        theirs = (one for (its, _), one in self._subscribers.items() if its == site)
        return next((one for one in theirs if address == one.address or token == one.token), None)

    async def subscribers(self, site: str, behind: int, now: datetime) -> tuple[Subscriber, ...]:
        """Those who have not been sent that place."""
        theirs = sorted((one.address, one) for (its, _), one in self._subscribers.items() if its == site)
        return tuple(
            one for _, one in theirs
            if one.confirmed_at is not None and one.sent_through < behind and one.wait_until <= now
        )  # fmt: skip

    async def forget_unconfirmed(self, site: str, before: datetime) -> None:
        """Delete those who never confirmed."""
        for key, one in list(self._subscribers.items()):
            if key[0] == site and one.confirmed_at is None and one.wait_until < before:
                del self._subscribers[key]

    async def forget_subscriber(self, site: str, address: str) -> None:
        """Delete one."""
        self._subscribers.pop((site, address), None)
