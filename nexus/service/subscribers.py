"""Mail to those who want to hear of the status page: asked for, confirmed, sent, ended."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Self

import structlog

from incidents.errors import Refused, UsageError
from incidents.language import Language
from incidents.status_page import PublicUpdate
from incidents.texts import forms_of, status_word
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.mail import Letter, MailFailed, Post, SmtpPost
from nexus.sanitize import line
from nexus.service.status_page import SENTENCES, PublicPage, UpdateShown
from nexus.store.port import IncidentStore
from nexus.store.status_page import Subscriber
from nexus.templates import render

log = structlog.get_logger(__name__)

#: To one address no letter follows another sooner; what was told meanwhile stands in the next one.
APART = timedelta(minutes=5)
#: A confirmation is asked for again no sooner, and counts so long.
ASKED_AGAIN, CONFIRM_WITHIN = timedelta(hours=1), timedelta(days=1)
#: So many letters are sent at one look.
_AT_ONCE = 200
_ADDRESS = re.compile(r"[^@\s<>,;:\"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Subscribers:
    """Those of one site.

    Args:
        store: keeps them.
        site: whose page it is; it has `status.mail` and `server.public_url`.
        post: delivers.
    """

    store: IncidentStore
    site: Site
    post: Post

    @classmethod
    def of(cls, home: Home, site: Site) -> Self | None:
        """Those of a site, or None where no mail is set up.

        Raises:
            SettingsError: the password cannot be looked up.
        """
        mail = site.status.mail
        if mail is None:
            return None
        password = home.secrets(mail.password) if mail.password is not None else None
        post = SmtpPost(mail.host, mail.port, mail.tls, mail.sender, mail.user, password)
        return cls(home.store, site, post)

    @property
    def _url(self) -> str:
        return self.site.server.public_url or ""

    def _say(self, key: str, **values: str) -> str:
        return SENTENCES.said(self.site.language, key, count=None, **values)

    async def ask(self, address: str, now: datetime) -> None:
        """Send a link with which somebody confirms; whether the address is known already is not told.

        Raises:
            UsageError: it is no address.
            MailFailed: the letter was not taken.
        """
        address = address.strip()
        if not _ADDRESS.fullmatch(address) or ".." in address:
            raise UsageError("that is no mail address; nothing was sent")
        known = await self.store.subscriber(self.site.site, address=address.casefold())
        if known is not None and (known.confirmed_at is not None or now - known.asked_at < ASKED_AGAIN):
            return
        fresh = Subscriber(
            address=address.casefold(), token=secrets.token_urlsafe(32), asked_at=now, wait_until=now
        )
        await self.store.keep_subscriber(self.site.site, fresh)
        link = f"{self._url}/status/confirm?token={fresh.token}"
        text = render("status/confirm.txt", page=f"{self._url}/status", confirming=link, say=self._say)
        try:
            await self.post.send(
                Letter(address, self._say("mail.confirm", title=line(self.site.status.title)), text)
            )
        except MailFailed:  # they may try again at once
            await self.store.forget_subscriber(self.site.site, fresh.address)
            raise

    async def confirm(self, token: str, now: datetime) -> None:
        """Somebody wants it.

        Raises:
            Refused: the link does not count (any more).
        """
        found = await self._with(token)
        if found.confirmed_at is not None:
            return
        if now - found.asked_at > CONFIRM_WITHIN:
            raise Refused("the link was of yesterday or before; subscribe again")
        place = await self.store.last_place(self.site.site)
        confirmed = found.model_copy(update={"confirmed_at": now, "sent_through": place, "wait_until": now})
        await self.store.keep_subscriber(self.site.site, confirmed)

    async def end(self, token: str) -> None:
        """Somebody wants no more; nothing of them is kept.

        Raises:
            Refused: there is no such subscription.
        """
        await self.store.forget_subscriber(self.site.site, (await self._with(token)).address)

    async def _with(self, token: str) -> Subscriber:
        found = await self.store.subscriber(self.site.site, token=token) if token else None
        if found is None:
            raise Refused("there is no such subscription (any more)")
        return found

    async def look(self, now: datetime) -> None:
        """Send what was published since to those who have not heard of it; forget who never confirmed."""
        name = self.site.site
        await self.store.forget_unconfirmed(name, now - CONFIRM_WITHIN)
        place = await self.store.last_place(name)
        waiting = await self.store.subscribers(name, place, now)
        if not waiting:
            return
        page = await PublicPage(self.store, self.site).shown(now)
        for one in waiting[:_AT_ONCE]:
            news = {update.thread for update in await self._missed(one, now)}
            told = tuple(known for known in (*page.now, *page.past) if known.id in news)
            ending = f"{self._url}/status/unsubscribe?token={one.token}"
            text = render(
                "status/letter.txt", view=page, disturbances=told, page=f"{self._url}/status", ending=ending,
                say=self._say, status=partial(_status, self.site.language),
                moment=forms_of(self.site.language).moment,
            )  # fmt: skip
            # The place is kept before: whoever is told twice is angrier than who reads it on the page.
            sent = one.model_copy(update={"sent_through": place, "wait_until": now + APART})
            await self.store.keep_subscriber(name, sent)
            subject = f"{line(page.title)}: {line(page.headline)}"
            await self._send(one, Letter(one.address, subject, text, ending), now)

    async def _missed(self, one: Subscriber, now: datetime) -> list[PublicUpdate]:
        told = await self.store.published(self.site.site, now - timedelta(days=30))
        return [update for update in told if (update.place or 0) > one.sent_through]

    async def _send(self, one: Subscriber, letter: Letter, now: datetime) -> None:
        try:
            await self.post.send(letter)
        except MailFailed as error:
            log.warning("a letter was not taken", why=str(error))
            if error.for_good:
                await self.store.forget_subscriber(self.site.site, one.address)
                return
            later = one.model_copy(update={"wait_until": now + APART})
            await self.store.keep_subscriber(self.site.site, later)


def _status(language: Language, update: UpdateShown) -> str:
    return status_word(update.status, language)
