"""Mail of the status page: confirmed, bundled, ended, and never more than the limits allow."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from incidents.catalogue import Service
from incidents.errors import Refused, UsageError
from incidents.severity import PublicStatus
from incidents.status_page import Level
from nexus.config.site import Site
from nexus.notify.mail import MailFailed, SmtpPost
from nexus.service.subscribers import APART, Subscribers
from nexus.store.memory import MemoryStore
from tests.nexus.mailbox import Mailbox, mailbox
from tests.nexus.server.test_status_page import NOW, SITE, course, update

ANA = "ana@example.org"
PAGE = Site.model_validate(
    {
        "services": (Service(name="checkout", public="Ordering"),),
        "server": {"public_url": "https://status.example.org"},
        "status": {"title": "Shop", "mail": {"host": "localhost", "tls": "none", "from": "s@example.org"}},
    }
)  # fmt: skip


@dataclass
class Desk:
    box: Mailbox
    store: MemoryStore
    theirs: Subscribers

    async def subscribed(self, address: str = ANA) -> str:
        await self.theirs.ask(address, NOW)
        token = token_in(self.box.to(address)[-1].get_content())
        await self.theirs.confirm(token, NOW)
        self.box.letters.clear()
        return token


def token_in(text: str) -> str:
    found = re.search(r"token=([\w-]+)", text)
    assert found is not None
    return found[1]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with mailbox() as box:
        store = MemoryStore()
        post = SmtpPost("127.0.0.1", box.port, "none", "status@example.org")
        yield Desk(box, store, Subscribers(store, PAGE, post))


async def test_who_asks_is_sent_a_link_and_nothing_else_until_they_confirm(desk: Desk) -> None:
    await desk.theirs.ask("Ana@Example.org", NOW)
    (letter,) = desk.box.letters
    assert "https://status.example.org/status/confirm?token=" in letter.get_content()
    await desk.store.keep_update(SITE, update("t", NOW, PublicStatus.INVESTIGATING, Level.DOWN))
    await desk.theirs.look(NOW)
    assert len(desk.box.letters) == 1


async def test_who_could_not_be_written_to_may_ask_again_at_once(desk: Desk) -> None:
    desk.box.down = True
    with pytest.raises(MailFailed):
        await desk.theirs.ask(ANA, NOW)
    desk.box.down = False
    await desk.theirs.ask(ANA, NOW)
    assert len(desk.box.letters) == 1


async def test_an_address_is_asked_once_an_hour_whoever_asks(desk: Desk) -> None:
    for minutes in (0, 1, 59):
        await desk.theirs.ask(ANA, NOW + timedelta(minutes=minutes))
    assert len(desk.box.letters) == 1
    await desk.theirs.ask(ANA, NOW + timedelta(minutes=61))
    assert len(desk.box.letters) == 2


async def test_a_link_of_the_day_before_counts_no_more(desk: Desk) -> None:
    await desk.theirs.ask(ANA, NOW)
    token = token_in(desk.box.letters[0].get_content())
    with pytest.raises(Refused, match="yesterday"):
        await desk.theirs.confirm(token, NOW + timedelta(hours=25))
    await desk.theirs.look(NOW + timedelta(hours=25))
    with pytest.raises(Refused, match="no such subscription"):
        await desk.theirs.confirm(token, NOW)


@pytest.mark.parametrize(
    "address", ["", "ana", "a@b\r\nBcc: x@y.org", "a@b, c@d", "<a@b>", "a@-b", "a" * 65 + "@b"]
)
async def test_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    with pytest.raises(UsageError, match="no mail address"):
        await desk.theirs.ask(address, NOW)
    assert desk.box.letters == []


async def test_each_hears_of_what_is_new_once_with_a_link_that_ends_it(desk: Desk) -> None:
    token = await desk.subscribed()
    for one in course("t", NOW, 15, 30):
        await desk.store.keep_update(SITE, one)
    for _ in range(2):
        await desk.theirs.look(NOW + timedelta(minutes=31))
    (letter,) = desk.box.to(ANA)
    assert letter["Subject"] == "Shop: Ordering is recovering"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == f"<https://status.example.org/status/unsubscribe?token={token}>"
    text = letter.get_content()
    assert "Status: Monitoring" in text
    assert "We are looking for the cause." in text
    await desk.theirs.end(token)
    await desk.store.keep_update(SITE, course("t", NOW, 15, 30, 45)[-1])
    await desk.theirs.look(NOW + timedelta(hours=1))
    assert len(desk.box.letters) == 1
    with pytest.raises(Refused):
        await desk.theirs.end(token)


async def test_letters_to_one_address_are_apart_and_the_next_one_has_what_came_meanwhile(desk: Desk) -> None:
    await desk.subscribed()
    told = course("t", NOW, 1, 2, 3)
    for number, one in enumerate(told):
        await desk.store.keep_update(SITE, one)
        await desk.theirs.look(NOW + timedelta(minutes=number))
    assert len(desk.box.letters) == 1
    await desk.theirs.look(NOW + APART)
    assert len(desk.box.letters) == 2
    assert "Status: Resolved" in desk.box.letters[-1].get_content()


async def test_an_address_that_nobody_has_is_forgotten_and_a_server_that_is_down_is_tried_again(
    desk: Desk,
) -> None:
    await desk.subscribed()
    await desk.subscribed("gone@example.org")
    desk.box.refuses.add("gone@example.org")
    await desk.store.keep_update(SITE, update("t", NOW, PublicStatus.INVESTIGATING, Level.DOWN))
    desk.box.down = True
    await desk.theirs.look(NOW)
    assert desk.box.letters == []
    desk.box.down = False
    await desk.theirs.look(NOW + timedelta(minutes=1))
    assert desk.box.letters == []
    await desk.theirs.look(NOW + APART)
    assert [one["To"] for one in desk.box.letters] == [ANA]
    assert await desk.store.subscriber(SITE, address="gone@example.org") is None


async def test_no_password_stands_in_what_failed() -> None:
    from pydantic import SecretStr  # noqa: PLC0415

    from nexus.notify.mail import Letter  # noqa: PLC0415

    post = SmtpPost("127.0.0.1", 9, "none", "s@example.org", "nexus", SecretStr("hunter2"))
    with pytest.raises(MailFailed, match=r"127\.0\.0\.1:9 does not take letters") as failed:
        await post.send(Letter(ANA, "s", "t"))
    assert "hunter2" not in f"{failed.value}{post}"
