"""Mail through a server of the site's own choice: a letter at a time, a sentence where it is not taken."""

import asyncio
import hashlib
import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import SecretStr

from incidents.errors import NexusError

if TYPE_CHECKING:
    from typing_extensions import Buffer

#: How long the server may take for each step, in seconds.
PATIENCE = 10.0


class Failure(StrEnum):
    """Why a letter was not taken."""

    NOT_REACHED = "not_reached"
    BUSY = "busy"
    NOT_ALLOWED = "not_allowed"
    NO_SUCH_ADDRESS = "no_such_address"
    THIS_LETTER = "this_letter"
    NOT_KNOWN = "not_known"


class MailFailed(NexusError):
    """A letter was not taken, or nobody knows whether it was."""

    def __init__(self, sentence: str, why: Failure = Failure.NOT_REACHED) -> None:
        super().__init__(sentence)
        self.why = why

    @property
    def for_good(self) -> bool:
        """The server says that nobody will ever be reached there."""
        return self.why is Failure.NO_SUCH_ADDRESS


@dataclass(frozen=True)
class Letter:
    """Plain text to one address.

    Attributes:
        ending: the link that ends the subscription.
        key: the same for each try of it, by which a mailbox passes a second one over.
        thread: what belongs to one conversation.
        urgent: whether mail programs mark it.
    """

    to: str
    subject: str
    text: str
    ending: str | None = None
    key: str | None = None
    thread: str | None = None
    urgent: bool = False


class Post(Protocol):
    """Who delivers letters."""

    async def send(self, letter: Letter) -> None:
        """Hand one over.

        Raises:
            MailFailed: it was not taken.
        """
        ...


@dataclass(frozen=True)
class SmtpPost:
    """Delivers through an SMTP server; a connection for each letter."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    sender: str
    user: str | None = None
    password: SecretStr | None = None
    patience: float = PATIENCE

    async def send(self, letter: Letter) -> None:
        """Hand one over; after a few seconds more than `patience` the connection is cut."""
        talk = Talk()
        work = asyncio.create_task(asyncio.to_thread(self._send, message_of(letter, self.sender), talk))
        done, _ = await asyncio.wait({work}, timeout=self.patience)
        if not done:
            talk.cut()
            await asyncio.wait({work}, timeout=_END)
        if not work.done():
            raise self._failed("did not answer in time", talk.so_far)
        work.result()

    def _send(self, message: EmailMessage, talk: "Talk") -> None:
        try:
            with self._connected(talk) as server:
                if self.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None and self.password is not None:
                    server.login(self.user, self.password.get_secret_value())
                server.sendmail(self.sender, [str(message["To"])], message.as_bytes(policy=_POLICY))
                talk.taken = True
                if server.sock is not None:
                    server.sock.settimeout(_END)  # for a farewell nobody waits long
        except (OSError, ValueError, smtplib.SMTPException) as error:
            if talk.taken:  # only the farewell failed
                return
            raise self._judged(error, talk) from None

    def _connected(self, talk: "Talk") -> smtplib.SMTP:
        if self.tls == "tls":
            trusted = ssl.create_default_context()
            return talk.opened(_SmtpTls(self.host, self.port, timeout=self.patience, context=trusted))
        return talk.opened(_Smtp(self.host, self.port, timeout=self.patience))

    def _judged(self, error: Exception, talk: "Talk") -> MailFailed:
        """What went wrong where in the talk; the server's words are never told, they may repeat ours."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            codes = [code for code, _ in error.recipients.values()]
            gone = min(codes) >= 500 and min(codes) not in _FULL
            why = Failure.NO_SUCH_ADDRESS if gone else Failure.BUSY
            return MailFailed(f"the mail server takes no such address ({min(codes)})", why)
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return self._failed("offers no encryption or no login", Failure.NOT_ALLOWED)
        code = getattr(error, "smtp_code", talk.refused)
        if isinstance(code, int) and not isinstance(error, smtplib.SMTPConnectError):
            return self._failed(f"does not take letters ({code})", _by_code(error, code))
        return self._failed(f"does not take letters ({type(error).__name__})", talk.so_far)

    def _failed(self, how: str, why: Failure) -> MailFailed:
        return MailFailed(f"the mail server {self.host}:{self.port} {how}", why)


#: A mailbox that is full is emptied some day, whatever the code says of for ever (RFC 5321, 4.5.3.1.10).
_FULL = frozenset({552})
#: How long the thread may take to notice that its connection was cut, in seconds.
_END = 0.5


def _by_code(error: Exception, code: int) -> Failure:
    if code < 500:
        return Failure.BUSY
    if isinstance(error, smtplib.SMTPDataError) or (
        isinstance(error, smtplib.SMTPSenderRefused) and code in _FULL
    ):
        return Failure.THIS_LETTER  # of its size, or of what it says
    return Failure.NOT_ALLOWED


class Talk:
    """How far a talk with a server has come; it can be cut from outside."""

    def __init__(self) -> None:
        self.taken = False
        self._ended = False
        self._server: _Told | None = None

    def opened(self, server: "_Told") -> smtplib.SMTP:
        """The server, of which the talk knows from now on."""
        self._server = server
        if self._ended:
            self.cut()
        return server

    @property
    def so_far(self) -> Failure:
        """What a break at this point means."""
        sent = self._server is not None and self._server.body_sent
        return Failure.NOT_KNOWN if sent else Failure.NOT_REACHED

    @property
    def refused(self) -> int | None:
        """The code with which a login was refused; some servers then hang up, and nothing else is heard."""
        return self._server.refused if self._server is not None else None

    def cut(self) -> None:
        """End it; what waits for the server wakes up."""
        self._ended = True
        opened = self._server.sock if self._server is not None else None
        if opened is not None:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


class _Told(smtplib.SMTP):
    """Remembers whether a letter's whole body has left: two answers are waited for in `data`."""

    body_sent = False
    refused: int | None = None
    _in_data = 0

    def auth(self, *args: Any, **named: Any) -> tuple[int, bytes]:
        try:
            return super().auth(*args, **named)
        except smtplib.SMTPAuthenticationError as error:
            self.refused = error.smtp_code
            raise

    def data(self, msg: "Buffer | str") -> tuple[int, bytes]:
        self._in_data = 1
        try:
            return super().data(msg)
        finally:
            self._in_data = 0

    def getreply(self) -> tuple[int, bytes]:
        if self._in_data:
            self.body_sent = self._in_data == 2
            self._in_data += 1
        return super().getreply()


class _Smtp(_Told):
    """Without encryption from the start."""


class _SmtpTls(_Told, smtplib.SMTP_SSL):
    """Encrypted from the start."""


#: Everything as ASCII: not every server takes eight bits.
_POLICY = SMTP.clone(cte_type="7bit")


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """A letter as it is sent: machines can tell that one wrote it, and end it with one click (RFC 8058)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    domain = sender.partition("@")[2]
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=domain) if letter.key is None else _id(letter.key, domain)
    if letter.thread is not None:
        message["References"] = message["In-Reply-To"] = _id(f"thread:{letter.thread}", domain)
    if letter.urgent:
        message["Importance"], message["X-Priority"] = "high", "1"
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence notice answers this (RFC 3834)
    if letter.ending is not None:
        message["List-Unsubscribe"] = f"<{letter.ending}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    return message


def _id(of: str, domain: str) -> str:
    """The same id for the same letter; nothing of what it is made of stands in it."""
    return f"<{hashlib.sha256(of.encode()).hexdigest()[:32]}@{domain}>"
