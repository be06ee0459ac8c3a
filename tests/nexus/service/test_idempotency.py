"""What is sent again under its key: answered as it was, done once, whenever the first answer was lost."""

import asyncio

import pytest

from incidents.errors import Refused
from nexus.service.idempotency import Idempotency, KeyReused
from nexus.service.views import Handled
from nexus.store.memory import MemoryStore
from nexus.store.records import KeptAnswer
from tests.nexus.sample import ID, at, waiting
from tests.nexus.service.test_commands import DANA, KIM, LIVE, door, inbox
from tools.clock import VirtualClock


class Deed:
    """Something that is done, and counted."""

    def __init__(self, fails: int = 0) -> None:
        self.times = 0
        self.fails = fails

    async def __call__(self) -> Handled:
        self.times += 1
        await asyncio.sleep(0)
        if self.times <= self.fails:
            raise Refused("not now")
        return Handled(incident=ID, verb="note", by="dana", at=at(self.times), known=False)


class Forgetful(MemoryStore):
    """Whose process dies before an answer is kept."""

    dies = True

    async def keep_answer(self, person: str, key: str, answer: KeptAnswer) -> None:
        if self.dies:
            raise ConnectionError("the machine is gone")
        await super().keep_answer(person, key, answer)


async def test_many_at_once_are_done_once() -> None:
    requests, deed = Idempotency(MemoryStore(), VirtualClock(at(0))), Deed()
    told = await asyncio.gather(*(requests.once(DANA, "k", "note", deed) for _ in range(5)))
    assert (deed.times, len({one.answer for one in told})) == (1, 1)
    await requests.once(KIM, "k", "note", deed)
    await requests.once(DANA, "k2", "note", deed)
    assert deed.times == 3


async def test_another_request_under_the_key_is_refused_and_not_done() -> None:
    requests, deed = Idempotency(MemoryStore(), VirtualClock(at(0))), Deed()
    await requests.once(DANA, "k", "note one", deed)
    with pytest.raises(KeyReused, match="take a new one"):
        await requests.once(DANA, "k", "note two", deed)
    assert deed.times == 1


async def test_what_was_refused_is_tried_again() -> None:
    requests, deed = Idempotency(MemoryStore(), VirtualClock(at(0))), Deed(fails=1)
    with pytest.raises(Refused):
        await requests.once(DANA, "k", "note", deed)
    await requests.once(DANA, "k", "note", deed)
    assert deed.times == 2


async def test_what_was_done_before_its_answer_was_lost_counts_once() -> None:
    store = Forgetful()
    await store.register(waiting(), LIVE, at(12), "shop")
    commands, requests = door(store), Idempotency(store, VirtualClock(at(12)))

    async def note() -> Handled:
        return await commands.note(ID, actor=DANA, text="look at payment", key="k")

    with pytest.raises(ConnectionError):
        await requests.once(DANA, "k", "note", note)
    store.dies = False
    assert '"known":true' in (await requests.once(DANA, "k", "note", note)).answer
    assert await inbox(store) == ["note"]
