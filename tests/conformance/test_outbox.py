"""What every store keeps of what is told outside: messages, to whom they go, what became of each try."""

from collections.abc import Callable
from datetime import datetime

import pytest

from incidents.severity import Severity
from incidents.shadow import Shadow
from nexus.store.leases import this_process
from nexus.store.outbox import (
    Asking,
    DeliveryState,
    Disabled,
    Followed,
    KeptAttempt,
    MessageDelivery,
    NewDelivery,
    Routed,
    Saying,
    Sender,
    Settled,
)
from nexus.store.port import IncidentStore
from nexus.store.records import Message, MessageKind, WorldKind, WorldRef
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import ID, at

SITE = "shop"
LIVE = WorldRef(kind=WorldKind.LIVE, path="/etc/nexus.yaml")
HERE = this_process()
LEAST = 10_000


def sender(owner: str = "a", until: datetime | None = None) -> Sender:
    return Sender(owner=owner, process=HERE, until=until or at(1))


async def said(
    store: IncidentStore, key: str = "k", kind: MessageKind = MessageKind.PAGE, incident: str = ID
) -> int:
    """The number of a message that was just sent."""
    message = Message(incident=incident, kind=kind, key=key, at=at(0), title="t", text=f"look: {key}")
    await store.send(message)
    return next(one.number for one in await store.unrouted(SITE, 100) if one.message.key == key)


async def registered(store: IncidentStore, incident: str = ID, site: str | None = SITE) -> None:
    await store.register(sample.opened(incident), LIVE, at(0), site)


def to(message: int, destination: str = "slack", urgency: int = 5, **more: object) -> NewDelivery:
    given = {"message": message, "destination": destination, "urgency": urgency, "next_at": at(0)}
    return NewDelivery.model_validate(given | more)


async def queued(store: IncidentStore, *deliveries: NewDelivery, asks: bool = False) -> None:
    """Route each message to what is given of it."""
    numbers = dict.fromkeys(one.message for one in deliveries)
    await store.route(
        SITE,
        tuple(
            Routed(
                message=n, deliveries=tuple(one for one in deliveries if one.message == n), asks=asks,
                repeat_at=at(5) if asks else None,
            )
            for n in numbers
        ),
    )  # fmt: skip


async def taken(
    store: IncidentStore, destination: str = "slack", limit: int = 10, most: int = LEAST, owner: str = "a"
) -> tuple[MessageDelivery, ...]:
    return await store.take(SITE, destination, sender(owner), at(0), limit, most)


def settled(one: MessageDelivery, state: DeliveryState, owner: str = "a", **more: object) -> Settled:
    tried = KeptAttempt(at=at(0.1), outcome=state, reason=str(more.get("reason", "")))
    return Settled.model_validate(
        {"delivery": one.number, "owner": owner, "state": state, "attempt": tried, **more}
    )


async def test_what_is_sent_of_a_live_incident_waits_until_it_is_routed_once(store: IncidentStore) -> None:
    await registered(store)
    channel = await said(store, "c", MessageKind.CHANNEL)
    page = await said(store, "p")
    waiting = await store.unrouted(SITE, 10)
    assert [one.number for one in waiting] == [page, channel], "what wakes people goes first"
    assert (waiting[0].severity, waiting[0].services) == (None, sample.opened().services)
    assert await store.unrouted("depot", 10) == ()
    await queued(store, to(page), to(channel))
    await queued(store, to(page, "mail"))
    assert await store.unrouted(SITE, 10) == ()
    assert [one.destination for one in await store.deliveries_of(ID)] == ["slack", "slack"]
    await saved(store, sample.opened().model_copy(update={"severity": Severity.P0}), at(1))
    await said(store, "later")
    assert (await store.unrouted(SITE, 10))[0].severity is Severity.P0


async def test_what_is_said_of_a_shadow_is_known_to_be(store: IncidentStore) -> None:
    await store.register(sample.opened().evolve(shadow=Shadow(whole=True)), LIVE, at(0), SITE)
    number = await said(store)
    (waiting,) = await store.unrouted(SITE, 10)
    assert waiting.shadow
    await queued(store, to(number, next_at=None, reason="in shadow"))
    assert await taken(store) == ()
    assert [one.state for one in await store.deliveries_of(ID)] == [DeliveryState.WITHHELD]


async def test_what_recorded_worlds_say_goes_nowhere(store: IncidentStore) -> None:
    await registered(store, site=None)
    await store.send(Message(incident=ID, kind=MessageKind.PAGE, key="k", at=at(0), title="t", text="look"))
    assert await store.unrouted(SITE, 10) == ()
    assert len(await store.messages(ID)) == 1


async def test_the_most_urgent_is_taken_first_and_nothing_twice(
    stores: Callable[[], IncidentStore],
) -> None:
    store, other = stores(), stores()
    await registered(store)
    first, second, third = [await said(store, key) for key in "abc"]
    await queued(store, to(first, urgency=9), to(second, urgency=9), to(third, urgency=0))
    assert await store.due_destinations(SITE, at(0)) == ("slack",)
    assert await store.due_destinations(SITE, at(-1)) == ()
    mine = await taken(store, limit=2)
    assert [one.content.key for one in mine] == ["c", "a"]
    assert {one.state for one in mine} == {DeliveryState.SENDING}
    theirs = await taken(other, owner="b")
    assert [one.content.key for one in theirs] == ["b"]
    assert await taken(store) == ()
    assert await store.due_destinations(SITE, at(9)) == ()


async def test_a_slot_that_is_kept_for_what_is_urgent_takes_nothing_else(store: IncidentStore) -> None:
    await registered(store)
    mild, severe = await said(store, "mild"), await said(store, "severe")
    await queued(store, to(mild, urgency=30), to(severe, urgency=1))
    assert [one.content.key for one in await taken(store, most=1)] == ["severe"]
    assert await taken(store, most=1) == ()


async def test_each_try_is_kept_and_no_secret_in_it(store: IncidentStore) -> None:
    await registered(store)
    await queued(store, to(await said(store)))
    (one,) = await taken(store)
    assert (one.tries, one.uncertain) == (1, False)
    why = "password=hunter2hunter2 was refused"
    await store.settle((settled(one, DeliveryState.UNKNOWN, next_at=at(2), reason=why),))
    assert await taken(store) == (), "not before its time"
    (again,) = await store.take(SITE, "slack", sender(until=at(9)), at(2), 5, LEAST)
    assert (again.tries, again.uncertain) == (2, True)
    await store.settle((settled(again, DeliveryState.DELIVERED, reference="ts-1"),))
    (kept,) = await store.deliveries_of(ID)
    assert (kept.state, kept.reference, kept.next_at) == (DeliveryState.DELIVERED, "ts-1", None)
    assert await store.told_at(SITE, "ts-1") == ID
    assert await store.told_at(SITE, "ts-2") is None
    assert await store.told_at("other", "ts-1") is None
    assert [tried.outcome for tried in kept.attempts] == [DeliveryState.UNKNOWN, DeliveryState.DELIVERED]
    assert "hunter2" not in kept.attempts[0].reason
    assert kept.attempts[0].at == at(0.1)


async def test_what_its_owner_lost_is_settled_by_the_next_alone(store: IncidentStore) -> None:
    await registered(store)
    await queued(store, to(await said(store)))
    (one,) = await taken(store)
    assert await store.lost(SITE, at(0.5)) == ()
    ((lost, owner),) = await store.lost(SITE, at(1))
    assert (lost.number, owner) == (one.number, "a")
    await store.settle((settled(one, DeliveryState.UNKNOWN, owner, next_at=at(0)),))
    (again,) = await taken(store, owner="b")
    await store.settle((settled(one, DeliveryState.ACCEPTED, "a"),))
    assert (await store.deliveries_of(ID))[0].state is DeliveryState.SENDING
    await store.settle((settled(again, DeliveryState.ACCEPTED, "b"),))
    assert (await store.deliveries_of(ID))[0].state is DeliveryState.ACCEPTED


async def test_what_a_dead_process_was_sending_is_lost_at_once(store: IncidentStore) -> None:
    await registered(store)
    await queued(store, to(await said(store)))
    dead = Sender(owner="a", process=HERE.model_copy(update={"started": "long ago"}), until=at(99))
    await store.take(SITE, "slack", dead, at(0), 1, LEAST)
    assert [owner for _, owner in await store.lost(SITE, at(0))] == ["a"]


async def test_of_what_asks_the_newest_alone_is_said_again(store: IncidentStore) -> None:
    await registered(store)
    first = await said(store, "a")
    await queued(store, to(first), asks=True)
    second = await said(store, "b")
    await queued(store, to(second), asks=True)
    asking = await store.asking(SITE)
    assert [(one.number, one.asks, one.repeat_at) for one in asking] == [
        (first, Asking.OPEN, None),
        (second, Asking.OPEN, at(5)),
    ]
    assert await store.asking("depot") == ()


async def test_what_asks_goes_on_step_by_step_and_each_once(store: IncidentStore) -> None:
    await registered(store)
    number = await said(store)
    await queued(store, to(number), to(number, "mail"), asks=True)
    (mail,) = await taken(store, "mail")
    await store.settle((settled(mail, DeliveryState.ACCEPTED),))
    (known,) = await store.asking(SITE)
    again = to(number, "mail", saying=Saying.REPEAT, repeat=1, next_at=at(5))
    step = Followed(known=known, asks=Asking.OPEN, repeats=1, repeat_at=at(9), deliveries=(again,))
    assert await store.follow(SITE, step)
    assert not await store.follow(SITE, step), "two processes say it again once"
    (known,) = await store.asking(SITE)
    done = Followed(
        known=known, asks=None, repeats=1, repeat_at=None, withhold="Dana Lee has it",
        deliveries=(to(number, "mail", saying=Saying.HANDLED),),
    )  # fmt: skip
    assert await store.follow(SITE, done)
    kept = {(one.destination, one.saying): one for one in await store.deliveries_of(ID)}
    assert {key: one.state for key, one in kept.items()} == {
        ("slack", Saying.FIRST): DeliveryState.WITHHELD,
        ("mail", Saying.FIRST): DeliveryState.ACCEPTED,
        ("mail", Saying.REPEAT): DeliveryState.WITHHELD,
        ("mail", Saying.HANDLED): DeliveryState.QUEUED,
    }
    assert kept["slack", Saying.FIRST].reason == "Dana Lee has it"
    assert await store.asking(SITE) == ()
    await store.also(SITE, (to(number, "mail"), to(number, "ntfy")))
    assert [one.destination for one in await store.deliveries_of(ID)].count("mail") == 3
    assert len(await store.deliveries_of(ID)) == 5


async def test_what_is_withheld_from_the_start_is_kept_with_its_reason(store: IncidentStore) -> None:
    await registered(store)
    await queued(store, to(await said(store), next_at=None, reason="no route leads there"))
    (one,) = await store.deliveries_of(ID)
    assert (one.state, one.reason) == (DeliveryState.WITHHELD, "no route leads there")
    assert await store.due_destinations(SITE, at(99)) == ()


async def test_what_waits_is_counted_by_destination(store: IncidentStore) -> None:
    await registered(store)
    a, b = await said(store, "a"), await said(store, "b")
    await queued(store, to(a), to(b, next_at=at(3)), to(b, "mail"))
    (one,) = await taken(store, limit=1)
    await store.settle((settled(one, DeliveryState.FAILED_FOR_NOW, next_at=at(2), reason="down"),))
    counted = [tuple(dict(one).values()) for one in await store.backlogged(SITE)]
    assert counted == [("mail", 1, 0, at(0), ""), ("slack", 2, 1, at(2), "down")]


async def test_a_destination_rests_until_the_last_moment_that_was_asked_for(store: IncidentStore) -> None:
    await store.rest(SITE, "ops", at(5))
    await store.rest(SITE, "ops", at(3))
    await store.rest(SITE, "chat", at(4))
    await store.rest("depot", "ops", at(9))
    assert await store.resting(SITE, at(1)) == ("chat", "ops")
    assert await store.resting(SITE, at(4)) == ("ops",)
    assert await store.resting(SITE, at(5)) == ()


async def test_a_destination_is_disabled_once_until_it_is_enabled(store: IncidentStore) -> None:
    gone = Disabled(destination="slack", since=at(1), reason="token=xoxb-123456789012-abcdefghijkl revoked")
    assert await store.disable(SITE, gone)
    assert not await store.disable(SITE, gone.model_copy(update={"since": at(2)}))
    (kept,) = await store.disabled(SITE)
    assert (kept.destination, kept.since) == ("slack", at(1))
    assert "abcdefghijkl" not in kept.reason
    assert await store.disabled("depot") == ()
    assert await store.enable(SITE, "slack")
    assert not await store.enable(SITE, "slack")
    assert await store.disabled(SITE) == ()


@pytest.mark.parametrize("limit", [1, 3])
async def test_so_many_are_read_at_once(store: IncidentStore, limit: int) -> None:
    await registered(store)
    for key in "abcde":
        await said(store, key)
    assert len(await store.unrouted(SITE, limit)) == limit


async def test_what_waits_of_one_kind_is_joined_whether_it_is_due_or_not(store: IncidentStore) -> None:
    await registered(store)
    await registered(store, "INC-2026-11-23-002")
    lines = [await said(store, key, MessageKind.CHANNEL) for key in "abc"]
    page = await said(store, "page")
    other = await said(store, "other", MessageKind.CHANNEL, "INC-2026-11-23-002")
    later = [to(line, urgency=60, next_at=at(5)) for line in lines[1:]]
    await queued(store, to(lines[0], urgency=60), *later, to(lines[1], "mail"), to(page), to(other))
    (first,) = [one for one in await taken(store) if one.content.key == "a"]
    joined = await store.join(SITE, first, sender(), 10)
    assert [(one.content.key, one.state, one.tries) for one in joined] == [
        ("b", DeliveryState.SENDING, 1),
        ("c", DeliveryState.SENDING, 1),
    ]
    assert await store.join(SITE, first, sender("b"), 10) == ()
