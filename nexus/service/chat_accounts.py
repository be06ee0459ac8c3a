"""Whose an account of a chat is: its owner said so while logged in, with a code that the account was shown.

The code holds the account and its end, sealed with the app's own secret: nothing is kept until it is used,
and an address that is posted in a channel links nobody. A link is kept like an API token, under a hash that
no bearer token can have, and ends like one: revoked on the page of whose it is.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field

from incidents.access import AccessRole
from incidents.actor import Actor
from incidents.errors import Forbidden, Refused, UsageError
from incidents.value import Value
from nexus.store.audit import Deed, DeedKind
from nexus.store.credentials import ApiToken, hash_of_secret
from nexus.store.port import IncidentStore
from tools.clock import Clock

#: How long a code counts.
LASTS = timedelta(minutes=10)
_CODE = re.compile(r"([A-Z0-9]{1,30})-([A-Z0-9]{1,30})-(\d{1,12})-([0-9a-f]{32})")


class ChatAccount(Value):
    """Somebody in a chat, as it names them."""

    team: str = Field(pattern=r"^[A-Z0-9]{1,30}$")
    user: str = Field(pattern=r"^[A-Z0-9]{1,30}$")

    @property
    def kept_as(self) -> str:
        """The hash under which its link is kept; no header bears a NUL, so no bearer token has it."""
        return hash_of_secret(f"chat\0slack\0{self.team}\0{self.user}")


class LinkAsked(Value):
    """What a form sends to link an account."""

    code: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True)
class ChatAccounts:
    """The accounts of one home's people."""

    store: IncidentStore
    clock: Clock

    def code(self, account: ChatAccount, secret: str) -> str:
        """What an account is shown, and nobody else."""
        ends = str(int((self.clock.now() + LASTS).timestamp()))
        return f"{account.team}-{account.user}-{ends}-{_seal(account, ends, secret)}"

    async def link(self, code: str, app_secrets: Iterable[str], *, by: Actor) -> ChatAccount:
        """Let an account be somebody's from now on.

        Args:
            code: what it was shown.
            app_secrets: of the apps that may have shown it.
            by: who is logged in.

        Raises:
            Forbidden: they ask with a token, not with a browser.
            UsageError: it has not the form of a code.
            Refused: it is none of ours, or it has ended.
        """
        if by.scopes is not None:
            raise Forbidden("an account is linked by whose it is, logged in with a browser")
        found = _CODE.fullmatch(code.strip())
        if found is None:
            raise UsageError("code: this is none; write `/nexus link` in the chat, which shows you one")
        account = ChatAccount(team=found[1], user=found[2])
        good = [hmac.compare_digest(_seal(account, found[3], one), found[4]) for one in app_secrets]
        now = self.clock.now()
        if not any(good) or now > _moment(found[3], now):
            raise Refused("this code has ended, or is none; write `/nexus link` in the chat again")
        earlier = await self.store.token_of(account.kept_as, now)
        if earlier is not None:
            await self.store.revoke_token(earlier.id)
        token = ApiToken(
            id=secrets.token_hex(6), person=by.id, purpose=f"Slack {account.team} {account.user}",
            scopes=tuple(AccessRole), made_at=now,
        )  # fmt: skip
        await self.store.add_token(token, account.kept_as)
        await self.store.record(Deed.by(by, DeedKind.API_TOKEN, now, about=token.id, said="linked"))
        return account

    async def person(self, account: ChatAccount) -> str | None:
        """The id of the person whose account it is; None: nobody has said so."""
        token = await self.store.token_of(account.kept_as, self.clock.now())
        return token.person if token is not None else None


def _seal(account: ChatAccount, ends: str, secret: str) -> str:
    said = f"link\0{account.team}\0{account.user}\0{ends}".encode()
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()[:32]


def _moment(seconds: str, now: datetime) -> datetime:
    """The moment of a code's end; nothing that lies further ahead was made by us."""
    ahead = int(seconds) - int(now.timestamp())
    return now + timedelta(seconds=ahead) if ahead <= LASTS.total_seconds() else now - LASTS
