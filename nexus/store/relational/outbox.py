"""Implements `nexus.store.outbox.Outbox`."""

from collections.abc import Iterable
from datetime import datetime

from nexus.store.audit import Deed
from nexus.store.leases import is_alive
from nexus.store.outbox import (
    Asking,
    AskingMessage,
    Backlogged,
    DeliveryState,
    Disabled,
    Followed,
    MessageDelivery,
    NewDelivery,
    Outgoing,
    Routed,
    Sender,
    Settled,
)
from nexus.store.records import Message, Process, Summary
from nexus.store.relational.audit import record
from nexus.store.relational.rows import as_json, redacted_text, sortable
from nexus.store.relational.told import ToldReads, delivery_of
from nexus.store.relational.transactions import Run


class OutboxRows(ToldReads):
    """Messages, their deliveries and attempts."""

    async def unrouted(self, site: str, limit: int) -> tuple[Outgoing, ...]:
        """So many messages of which nobody knows yet to whom they go."""
        found = []
        for number, body, summary, alerted in await self._database.read("unrouted", site=site, limit=limit):
            line = Summary.from_stored(summary)
            found.append(
                Outgoing(
                    number=int(number), message=Message.from_stored(body), severity=line.severity,
                    alerted=alerted, services=line.services, shadow=line.shadow,
                )
            )  # fmt: skip
        return tuple(found)

    async def route(self, site: str, routed: tuple[Routed, ...]) -> None:
        """Keep to whom messages go."""

        def work(run: Run) -> None:
            for one in routed:
                asks = Asking.OPEN if one.asks else None
                values = {"asks": asks, "repeat_at": _moment(one.repeat_at), "yes": True}
                if run("route_message", message=one.message, **values).rowcount:
                    _add(run, site, one.deliveries)
                    if one.asks:
                        run("hush_earlier", message=one.message)

        await self._database.atomically(work)

    async def asking(self, site: str) -> tuple[AskingMessage, ...]:
        """Every message that wants somebody."""
        rows = await self._database.read("asking", site=site)
        return tuple(
            AskingMessage.model_validate(
                {"number": int(number), "message": Message.from_stored(body), "asks": asks,
                 "repeats": int(repeats), "repeat_at": repeat_at}
            )
            for number, body, asks, repeats, repeat_at in rows
        )  # fmt: skip

    async def follow(self, site: str, step: Followed) -> bool:
        """Keep what comes next of a message that asks."""
        known = step.known

        def work(run: Run) -> bool:
            values = {"asks": step.asks, "repeats": step.repeats, "repeat_at": _moment(step.repeat_at)}
            was = {"was": known.asks, "known": known.repeats}
            if not run("follow_message", message=known.number, **values, **was).rowcount:
                return False
            if step.withhold is not None:
                run("withhold_deliveries", message=known.number, reason=redacted_text(step.withhold))
            _add(run, site, step.deliveries)
            return True

        return await self._database.atomically(work)

    async def also(self, site: str, deliveries: tuple[NewDelivery, ...]) -> None:
        """Keep further deliveries."""
        await self._database.atomically(lambda run: _add(run, site, deliveries))

    async def due_destinations(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations for which something is due."""
        rows = await self._database.read("due_destinations", site=site, now=sortable(now))
        return tuple(name for (name,) in rows)

    async def take(
        self, site: str, destination: str, sender: Sender, now: datetime, limit: int, most_urgency: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many that are due."""
        mine = _mine(sender)
        asked = {"site": site, "destination": destination, "now": sortable(now)}
        rows = await self._database.atomically(
            lambda run: run(
                "take_deliveries", **mine, **asked, limit=limit, most_urgency=most_urgency
            ).fetchall()
        )
        taken = [delivery_of(row) for row in rows]
        return tuple(sorted(taken, key=lambda one: (one.urgency, one.number)))

    async def join(
        self, site: str, one: MessageDelivery, sender: Sender, limit: int
    ) -> tuple[MessageDelivery, ...]:
        """Take so many more of that kind, incident and destination."""
        mine, what = _mine(sender), {"incident": one.content.incident, "kind": one.content.kind}
        asked = {"site": site, "destination": one.destination, "limit": limit}
        rows = await self._database.atomically(
            lambda run: run("join_deliveries", **mine, **asked, **what).fetchall()
        )
        return tuple(sorted((delivery_of(row) for row in rows), key=lambda taken: taken.number))

    async def settle(self, settled: tuple[Settled, ...]) -> None:
        """Keep what became of tries."""

        def work(run: Run) -> None:
            for one in settled:
                values = {"state": one.state, "next_at": _moment(one.next_at), "reference": one.reference}
                why = redacted_text(one.reason)
                changed = run(
                    "settle_delivery", delivery=one.delivery, owner=one.owner, reason=why, **values
                ).rowcount
                if changed and (tried := one.attempt) is not None:
                    what = {"outcome": tried.outcome, "reason": redacted_text(tried.reason)}
                    run("keep_attempt", delivery=one.delivery, at=sortable(tried.at), **what)

        await self._database.atomically(work)

    async def lost(self, site: str, now: datetime) -> tuple[tuple[MessageDelivery, str], ...]:
        """What was being sent by a process that sends it no more."""
        found = []
        for *row, owner, process, until in await self._database.read("sending", site=site):
            over = datetime.fromisoformat(until) <= now
            if over or is_alive(Process.from_stored(process)) is False:
                found.append((delivery_of(row), owner))
        return tuple(found)

    async def backlogged(self, site: str) -> tuple[Backlogged, ...]:
        """Every destination for which something waits."""
        names = ("destination", "waiting", "failing", "oldest", "reason")
        rows = await self._database.read("backlogged", site=site)
        return tuple(Backlogged.model_validate(dict(zip(names, row, strict=True))) for row in rows)

    async def rest(self, site: str, destination: str, until: datetime) -> None:
        """Leave it alone until a moment."""
        await self._database.write("rest_destination", site=site, name=destination, until=sortable(until))

    async def resting(self, site: str, now: datetime) -> tuple[str, ...]:
        """The destinations that are left alone."""
        rows = await self._database.read("resting_destinations", site=site, now=sortable(now))
        return tuple(name for (name,) in rows)

    async def disable(self, site: str, disabled: Disabled) -> bool:
        """Try nothing more there."""
        values = {"since": sortable(disabled.since), "reason": redacted_text(disabled.reason)}
        return await self._database.write(
            "disable_destination", site=site, name=disabled.destination, **values
        )

    async def enable(self, site: str, destination: str, deed: Deed | None = None) -> bool:
        """Try it again."""

        def work(run: Run) -> bool:
            changed = run("enable_destination", site=site, name=destination).rowcount > 0
            if changed and deed is not None:
                record(run, deed)
            return changed

        return await self._database.atomically(work)

    async def disabled(self, site: str) -> tuple[Disabled, ...]:
        """The destinations at which nothing is tried."""
        names = ("destination", "since", "reason")
        rows = await self._database.read("disabled_destinations", site=site)
        return tuple(Disabled.model_validate(dict(zip(names, row, strict=True))) for row in rows)


def _add(run: Run, site: str, deliveries: Iterable[NewDelivery]) -> None:
    for one in deliveries:
        state = DeliveryState.QUEUED if one.next_at is not None else DeliveryState.WITHHELD
        values = {"saying": one.saying, "repeat": one.repeat, "urgency": one.urgency, "state": state}
        when = {"next_at": _moment(one.next_at), "reason": redacted_text(one.reason)}
        run("add_delivery", message=one.message, site=site, destination=one.destination, **values, **when)


def _mine(sender: Sender) -> dict[str, object]:
    """The columns of who is sending."""
    return {"owner": sender.owner, "process": as_json(sender.process), "until": sortable(sender.until)}


def _moment(moment: datetime | None) -> str | None:
    return sortable(moment) if moment is not None else None
