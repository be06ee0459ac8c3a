"""Letters to aiosmtpd, a server that nobody here wrote, and to one that breaks off where it is told."""

import asyncio
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.notice import Notice, Purpose
from nexus.notify.smtp.destination import MailDestination
from nexus.notify.smtp.settings import Mail
from tests.nexus.notify.conformance.notices import decision, notice

aiosmtpd = pytest.importorskip("aiosmtpd.smtp")
NOW, GOOD, UNKNOWN = Outcome.FAILED_FOR_NOW, Outcome.FAILED_FOR_GOOD, Outcome.UNKNOWN
PASSWORD = "correct horse battery"


class Mailroom:
    """A handler of aiosmtpd: it keeps letters, and answers a stage as it is told."""

    def __init__(self, **says: str) -> None:
        self.says = says
        self.letters: list[EmailMessage] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.says.get("mail", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.says.get("rcpt", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return self.says.get("data", "250 OK")


def _authenticated(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> Any:
    return aiosmtpd.AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@asynccontextmanager
async def mailroom(room: Mailroom, *, login: bool = False) -> AsyncIterator[int]:
    options: dict[str, Any] = {"hostname": "here"}
    if login:
        options |= {"authenticator": _authenticated, "auth_require_tls": False, "auth_required": True}

    def talk() -> Any:
        with warnings.catch_warnings(action="ignore"):  # a login without encryption is meant
            return aiosmtpd.SMTP(room, **options)

    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def letters_to(port: int, limit: float = 30, **said: Any) -> MailDestination:
    server = Mail(host="127.0.0.1", port=port, tls="none", sender="nexus@example.org", user=said.get("user"))
    password = said.get("password")
    secret = SecretStr(password) if password else None
    return MailDestination("duty", "ana@example.org", server, secret, timedelta(seconds=limit))


async def sent(room: Mailroom, told: Notice | None = None) -> Attempt:
    async with mailroom(room) as port:
        return await letters_to(port).send(told or notice())


async def test_a_letter_arrives_whole_as_ascii_and_says_that_a_machine_wrote_it() -> None:
    room = Mailroom()
    attempt = await sent(room, notice(title="Größe — 漢", text="Zeile\n.\nnoch eine 😀"))
    assert attempt.outcome is Outcome.ACCEPTED
    (letter,) = room.letters
    assert letter["Subject"] == "P0 · Größe — 漢"
    assert "Zeile\n.\nnoch eine 😀" in letter.get_content().replace("\r\n", "\n")
    assert letter.as_bytes().isascii()
    assert (letter["To"], letter["Auto-Submitted"]) == ("ana@example.org", "auto-generated")
    assert (letter["Importance"], letter["X-Priority"]) == ("high", "1")


async def test_each_purpose_is_carried_and_only_what_is_to_wake_is_marked() -> None:
    room = Mailroom()
    async with mailroom(room) as port:
        one = letters_to(port)
        assert one.carries == frozenset(Purpose)
        assert Can.WAKE not in one.can
        for purpose in Purpose:
            assert (await one.send(notice(purpose))).outcome is Outcome.ACCEPTED
    urgent = {p for p, letter in zip(Purpose, room.letters, strict=True) if letter["Importance"]}
    assert urgent == {Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION}


async def test_the_letters_of_an_incident_are_one_conversation_and_a_second_try_is_the_same_letter() -> None:
    room = Mailroom()
    async with mailroom(room) as port:
        for told in (
            notice(),
            notice(resent=True),
            notice(Purpose.RESOLVED),
            notice(key="k", thread="INC-8"),
        ):
            await letters_to(port).send(told)
    first, again, resolved, other = room.letters
    assert first["Message-ID"] == again["Message-ID"] != resolved["Message-ID"]
    assert first["References"] == resolved["References"] != other["References"]
    assert "INC-7" not in first["Message-ID"]


async def test_no_text_of_an_alert_becomes_a_header() -> None:
    room = Mailroom()
    evil = "x\r\nBcc: all@example.org\r\n\r\n<b>hello</b>\u2028To: b@example.org"
    attempt = await sent(room, decision(title=evil, text=evil, services=(evil,)))
    assert attempt.outcome is Outcome.ACCEPTED
    (letter,) = room.letters
    assert letter["Bcc"] is None
    assert letter.get_all("To") == ["ana@example.org"]
    assert letter.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    ("says", "outcome", "disables"),
    [
        ({"mail": "550 5.7.1 you may not send as that"}, GOOD, True),
        ({"mail": "451 4.7.1 later"}, NOW, False),
        ({"mail": "552 5.3.4 too large"}, GOOD, False),
        ({"mail": "452 4.3.1 no room"}, NOW, False),
        ({"rcpt": "550 5.1.1 no such user"}, GOOD, True),
        ({"rcpt": "450 4.2.0 greylisted"}, NOW, False),
        ({"rcpt": "452 4.2.2 mailbox full"}, NOW, False),
        ({"rcpt": "552 5.2.2 mailbox full"}, NOW, False),
        ({"data": "554 5.7.1 spam"}, GOOD, False),
        ({"data": "552 5.3.4 too large"}, GOOD, False),
        ({"data": "451 4.3.0 later"}, NOW, False),
        ({"data": "421 4.3.2 going down"}, NOW, False),
    ],
)
async def test_a_code_becomes_what_it_means_where_it_is_said(
    says: dict[str, str], outcome: Outcome, disables: bool
) -> None:
    attempt = await sent(Mailroom(**says))
    assert (attempt.outcome, attempt.disables) == (outcome, disables), attempt.reason
    assert next(iter(says.values()))[:3] in attempt.reason


async def test_a_wrong_password_disables_and_stands_in_no_reason() -> None:
    async with mailroom(Mailroom(), login=True) as port:
        right = await letters_to(port, user="nexus", password=PASSWORD).send(notice())
        wrong = await letters_to(port, user="nexus", password="hunter22").send(notice())
        none = await letters_to(port).send(notice())
    assert right.outcome is Outcome.ACCEPTED
    assert (wrong.outcome, wrong.disables) == (GOOD, True)
    assert "535" in wrong.reason
    assert "hunter22" not in wrong.reason
    assert (none.outcome, none.disables) == (GOOD, True)


async def test_a_server_that_hangs_up_on_a_wrong_password_has_refused_it() -> None:
    """Clients try a second mechanism after the first was refused, and meet a closed connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        for says in (b"250-here\r\n250 AUTH PLAIN LOGIN\r\n", b"535 5.7.8 no\r\n"):
            await reader.readuntil(b"\r\n")
            writer.write(says)
        await reader.readuntil(b"\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        attempt = await letters_to(port, user="nexus", password=PASSWORD).send(notice())
    assert (attempt.outcome, attempt.disables) == (GOOD, True)


async def test_a_server_without_a_login_does_not_get_the_password() -> None:
    async with mailroom(Mailroom()) as port:
        attempt = await letters_to(port, user="nexus", password=PASSWORD).send(notice())
    assert (attempt.outcome, attempt.disables) == (GOOD, True)


async def test_nothing_has_left_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    attempt = await letters_to(port).send(notice())
    assert (attempt.outcome, attempt.disables) == (NOW, False)


#: What a server says in turn to: the connection, EHLO, MAIL, RCPT, DATA, the letter.
TALK = ("220 here", "250 here", "250 ok", "250 ok", "354 go on", "250 taken")


@asynccontextmanager
async def breaking(after: int, *, hangs: bool) -> AsyncIterator[int]:
    """A server that answers so many times, then hangs up or says nothing any more."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, says in enumerate(TALK[:after]):
            if number:
                await reader.readuntil(b"\r\n.\r\n" if number == 5 else b"\r\n")
            writer.write(f"{says}\r\n".encode())
            await writer.drain()
        if after:
            await reader.readuntil(b"\r\n.\r\n" if after == 5 else b"\r\n")
        if hangs:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("hangs", [False, True])
async def test_where_a_talk_ends_decides_what_is_known(hangs: bool) -> None:
    """Before the letter's last line nothing has arrived; after it, nobody knows."""

    async def ended(after: int) -> Outcome:
        async with breaking(after, hangs=hangs) as port:
            return (await letters_to(port, 3 if hangs and after < 6 else 30).send(notice())).outcome

    found = await asyncio.gather(*(ended(after) for after in range(7)))
    assert found == [NOW, NOW, NOW, NOW, NOW, UNKNOWN, Outcome.ACCEPTED]
