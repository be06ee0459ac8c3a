"""The link in a letter by which one person says of one incident "I have it", signed. Pure.

It is no login and opens nothing else. Who holds it may do that one thing as that person for a day, so it
stands only in letters to a mailbox that `nexus.yaml` calls one person's alone; it is kept nowhere.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta

from pydantic import Field, ValidationError

from incidents.value import Moment, Value

#: For so long a link counts.
LASTS = timedelta(days=1)
#: The key of the store with which links are signed, and where they lead.
KEY, PATH = "acknowledge-by-mail", "/acknowledge"
#: A longer one is none of ours.
_LONGEST = 2_000


class MailLink(Value):
    """What a link says.

    Attributes:
        person: the id of who has it by it.
        mailbox: the destination through which it was sent; once that is theirs no more, it is void.
    """

    incident: str = Field(min_length=1)
    person: str = Field(min_length=1)
    mailbox: str = Field(min_length=1)
    ends_at: Moment


class Offer(Value):
    """A link as a letter offers it."""

    name: str = Field(description="of the person")
    address: str
    ends_at: Moment


#: Makes the offer for an incident; None: there is none to make.
Offering = Callable[[str], Coroutine[None, None, Offer | None]]


def token_of(link: MailLink, key: str) -> str:
    """A link as it stands in an address; its end counts in whole seconds."""
    said = [link.incident, link.person, link.mailbox, int(link.ends_at.timestamp())]
    body = _encoded(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{body}.{_encoded(_signature(body, key))}"


def link_of(token: str, key: str, now: datetime) -> MailLink | None:
    """What a link says, or None if it is not signed by the key, or over."""
    body, _, shown = token.partition(".")
    if len(token) > _LONGEST or not hmac.compare_digest(
        _encoded(_signature(body, key)).encode(), shown.encode()
    ):
        return None
    try:
        incident, person, mailbox, ends = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        ends_at = datetime.fromtimestamp(ends, tz=now.tzinfo)
        link = MailLink(incident=incident, person=person, mailbox=mailbox, ends_at=ends_at)
    except (ValueError, TypeError, OverflowError, ValidationError):  # signed by an older release
        return None
    return link if now < link.ends_at else None


def _signature(body: str, key: str) -> bytes:
    return hmac.digest(key.encode(), body.encode(), hashlib.sha256)


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
