"""What every store keeps of sessions: one by its id until it ends, gone at once when it is ended."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from incidents.access import AccessRole
from nexus.store.port import IncidentStore
from nexus.store.sessions import LoginBy, Session

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)


def session(secret: str, person: str = "dana", minutes: float = 0, **more: object) -> Session:
    started = NOW + timedelta(minutes=minutes)
    return Session.model_validate(
        {
            "id": sha256(secret.encode()).hexdigest(), "person": person, "name": person.title(),
            "by": LoginBy.TOKEN, "started_at": started, "ends_at": started + timedelta(hours=8),
        } | more
    )  # fmt: skip


async def test_a_session_is_found_by_its_id_until_it_ends(store: IncidentStore) -> None:
    kept = session("one", roles=(AccessRole.VIEWER,), browser="Firefox", address="192.0.2.7")
    assert await store.session(kept.id, NOW) is None
    await store.open_session(kept)
    assert await store.session(kept.id, NOW) == kept
    assert await store.session(kept.id.upper(), NOW) is None
    assert await store.session(kept.id, kept.ends_at - timedelta(milliseconds=1)) == kept
    assert await store.session(kept.id, kept.ends_at) is None


async def test_those_that_last_are_listed_newest_first(store: IncidentStore) -> None:
    first, second = session("one"), session("two", "kim", minutes=5)
    for one in (first, second):
        await store.open_session(one)
    assert await store.sessions(NOW) == (second, first)
    assert await store.sessions(first.ends_at) == (second,)


async def test_one_is_ended_or_all_of_a_person(store: IncidentStore) -> None:
    kims = session("kim's", "kim")
    for one in (session("one"), session("two"), session("three"), kims):
        await store.open_session(one)
    assert await store.end_session(session("one").id)
    assert not await store.end_session(session("one").id)
    assert await store.session(session("one").id, NOW) is None
    assert await store.end_sessions_of("dana") == 2
    assert await store.end_sessions_of("dana") == 0
    assert await store.sessions(NOW) == (kims,)


async def test_the_next_login_forgets_those_that_have_ended(store: IncidentStore) -> None:
    old, later = session("old"), session("later", minutes=8 * 60)
    await store.open_session(old)
    await store.open_session(later)
    assert await store.session(old.id, NOW) is None
    assert await store.sessions(NOW) == (later,)
