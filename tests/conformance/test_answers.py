"""What every store keeps of answers: the first one of a key, each person's apart, for as long as is asked."""

from datetime import UTC, datetime, timedelta

from nexus.store.port import IncidentStore
from nexus.store.records import KeptAnswer

NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=7)


def answer(text: str = "first", at: datetime = NOW) -> KeptAnswer:
    return KeptAnswer(request="0" * 64, status=201, answer=f'{{"said": "{text}"}}', at=at)


async def test_the_first_answer_of_a_key_stays_and_is_one_persons(store: IncidentStore) -> None:
    assert await store.answer_of("dana", "k1") is None
    await store.keep_answer("dana", "k1", answer())
    await store.keep_answer("dana", "k1", answer("second"))
    await store.keep_answer("kim", "k1", answer("kim's"))
    assert await store.answer_of("dana", "k1") == answer()
    assert await store.answer_of("kim", "k1") == answer("kim's")
    assert await store.answer_of("dana", "K1") is None


async def test_what_is_older_than_is_asked_is_forgotten(store: IncidentStore) -> None:
    old = answer(at=LONG_AGO - timedelta(milliseconds=1))
    await store.keep_answer("dana", "old", old)
    await store.keep_answer("dana", "just", answer(at=LONG_AGO))
    await store.forget_answers(old.at)
    assert await store.answer_of("dana", "old") == old
    await store.forget_answers(LONG_AGO)
    assert await store.answer_of("dana", "old") is None
    assert await store.answer_of("dana", "just") == answer(at=LONG_AGO)
