"""Links in letters: made for the one person whose own a mailbox is, as `nexus.yaml` says by then."""

import secrets
from collections.abc import Callable

from incidents.access import Permission, allows
from nexus.config.people import owner_of_mailbox
from nexus.config.site import Site
from nexus.home import Home
from nexus.notify.smtp.links import KEY, LASTS, PATH, MailLink, Offer, Offering, token_of


def offering(home: Home, site: Callable[[], Site], destination: str) -> Offering:
    """What offers the owner of a mailbox to say that they have an incident.

    Args:
        home: has the key, and the clock.
        site: what `nexus.yaml` says now.
        destination: the mailbox.
    """

    async def offered(incident: str) -> Offer | None:
        now_says = site()
        owner, reached = owner_of_mailbox(now_says.people, destination), now_says.server.public_url
        if owner is None or reached is None or not allows(owner.roles, Permission.RESPOND):
            return None
        key = await home.store.signing_key(KEY, secrets.token_urlsafe(32))
        link = MailLink(
            incident=incident, person=owner.identity, mailbox=destination, ends_at=home.clock.now() + LASTS
        )
        return Offer(name=owner.name, address=f"{reached}{PATH}/{token_of(link, key)}", ends_at=link.ends_at)

    return offered
