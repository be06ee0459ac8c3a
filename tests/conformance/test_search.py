"""One suite for what words find: by every store alike, each text once, and nothing of what is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from incidents.findings import Evidence
from incidents.incident import Incident
from incidents.post_mortem_text import PostMortemText, PostMortemVersion
from nexus.store.lists import IncidentFilter
from nexus.store.port import IncidentStore
from nexus.store.search import FoundIn
from tests.conformance.test_lists import number
from tests.conformance.test_store import WORLD
from tests.nexus import sample
from tests.nexus.leasing import saved
from tests.nexus.sample import at


async def registered(store: IncidentStore, count: int, incident: Incident) -> str:
    mine = incident.evolve(id=number(count), opened_at=at(count))
    await store.register(mine, WORLD, at(count))
    return mine.id


async def looked(store: IncidentStore, words: str, *without: str) -> list[int]:
    among = IncidentFilter(words=words, without=frozenset(without))
    return [int(line.id[-3:]) for line in await store.page(among)]


def evidence(incident: str, summary: str, identity: str = "E-00000001") -> Evidence:
    return sample.evidence().model_copy(update={"incident": incident, "id": identity, "summary": summary})


def version(incident: str, summary: str, count: int = 1, by_agents: bool = False) -> PostMortemVersion:
    text = PostMortemText.empty("Payments").model_copy(update={"summary": summary})
    return PostMortemVersion(
        incident=incident, number=count, by="Dana", by_agents=by_agents, at=at(50), text=text
    )


@pytest.fixture
async def there(store: IncidentStore) -> IncidentStore:
    await registered(store, 1, sample.opened().evolve(title="HighErrorRate: Größe der Queue 2026.11.9"))
    await registered(store, 2, sample.waiting().evolve(title="Payments are lost"))
    await store.put(evidence(number(1), "1204 lines: TypeError in charge_card('x'), 100% of them"), b"{}")
    await store.put(evidence(number(2), "p95 of /checkout is 1.9 s"), b"{}")
    await store.add_version(version(number(2), "An index was missing."))
    return store


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("typeerror", [1]),
        ("TYPEERR charge", [1]),
        ("charge_card('x')", [1]),
        ("2026.11.9", [1]),
        ("größe queue", [1]),
        ("grö", [1]),
        ("missing index", [2]),
        ("checkout p95", [2]),
        ("lost", [2]),
        ("osses", []),
        ("lost typeerror", []),  # in two texts of two incidents
        ("lost missing", []),  # in two texts of one
        ("%", []),
        ("_", []),
        ('"', []),
        ("' or 1=1 --", []),
        ("near(lost)", []),
        ("lost*", [2]),
        ("text:lost", []),
        ("lost & !index", []),
    ],
)
async def test_each_word_begins_a_word_of_one_text(
    there: IncidentStore, words: str, shown: list[int]
) -> None:
    assert await looked(there, words) == shown


async def test_what_is_left_out_is_not_found_and_takes_no_place(there: IncidentStore) -> None:
    assert await looked(there, "of") == [2, 1]
    among = IncidentFilter(words="of", without=frozenset({number(2)}))
    assert [line.id for line in await there.page(among, limit=1)] == [number(1)]
    assert await there.page(IncidentFilter(without=frozenset({number(1), number(2)}))) == ()


async def test_what_was_found_is_told_with_where_it_stands(there: IncidentStore) -> None:
    await there.add_version(version(number(2), "Payments were lost: an index was missing.", 2))
    found = await there.found("payments", [number(1), number(2)])
    assert [(one.incident, one.kind, one.ref) for one in found] == [
        (number(2), FoundIn.INCIDENT, ""), (number(2), FoundIn.POST_MORTEM, "people"),
    ]  # fmt: skip
    assert "an index was missing" in found[1].text
    assert await there.found("payments", [number(1)]) == ()
    assert await there.found("%", [number(2)]) == ()


async def test_a_text_is_found_as_it_is_now(there: IncidentStore) -> None:
    await there.add_version(version(number(2), "A lock was held.", 2))
    assert await looked(there, "index") == []
    assert await looked(there, "lock") == [2]
    known = await there.load(number(1))
    assert known is not None
    await saved(there, known.evolve(title="Orders fail"), at(60))
    assert await looked(there, "queue") == []
    assert await looked(there, "orders") == [1]


async def test_a_secret_is_not_found_since_it_is_not_kept(there: IncidentStore) -> None:
    told = evidence(number(1), "password=hunter2hunter2 was logged\x00here", "E-00000002")
    await there.put(told, b"{}")
    assert await looked(there, "logged") == [1]
    assert await looked(there, "hunter2hunter2") == []


async def test_nothing_is_found_of_what_was_erased(stores: Callable[[], IncidentStore]) -> None:
    store = stores()
    ended = sample.resolved().evolve(closed=True, title="Kraken")
    await registered(store, 1, ended)
    await store.put(evidence(number(1), "a kraken"), b"{}")
    assert await looked(store, "kraken") == [1]
    lease = await store.lease(number(1), "test", at(60) + timedelta(hours=1), at(60))
    assert lease is not None
    await store.erase(number(1), lease)
    assert await store.found("kraken", [number(1)]) == ()
    assert await looked(store, "kraken") == []
