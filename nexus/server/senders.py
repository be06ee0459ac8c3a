"""Who a delivery is from: what a sender shows is checked before its body is read."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from pydantic import SecretStr

from incidents.errors import ToolFailed
from nexus.config.senders import Basic, Bearer, ClientCertificate, Header, Resolve, Sender, SnsTopics
from tools.alerts.authenticity import Delivery, verify_bearer
from tools.alerts.body import plain_word
from tools.alerts.sns_signature import (
    AmazonPages,
    certificate_url,
    confirmation_url,
    message_of,
    verify_sns,
)
from tools.live.secrets import Secrets

log = structlog.get_logger(__name__)

#: Amazon changes its certificate now and then; more addresses than this are made up.
_MOST_CERTIFICATES = 20
#: How often a line tells of senders that are turned away, in seconds.
TELL_EVERY = 60.0


@dataclass
class TurnedAway:
    """Senders that may not send: each is counted, and a line tells of them once a while."""

    total: int = 0
    now: Callable[[], float] = time.monotonic
    _told_at: float = float("-inf")

    def count(self, peer: str, why: str) -> None:
        """One more, from an address, with the reason in words."""
        self.total += 1
        if self.now() - self._told_at >= TELL_EVERY:
            self._told_at = self.now()
            log.warning("a sender is turned away", peer=peer, why=why, so_far=self.total)


@dataclass
class SenderDoor:
    """Checks what senders show.

    Args:
        senders: of nexus.yaml.
        token: `intake.token`, which any sender may show instead; None: a sender without a proof of its own
            need show nothing.
        resolve: what secrets stand for, asked anew each time, so that a changed file counts at once.
        pages: reads Amazon's certificates and confirms subscriptions; without it SNS is not let in.
    """

    senders: Mapping[str, Sender] = field(default_factory=dict)
    token: SecretStr | None = None
    resolve: Resolve = field(default_factory=lambda: Secrets({}))
    pages: AmazonPages | None = None
    turned_away: TurnedAway = field(default_factory=TurnedAway)
    _certificates: dict[str, bytes] = field(default_factory=dict)

    def use(self, senders: Mapping[str, Sender], token: SecretStr | None) -> None:
        """Other senders from now on."""
        self.senders, self.token = senders, token

    async def why_not(self, delivery: Delivery, name: str | None) -> str | None:
        """Why a delivery is not let in, in a sentence; None if it is.

        Args:
            delivery: as it came.
            name: the sender that the address names; without one any sender's proof counts.
        """
        if self.token is not None and verify_bearer(delivery, [self.token.get_secret_value()]) is None:
            return None
        asked = self._asked(name)
        if not asked:
            is_open = self.token is None and not any(sender.shows for sender in self.senders.values())
            sentence = "show the token of nexus.yaml's `intake` as a bearer token"
            return None if is_open else sentence
        reasons = {known: await self._reason(sender, delivery) for known, sender in asked.items()}
        if any(reason is None for reason in reasons.values()):
            return None
        if name is None:
            return "it shows neither the token of nexus.yaml's `intake` nor what one of its `senders` shows"
        return "; ".join(f"{known}: {reason}" for known, reason in reasons.items())

    def reads_body(self, name: str | None) -> bool:
        """Whether what is shown stands in the body or signs it: then that is read first."""
        in_headers = (Bearer, Basic, Header, ClientCertificate)
        return any(not isinstance(sender.shows, in_headers) for sender in self._asked(name).values())

    def _asked(self, name: str | None) -> dict[str, Sender]:
        wanted = None if name is None else plain_word(name)
        return {
            known: sender
            for known, sender in self.senders.items()
            if sender.shows is not None and wanted in {None, plain_word(known)}
        }

    async def _reason(self, sender: Sender, delivery: Delivery) -> str | None:
        if isinstance(sender.shows, SnsTopics):
            return await self._of_sns(sender.shows, delivery)
        return sender.shows.why_not(delivery, self.resolve) if sender.shows is not None else None

    async def _of_sns(self, shows: SnsTopics, delivery: Delivery) -> str | None:
        message = message_of(delivery.body)
        url = certificate_url(message)
        if message.get("TopicArn") not in shows.topics:
            return "TopicArn: it is no topic of nexus.yaml's `intake.senders`"
        if url is None or self.pages is None:
            return "SigningCertURL: it is no certificate of Amazon's"
        try:
            if url not in self._certificates and len(self._certificates) < _MOST_CERTIFICATES:
                self._certificates[url] = await self.pages.get(url)
        except ToolFailed as error:
            return f"SigningCertURL: {error}"
        return verify_sns(message, self._certificates.get(url, b""), shows.topics, delivery.received_at)

    async def confirm(self, delivery: Delivery) -> None:
        """Confirm the subscription that a delivery asks for, if its topic is known and Amazon signed it."""
        proofs = [sender.shows for sender in self.senders.values() if isinstance(sender.shows, SnsTopics)]
        message = message_of(delivery.body) if proofs else {}
        url = confirmation_url(message)
        if url is None or self.pages is None:
            return
        for shows in proofs:
            if await self._of_sns(shows, delivery) is None:
                try:
                    await self.pages.get(url)
                    log.info("subscription confirmed", topic=message.get("TopicArn"))
                except ToolFailed as error:
                    log.warning("subscription not confirmed", topic=message.get("TopicArn"), why=str(error))
                return
