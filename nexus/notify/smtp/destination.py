"""Mail: each notice is a letter to one address, and those of an incident are one conversation."""

from datetime import timedelta

from pydantic import SecretStr

from nexus.notify.destination import Attempt, Can, Outcome
from nexus.notify.mail import Failure, Letter, MailFailed, SmtpPost
from nexus.notify.notice import Notice, Purpose
from nexus.notify.smtp.settings import Mail
from nexus.notify.wording import headline, loudness, message

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
    """

    can = frozenset({Can.THREAD, Can.KEYS})
    carries = frozenset(Purpose)

    def __init__(
        self, name: str, to: str, server: Mail, password: SecretStr | None, limit: timedelta
    ) -> None:
        self.name = name
        self._to = to
        self._post = SmtpPost(
            server.host, server.port, server.tls, server.sender, server.user, password, limit.total_seconds()
        )

    async def send(self, notice: Notice) -> Attempt:
        """Send a letter."""
        letter = Letter(
            self._to,
            headline(notice, SUBJECT),
            message(notice, TEXT),
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

    async def aclose(self) -> None:
        """Nothing is held."""
