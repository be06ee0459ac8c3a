"""Mail: each notice is a letter to one address, and those of an incident are one conversation."""

from datetime import timedelta
from functools import partial

from pydantic import SecretStr

from incidents.errors import NexusError
from incidents.language import Language
from incidents.texts import forms_of
from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.mail import Failure, Letter, MailFailed, SmtpPost
from nexus.notify.notice import Notice, Purpose
from nexus.notify.smtp.links import Offer, Offering
from nexus.notify.smtp.settings import Mail
from nexus.notify.wording import SENTENCES, headline, loudness, message
from nexus.sanitize import line

#: A subject is not cut by mail programs until it is much longer than anybody reads; RFC 5322 folds it.
SUBJECT, TEXT = 200, 200_000
_URGENT = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION})

_OUTCOMES = {
    Failure.NOT_REACHED: (Outcome.FAILED_FOR_NOW, False),
    Failure.BUSY: (Outcome.FAILED_FOR_NOW, False),
    Failure.NOT_ALLOWED: (Outcome.FAILED_FOR_GOOD, True),
    Failure.NO_SUCH_ADDRESS: (Outcome.FAILED_FOR_GOOD, True),
    Failure.THIS_LETTER: (Outcome.FAILED_FOR_GOOD, False),
    Failure.NOT_KNOWN: (Outcome.UNKNOWN, False),
}


class MailDestination:
    """Implements `nexus.notify.destination.Destination`.

    Args:
        name: as `nexus.yaml` calls it.
        to: one address.
        server: through which mail leaves.
        password: of its user.
        limit: how long one try may take.
        offering: makes the link by which the owner of the mailbox has an incident; None: it is nobody's own.
    """

    can = frozenset({Can.THREAD, Can.KEYS})
    carries = frozenset(Purpose)

    def __init__(
        self, name: str, to: str, server: Mail, password: SecretStr | None, limit: timedelta,
        offering: Offering | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self._to = to
        self._offering = offering
        self._post = SmtpPost(
            server.host, server.port, server.tls, server.sender, server.user, password, limit.total_seconds()
        )

    async def send(self, notice: Notice) -> Attempt:
        """Send a letter."""
        letter = Letter(
            self._to,
            headline(notice, SUBJECT),
            message(notice, TEXT) + await self._offer(notice),
            key=notice.key,
            thread=notice.thread,
            urgent=notice.purpose in _URGENT and loudness(notice.severity) <= 1,
        )
        try:
            await self._post.send(letter)
        except MailFailed as error:
            outcome, disables = _OUTCOMES[error.why]
            return Attempt(outcome=outcome, reason=str(error), disables=disables)
        return Attempt(outcome=Outcome.ACCEPTED)

    async def _offer(self, notice: Notice) -> str:
        """How the owner of the mailbox has it; only a letter that wants somebody offers that."""
        if self._offering is None or not notice.incident or notice.purpose not in _URGENT:
            return ""
        try:
            offer = await self._offering(notice.incident)
        except NexusError:  # the store does not answer: the letter goes out all the same
            return ""
        return f"\n\n{_offered(offer, notice.language)}" if offer is not None else ""

    async def aclose(self) -> None:
        """Nothing is held."""


def _offered(offer: Offer, language: Language) -> str:
    said, until = partial(SENTENCES.said, language), forms_of(language).moment(offer.ends_at)
    alone = said("mail.offered", name=line(offer.name), until=until)
    return f"{said('mail.offer', address=offer.address)}\n{alone}"
