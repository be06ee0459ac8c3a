"""What every store keeps of passwords, one-time links and API tokens: hashes, each for whom it is."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from incidents.access import AccessRole
from nexus.store.credentials import ApiToken, SetupLink, hash_of_secret
from nexus.store.port import IncidentStore
from tests.conformance.test_sessions import session

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA"


def link(secret: str, person: str | None = "dana", lasts: timedelta = timedelta(days=1)) -> SetupLink:
    return SetupLink(id=hash_of_secret(secret), person=person, ends_at=NOW + lasts)


def token(identity: str, person: str = "dana", lasts: timedelta | None = None) -> ApiToken:
    return ApiToken(
        id=identity * 12, person=person, purpose="the dashboard", scopes=(AccessRole.VIEWER,),
        made_at=NOW, ends_at=NOW + lasts if lasts else None,
    )  # fmt: skip


async def test_a_password_is_kept_as_it_was_hashed_and_replaced_whole(store: IncidentStore) -> None:
    assert await store.password("dana") is None
    await store.set_password("dana", "the first", NOW)
    await store.set_password("dana", HASH, NOW)
    await store.set_password("Ana", "another", NOW)
    assert await store.password("dana") == HASH
    assert await store.password("DANA") is None
    assert await store.with_password() == ("Ana", "dana")
    assert await store.forget_password("dana")
    assert not await store.forget_password("dana")
    assert await store.with_password() == ("Ana",)


async def test_a_new_password_ends_every_session_of_its_person(store: IncidentStore) -> None:
    kims = session("kim's", "kim")
    for one in (session("one"), session("two"), kims):
        await store.open_session(one)
    await store.set_password("dana", HASH, NOW)
    assert await store.sessions(NOW) == (kims,)


async def test_a_signing_key_stays_the_first_one_and_each_name_has_its_own(store: IncidentStore) -> None:
    made = await asyncio.gather(*(store.signing_key("letters", f"key {number}") for number in range(5)))
    assert len(set(made)) == 1
    assert await store.signing_key("letters", "later") == made[0]
    assert await store.signing_key("others", "theirs") == "theirs"


async def test_a_link_is_used_once_and_ends(store: IncidentStore) -> None:
    kept = link("one")
    await store.keep_link(kept, NOW)
    assert await store.link(kept.id, NOW) == kept
    assert await store.link(kept.id, kept.ends_at) is None
    assert await store.use_link(kept.id, kept.ends_at) is None
    assert await store.use_link(kept.id, kept.ends_at - TICK) == kept
    assert await store.use_link(kept.id, NOW) is None
    assert await store.link(kept.id, NOW) is None


async def test_a_persons_new_link_takes_the_place_of_their_old_one(store: IncidentStore) -> None:
    first, kims, anybodys, second = link("1"), link("2", "kim"), link("3", None), link("4")
    for one in (first, kims, anybodys, second):
        await store.keep_link(one, NOW)
    found = [await store.link(one.id, NOW) for one in (first, kims, anybodys, second)]
    assert found == [None, kims, anybodys, second]


async def test_of_many_who_use_a_link_one_gets_it(stores: Callable[[], IncidentStore]) -> None:
    one, other = stores(), stores()
    await one.keep_link(link("raced"), NOW)
    got = await asyncio.gather(*(s.use_link(link("raced").id, NOW) for s in (one, other, one, other)))
    assert sorted(found is not None for found in got) == [False, False, False, True]


async def test_a_token_is_found_by_its_hash_until_it_ends_or_is_revoked(store: IncidentStore) -> None:
    lasting, short = token("a"), token("b", lasts=timedelta(hours=1))
    await store.add_token(lasting, "hash a")
    await store.add_token(short, "hash b")
    await store.add_token(token("c", "kim"), "hash c")
    assert await store.token_of("hash a", NOW + timedelta(days=999)) == lasting
    assert await store.token_of("hash b", NOW + timedelta(hours=1) - TICK) == short
    assert await store.token_of("hash b", NOW + timedelta(hours=1)) is None
    assert await store.token_of("hash z", NOW) is None
    assert await store.tokens("dana") == (lasting, short)
    assert await store.tokens() == (lasting, short, token("c", "kim"))
    assert await store.revoke_token(lasting.id)
    assert not await store.revoke_token(lasting.id)
    assert await store.token_of("hash a", NOW) is None
