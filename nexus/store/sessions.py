"""Sessions of people who are logged in: of what their browser holds only a hash is kept."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import Field

from incidents.access import AccessRole
from incidents.value import Moment, Value


class LoginBy(StrEnum):
    """What somebody showed to log in, in the words of a list of sessions."""

    PASSWORD = "password"  # noqa: S105 - the word
    TOKEN = "token"  # noqa: S105 - the word
    SETUP_LINK = "set-up link"
    ONE_TIME_LINK = "one-time link"
    BREAK_GLASS = "break-glass"
    PROVIDER = "identity provider"
    PROXY = "reverse proxy"


class Session(Value):
    """Somebody who is logged in.

    Attributes:
        id: the SHA-256 of what the browser holds, in hex.
        person: their id; what they may do is looked up anew with each request.
        roles: of somebody whom an identity provider names; None: those of `nexus.yaml`.
        browser: what the browser said of itself at the login, without numbers.
        address: from which they logged in.
    """

    id: str = Field(pattern=r"^[0-9a-f]{64}$")
    person: str
    name: str
    roles: tuple[AccessRole, ...] | None = None
    by: LoginBy
    started_at: Moment
    ends_at: Moment
    browser: str = ""
    address: str = ""


class Sessions(Protocol):
    """Who is logged in. Times are compared to the millisecond."""

    async def open_session(self, session: Session) -> None:
        """Keep a session, and forget those that have ended by its beginning."""
        ...

    async def session(self, identity: str, now: datetime) -> Session | None:
        """The session of an id, unless it has ended by then."""
        ...

    async def sessions(self, now: datetime) -> tuple[Session, ...]:
        """Those that have not ended, the newest first."""
        ...

    async def end_session(self, identity: str) -> bool:
        """End one; whether there was one."""
        ...

    async def end_sessions_of(self, person: str) -> int:
        """End all of a person; how many there were."""
        ...
