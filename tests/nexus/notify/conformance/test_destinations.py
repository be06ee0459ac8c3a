"""What every destination over HTTP holds, whatever its provider answers."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.utils import format_datetime

import pytest

from nexus.notify.destination import Attempt, Can, Destination, Editing, Outcome
from nexus.notify.notice import Purpose
from tests.nexus.notify.conformance.kinds import KINDS, PATIENCE, PLENTY, Kind
from tests.nexus.notify.conformance.notices import AT, decision, notice
from tests.nexus.notify.conformance.provider import Asked, How, Provider, Reply, provider

kinds = pytest.mark.parametrize("kind", KINDS, ids=str)
NOW, GOOD, UNKNOWN = Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_GOOD, Outcome.UNKNOWN


@asynccontextmanager
async def opened(kind: Kind, limit: timedelta = PLENTY) -> AsyncIterator[tuple[Destination, Provider]]:
    async with provider(kind.behaves()) as server:
        one = kind.make(server.url, limit)
        try:
            yield one, server
        finally:
            await one.aclose()


async def told(kind: Kind, reply: Reply, limit: timedelta = PLENTY) -> Attempt:
    """What becomes of a page that is answered so."""
    async with opened(kind, limit) as (one, server):
        server.says = reply
        return await one.send(notice())


@kinds
async def test_what_it_carries_is_taken_and_the_rest_is_refused_unasked(kind: Kind) -> None:
    async with opened(kind) as (one, server):
        for purpose in Purpose:
            before = len(server.asked)
            attempt = await one.send(notice(purpose))
            if purpose in one.carries:
                assert attempt.outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}, attempt.reason
            else:
                assert attempt.outcome is Outcome.FAILED_FOR_GOOD
                assert not attempt.disables
                assert purpose.value in attempt.reason
                assert len(server.asked) == before


#: What a status means by itself: the outcome, and whether the destination has to be mended.
MEANT = {
    301: (GOOD, True), 302: (GOOD, True), 303: (GOOD, True), 307: (GOOD, True), 308: (GOOD, True),
    400: (GOOD, False), 401: (GOOD, True), 402: (GOOD, True), 403: (GOOD, True), 404: (GOOD, True),
    405: (GOOD, True), 407: (GOOD, True), 408: (NOW, False), 409: (NOW, False), 410: (GOOD, True),
    413: (GOOD, False), 421: (NOW, False), 422: (GOOD, False), 423: (NOW, False), 425: (NOW, False),
    429: (NOW, False), 451: (GOOD, False), 500: (NOW, False), 501: (NOW, False), 502: (NOW, False),
    503: (NOW, False), 504: (UNKNOWN, False), 507: (NOW, False), 511: (GOOD, True), 524: (UNKNOWN, False),
}  # fmt: skip


@kinds
async def test_a_status_becomes_what_it_means(kind: Kind) -> None:
    async with opened(kind) as (one, server):
        found = {}
        for status in MEANT:
            server.says = Reply(status, "no", {"location": f"{server.url}/elsewhere"})
            attempt = await one.send(notice())
            found[status] = (attempt.outcome, attempt.disables)
            assert str(status) in attempt.reason
        assert found == MEANT
        assert [asked.method for asked in server.asked] == ["POST"] * len(MEANT)  # nothing was followed


RESTS = {
    "17": timedelta(seconds=17),
    " 2.5 ": timedelta(seconds=2.5),
    format_datetime(AT + timedelta(minutes=3), usegmt=True): timedelta(minutes=3),
    format_datetime(AT - timedelta(minutes=3), usegmt=True): timedelta(),
    "-5": timedelta(),
    "99999999999": timedelta(days=1),
    "soon": None, "nan": None, "inf": None, "": None, "Thu, 99 Mar 2026": None,
}  # fmt: skip


@kinds
async def test_it_leaves_a_server_alone_as_long_as_that_asks(kind: Kind) -> None:
    async with opened(kind) as (one, server):
        for status in (429, 503):
            found = {}
            for asked in RESTS:
                server.says = Reply(status, "slower", {"Retry-After": asked})
                attempt = await one.send(notice())
                assert attempt.outcome is NOW
                found[asked] = attempt.retry_after
            assert found == RESTS


@kinds
async def test_nobody_knows_of_what_was_sent_and_not_answered(kind: Kind) -> None:
    ways = (How.HANGS, How.CLOSES, How.RESETS, How.TALKS_NONSENSE)
    began = time.monotonic()
    attempts = await asyncio.gather(*(told(kind, Reply(how=how), PATIENCE) for how in ways))
    assert [(one.outcome, one.disables) for one in attempts] == [(UNKNOWN, False)] * len(ways)
    assert all(one.reason for one in attempts)
    assert time.monotonic() - began < PATIENCE.total_seconds() * 2


@kinds
async def test_a_status_counts_though_its_body_never_ends(kind: Kind) -> None:
    meant = {200: UNKNOWN if kind.needs_the_body else Outcome.ACCEPTED, 401: GOOD, 503: NOW}
    ways = (How.HANGS_IN_THE_BODY, How.BREAKS_OFF_IN_THE_BODY, How.DRIPS)
    began = time.monotonic()
    tries = [(status, how) for status in meant for how in ways]
    attempts = await asyncio.gather(
        *(told(kind, Reply(status, "{", how=how), PATIENCE) for status, how in tries)
    )
    assert [one.outcome for one in attempts] == [meant[status] for status, _ in tries]
    assert time.monotonic() - began < PATIENCE.total_seconds() * 2


@kinds
async def test_nothing_has_arrived_where_nobody_listens(kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}", "http://nobody.invalid"):
        one = kind.make(address, PLENTY)
        attempt = await one.send(notice())
        await one.aclose()
        assert (attempt.outcome, attempt.disables) == (NOW, False), address


@kinds
async def test_nothing_has_arrived_where_no_trust_comes_about(kind: Kind) -> None:
    async with opened(kind) as (_, server):
        one = kind.make(server.url.replace("http:", "https:"), PLENTY)
        attempt = await one.send(notice())
        await one.aclose()
        assert (attempt.outcome, attempt.disables) == (NOW, False)
        assert not server.asked


@kinds
@pytest.mark.parametrize("address", ["", "nowhere", "ftp://files.example/in", "http://[::1"])
async def test_an_address_that_is_none_disables(kind: Kind, address: str) -> None:
    one = kind.make(address, PLENTY)
    attempt = await one.send(notice())
    await one.aclose()
    assert (attempt.outcome, attempt.disables) == (GOOD, True)


@kinds
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_a_server_that_repeats_all_it_was_sent_brings_no_secret_into_a_reason(
    kind: Kind, status: int
) -> None:
    def echo(asked: Asked) -> Reply:
        said = f"{asked.path} {dict(asked.headers)} {asked.body.decode()}"
        return Reply(status, {"error": said, "message": said, "errors": [said]})

    def echo_short(asked: Asked) -> Reply:
        shown = [asked.path, asked.headers.get("authorization", ""), asked.json.get("routing_key", "")]
        return Reply(status, " ".join(map(str, [*shown, asked.json.get("topic", "")])))

    for says in (echo, echo_short):
        async with opened(kind) as (one, server):
            server.says = says
            attempt = await one.send(notice())
        assert attempt.outcome in {NOW, GOOD}
        assert not [secret for secret in kind.secrets if secret in attempt.reason]
        assert len(attempt.reason) <= 400
        assert "\n" not in attempt.reason


@kinds
async def test_what_is_too_long_is_cut_by_us_and_taken_whole(kind: Kind) -> None:
    services = tuple(f"s{n}" for n in range(400))
    async with opened(kind) as (one, server):
        for sign in ("w ", "&", "<!channel> ", "ß", "漢", "😀 ", '"', "\\", "\n", "{{"):
            long = notice(title=f"t{sign * 3_000}", text=sign * 60_000 + "x", services=services)
            attempt = await one.send(long)
            assert attempt.outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}, attempt.reason
            asked = await one.send(decision(title=sign * 3_000, text=sign * 60_000))
            assert asked.outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}, asked.reason
            sent = [asked.body.decode() for asked in server.asked if asked.method == "POST"][-1]
            assert "P0" in sent
            assert "Roll back checkout to 2026.11.1" in sent


@kinds
async def test_many_are_sent_at_once_by_one(kind: Kind) -> None:
    async with opened(kind) as (one, server):
        notices = [notice(key=f"k{n}", thread=f"INC-{n}") for n in range(40)]
        attempts = await asyncio.gather(*(one.send(each) for each in notices))
        assert {each.outcome for each in attempts} <= {Outcome.ACCEPTED, Outcome.DELIVERED}
        assert len(server.asked) >= len(notices)


@kinds
async def test_it_can_be_let_go_of_twice_and_used_again(kind: Kind) -> None:
    async with opened(kind) as (one, _):
        await one.aclose()
        await one.aclose()
        assert (await one.send(notice())).outcome in {Outcome.ACCEPTED, Outcome.DELIVERED}


@kinds
async def test_it_edits_what_it_sent_if_it_says_that_it_can(kind: Kind) -> None:
    async with opened(kind) as (one, _):
        first = await one.send(notice())
        assert (Can.EDIT in one.can) is isinstance(one, Editing)
        if isinstance(one, Editing):
            assert first.reference is not None
            assert (await one.edit(first.reference, notice(Purpose.HANDLED))).outcome is Outcome.ACCEPTED
