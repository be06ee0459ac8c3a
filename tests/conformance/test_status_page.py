"""What every store keeps of the status page: updates in the order of publication, components, subscribers."""

from datetime import timedelta

from incidents.access import AccessRole
from incidents.actor import Actor, Via
from incidents.severity import PublicStatus
from incidents.status_page import Level, PublicUpdate, UpdateState
from nexus.store.audit import Deed, DeedKind
from nexus.store.port import IncidentStore
from nexus.store.status_page import Recorded, Subscriber
from tests.nexus.sample import ID, at

SITE = "shop"
KIM = Actor(id="kim", name="Kim", roles=(AccessRole.RESPONDER,), via=Via.HTTP, authenticated=True)


def update(key: str, minutes: float = 0, state: UpdateState = UpdateState.PUBLISHED) -> PublicUpdate:
    return PublicUpdate(
        id=f"id-{key}", thread="t1", incident=ID, key=key, components=("Ordering",), level=Level.DISTURBED,
        status=PublicStatus.INVESTIGATING, began_at=at(0), at=at(minutes), impact="Orders fail.",
        current_action="We are looking for the cause.", state=state,
    )  # fmt: skip


def deed(said: str) -> Deed:
    return Deed.by(KIM, DeedKind.STATUS_UPDATE, at(9), ID, said=said)


async def test_updates_get_places_as_they_are_published_and_each_key_counts_once(
    store: IncidentStore,
) -> None:
    assert await store.last_place(SITE) == 0
    assert [await store.keep_update(SITE, update(key, n)) for n, key in enumerate("aba")] == [
        True, True, False,
    ]  # fmt: skip
    assert [(one.key, one.place) for one in await store.published(SITE, at(-1))] == [("a", 1), ("b", 2)]
    assert await store.last_place(SITE) == 2
    assert await store.published(SITE, at(1)) == ()
    assert await store.last_place("other") == 0
    assert await store.published("other", at(-1)) == ()


async def test_a_draft_is_published_by_its_release_once(store: IncidentStore) -> None:
    draft = update("a", state=UpdateState.DRAFT)
    await store.keep_update(SITE, draft)
    assert await store.published(SITE, at(-1)) == ()
    worded = draft.model_copy(update={"impact": "Some orders fail.", "released_by": "kim"})
    released = await store.release(worded, deed("released"))
    assert released is not None
    assert (released.place, released.state, released.impact) == (
        1,
        UpdateState.PUBLISHED,
        "Some orders fail.",
    )
    assert await store.release(worded, deed("released")) is None
    assert not await store.drop(draft.id, deed("dropped"))
    assert await store.published(SITE, at(-1)) == (released,)
    assert [row.deed.said for row in await store.audit()] == ["released"]


async def test_what_is_published_later_drops_the_drafts_before_it(store: IncidentStore) -> None:
    for minutes, key in enumerate("ab"):
        await store.keep_update(SITE, update(key, minutes, UpdateState.DRAFT))
    await store.keep_update(SITE, update("c", 1))
    states = {one.key: one.state for one in await store.public_updates(ID)}
    assert states == {"a": UpdateState.DROPPED, "b": UpdateState.DRAFT, "c": UpdateState.PUBLISHED}
    assert await store.drop("id-b", deed("dropped"))
    assert await store.release(update("b", 1), deed("released")) is None


async def test_a_component_is_recorded_since_its_first_moment(store: IncidentStore) -> None:
    for name, minutes in (("Ordering", 1), ("Browsing", 2), ("Ordering", 3)):
        await store.keep_component(SITE, name, at(minutes))
    assert await store.recorded(SITE) == (
        Recorded(name="Browsing", since=at(2)), Recorded(name="Ordering", since=at(1)),
    )  # fmt: skip
    assert await store.recorded("other") == ()


async def test_subscribers_are_found_by_address_by_token_and_by_what_they_miss(store: IncidentStore) -> None:
    asked = Subscriber(address="ana@example.org", token="t-1", asked_at=at(0), wait_until=at(5))
    await store.keep_subscriber(SITE, asked)
    assert await store.subscriber(SITE, address="ana@example.org") == asked
    assert await store.subscriber(SITE, token="t-1") == asked
    assert await store.subscriber(SITE, token="t-2") is None
    assert await store.subscribers(SITE, 1, at(9)) == ()
    confirmed = asked.model_copy(update={"confirmed_at": at(1)})
    await store.keep_subscriber(SITE, confirmed)
    assert await store.subscribers(SITE, 1, at(4)) == ()
    assert await store.subscribers(SITE, 1, at(5)) == (confirmed,)
    await store.keep_subscriber(SITE, confirmed.model_copy(update={"sent_through": 1}))
    assert await store.subscribers(SITE, 1, at(5) + timedelta(days=1)) == ()
    await store.keep_subscriber(SITE, asked.model_copy(update={"address": "bob@example.org", "token": "t-3"}))
    await store.forget_unconfirmed(SITE, at(6))
    assert await store.subscriber(SITE, token="t-3") is None
    await store.forget_subscriber(SITE, "ana@example.org")
    assert await store.subscriber(SITE, token="t-1") is None
