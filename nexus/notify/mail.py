"""Mail through a server of the site's own choice: a letter at a time, a sentence where it is not taken."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal, Protocol

from pydantic import SecretStr

from incidents.errors import NexusError

#: How long the server may take for each step, in seconds.
PATIENCE = 10.0


class MailFailed(NexusError):
    """A letter was not taken; `for_good`: the server says that it never will be."""

    def __init__(self, sentence: str, *, for_good: bool = False) -> None:
        super().__init__(sentence)
        self.for_good = for_good


@dataclass(frozen=True)
class Letter:
    """Plain text to one address; `ending` is the link that ends the subscription."""

    to: str
    subject: str
    text: str
    ending: str | None = None


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

    async def send(self, letter: Letter) -> None:
        """Hand one over."""
        await asyncio.to_thread(self._send, message_of(letter, self.sender))

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                if self.user is not None and self.password is not None:
                    server.login(self.user, self.password.get_secret_value())
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise MailFailed("the mail server takes no such address", for_good=min(codes) >= 500) from None
        except (OSError, smtplib.SMTPException) as error:
            why = getattr(error, "smtp_code", None) or type(error).__name__
            raise MailFailed(
                f"the mail server {self.host}:{self.port} does not take letters ({why})"
            ) from None

    def _connected(self) -> smtplib.SMTP:
        if self.tls == "tls":
            trusted = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=trusted)
        server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        if self.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """A letter as it is sent: machines can tell that one wrote it, and end it with one click (RFC 8058)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=sender.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence notice answers this (RFC 3834)
    if letter.ending is not None:
        message["List-Unsubscribe"] = f"<{letter.ending}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    return message
