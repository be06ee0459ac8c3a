"""Whatever apprise knows: the real library against servers of this machine."""

import asyncio
import logging
import logging.handlers
import socket
import threading
import time
import warnings
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from nexus.notify.apprise.destination import AppriseDestination, texts, with_ours
from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.notice import Purpose
from tests.nexus.notify.conformance.notices import AT, decision, notice
from tests.nexus.notify.conformance.provider import How, Provider, Reply, provider
from tools.clock import VirtualClock

with warnings.catch_warnings(action="ignore"):  # of modules that its plugins import
    apprise = pytest.importorskip("apprise")
    apprise.Apprise.instantiate("json://localhost")
NOW, GOOD, UNKNOWN = Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_GOOD, Outcome.UNKNOWN
SECRET = "s3cr3t-t0pic-name"


def through(address: str, limit: float = 30, *, wakes: bool = False) -> AppriseDestination:
    clock = VirtualClock(AT)
    return AppriseDestination(
        "else", SecretStr(address), wakes=wakes, clock=clock, limit=timedelta(seconds=limit)
    )


def address(server: Provider, query: str = "") -> str:
    return f"json://ana:{SECRET}@127.0.0.1:{server.port}/{SECRET}/hook{query}"


async def answered(reply: Reply, query: str = "", limit: float = 30) -> tuple[Attempt, Provider]:
    async with provider(lambda _: Reply(200)) as server:
        server.says = reply
        return await through(address(server, query), limit).send(notice()), server


async def test_what_is_told_arrives_once_and_whole() -> None:
    attempt, server = await answered(Reply(200))
    assert attempt.outcome is Outcome.ACCEPTED
    (asked,) = server.asked
    assert asked.json["title"] == "P0 · Checkout answers with errors"
    assert "Every second order fails" in asked.json["message"]
    assert (asked.json["type"], asked.json["attachments"]) == ("failure", [])


@pytest.mark.parametrize(
    ("status", "outcome", "disables"),
    [(400, GOOD, False), (401, GOOD, True), (403, GOOD, True), (404, GOOD, True), (410, GOOD, True),
     (429, NOW, False), (500, NOW, False), (503, NOW, False), (302, GOOD, True), (504, UNKNOWN, False)],
)  # fmt: skip
@pytest.mark.parametrize("query", ["", "?retry=3&redirect=yes&overflow=split"])
async def test_a_status_becomes_what_it_means_and_the_library_tries_nothing_again(
    status: int, outcome: Outcome, disables: bool, query: str
) -> None:
    attempt, server = await answered(Reply(status, SECRET, {"location": "/elsewhere"}), query)
    assert (attempt.outcome, attempt.disables) == (outcome, disables), attempt.reason
    assert [asked.method for asked in server.asked] == ["POST"]
    assert SECRET not in attempt.reason


async def test_nobody_knows_of_what_was_sent_and_not_answered() -> None:
    for how, limit in ((How.CLOSES, 30), (How.RESETS, 30), (How.HANGS, 1)):
        began = time.monotonic()
        attempt, _ = await answered(Reply(how=how), limit=limit)
        assert (attempt.outcome, attempt.disables) == (UNKNOWN, False), (how, attempt.reason)
        assert time.monotonic() - began < 15
        assert SECRET not in attempt.reason


async def test_nothing_has_arrived_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for where in (f"127.0.0.1:{port}", "nobody.invalid"):
        attempt = await through(f"json://{where}/{SECRET}").send(notice())
        assert (attempt.outcome, attempt.disables) == (NOW, False), attempt.reason
        assert SECRET not in attempt.reason


@pytest.mark.parametrize("bad", ["", "nothing", f"nosuch://{SECRET}", f"slack://{SECRET}", "mailto://"])
async def test_an_address_that_apprise_does_not_know_disables(bad: str) -> None:
    attempt = await through(bad).send(notice())
    assert (attempt.outcome, attempt.disables) == (GOOD, True)
    assert SECRET not in attempt.reason


async def test_what_hangs_holds_up_nobody_and_is_bounded() -> None:
    async with provider(lambda _: Reply(how=How.HANGS)) as server:
        one = through(address(server, "?rto=3&cto=3"), 0.5)
        attempts = await asyncio.gather(*(one.send(notice(key=f"k{n}")) for n in range(6)))
        outcomes = sorted(attempt.outcome for attempt in attempts)
        assert outcomes == [NOW, NOW, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]
    for thread in [one for one in threading.enumerate() if one.name == "notify-else"]:
        await asyncio.to_thread(thread.join)
    assert (await one.send(notice())).outcome is NOW  # nobody listens there now; the hands are free again


async def test_nothing_that_apprise_logs_goes_anywhere() -> None:
    """Asked of the root logger itself: pytest's own handler also listens where nothing is passed on."""
    heard = logging.handlers.BufferingHandler(10_000)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(heard)
    root.setLevel(1)
    try:
        attempt, _ = await answered(Reply(500, SECRET))
    finally:
        root.removeHandler(heard)
        root.setLevel(level)
    assert attempt.outcome is NOW
    assert not [one for one in heard.buffer if SECRET in one.getMessage()]


async def test_ntfy_by_way_of_apprise_is_a_message_and_no_file() -> None:
    async with provider(lambda _: Reply(200, {"id": "x"})) as server:
        attempt = await through(f"ntfy://127.0.0.1:{server.port}/{SECRET}").send(notice(text="漢 " * 9_000))
    assert attempt.outcome is Outcome.ACCEPTED, attempt.reason
    (asked,) = server.asked
    assert (asked.method, asked.json["topic"]) == ("POST", SECRET)
    assert len(asked.json["message"].encode()) <= 4_096
    assert "more characters on its page" in asked.json["message"]


async def test_mail_by_way_of_apprise_is_a_letter() -> None:
    smtp = pytest.importorskip("aiosmtpd.smtp")
    letters = list[bytes]()

    class Room:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
            letters.append(envelope.content)
            return "250 OK"

    server = await asyncio.get_running_loop().create_server(
        lambda: smtp.SMTP(Room(), hostname="here"), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    where = f"mailto://127.0.0.1:{port}?from=nexus@example.org&to=ana@example.org&mode=insecure"
    attempt = await through(where).send(notice())
    server.close()
    assert attempt.outcome is Outcome.ACCEPTED, attempt.reason
    (letter,) = letters
    assert b"ana@example.org" in letter


def test_texts_are_cut_to_what_each_service_takes() -> None:
    addresses = (
        "twilio://AC0123456789abcdef0123456789abcdef:0123456789abcdef0123456789abcdef@15551234567/15557654321",
        "tgram://123456789:abcdefg_hijklmnop/12315544",
        "pover://0123456789012345678901234567@012345678901234567890123456789",
        "ntfy://a-topic",
        "mailto://user:pass@example.org",
        "json://localhost",
    )
    long = decision(title="t " * 2_000, text="漢字 @everyone " * 9_000)
    for one in addresses:
        service = apprise.Apprise.instantiate(with_ours(one))
        if service is None:
            pytest.fail(one)
        title, body = texts(long, service)
        assert len(title) <= max(service.title_maxlen, 0)
        assert len(body) <= service.body_maxlen
        assert "P0 · Decision needed" in title + body
        assert "Roll back checkout to 2026.11.1" in body or "A decision is needed until" in body
        assert "@everyone" not in body


def test_what_it_can_is_what_the_site_says() -> None:
    assert through("json://localhost", wakes=True).can == {Can.WAKE}
    assert not through("json://localhost").can
    assert through("json://localhost").carries == frozenset(Purpose)
