"""The audit: what people did, kept for good in one chain of digests.

A row can neither be changed nor deleted, by triggers of the database. Its digest is made of the digest before
it, so that whoever keeps one digest elsewhere can prove everything up to it. A row names people by their id
alone and repeats nothing that they wrote: what they wrote goes with its incident, and the chain stays whole.
"""

import hashlib
from enum import StrEnum
from typing import Protocol, Self

from pydantic import Field

from incidents.actor import Actor
from incidents.value import Moment, Value


class DeedKind(StrEnum):
    """What somebody did. Those of an incident's inbox have the names of its events."""

    DECISION = "decision"
    REVOKE = "revoke"
    NOTE = "note"
    MACHINE_NOTE = "machine_note"
    TOOL_CALL = "tool_call"
    SEVERITY = "severity"
    STOP = "stop"
    SETTLE = "settle"
    REPLAY = "replay"
    ACKNOWLEDGE = "acknowledge"
    HAND_OVER = "hand_over"
    TAKE = "take"
    GIVE_BACK = "give_back"
    CHANGED = "changed"
    MITIGATED = "mitigated"
    RESOLVE = "resolve"
    FALSE_ALARM = "false_alarm"
    REOPEN = "reopen"
    SPLIT = "split"
    MERGE = "merge"
    DECLARE = "declare"
    VERDICT = "verdict"
    POST_MORTEM = "post_mortem"
    ACTION_ITEM = "action_items"
    TICKETS = "tickets"
    STATUS_UPDATE = "status_update"
    DESTINATION = "destination"
    EVIDENCE_READ = "evidence_read"
    LOGIN = "login"
    LOGIN_REFUSED = "login_refused"
    LOGOUT = "logout"
    BREAK_GLASS = "break_glass"
    API_TOKEN = "api_token"  # noqa: S105 - what was made, no token
    RIGHTS = "rights"
    DRILL = "drill"
    ACT = "act"
    RENEW = "renew"


class Deed(Value):
    """One thing that somebody did."""

    at: Moment
    kind: DeedKind
    person: str = Field(description="the id, never the name; empty: nobody knows who")
    via: str = Field(default="", description="the door, such as cli or http")
    incident: str | None = None
    about: str = Field(default="", description="the id of what it is about: A1, an evidence, a person")
    said: str = Field(default="", description="in a fixed word: approve, P1, viewer; never what people wrote")
    digest: str = Field(default="", description="of exactly what was signed")
    allowed_by: str = Field(
        default="", description="of what began without a signature: the record that allowed it"
    )

    @classmethod
    def by(
        cls, actor: Actor, kind: DeedKind, at: Moment, incident: str | None = None,
        *, about: str = "", said: str = "", digest: str = "",
    ) -> Self:  # fmt: skip
        """A deed of somebody who is known."""
        return cls(
            at=at, kind=kind, person=actor.id, via=actor.via, incident=incident, about=about, said=said,
            digest=digest,
        )  # fmt: skip


class AuditHead(Value):
    """The end of the chain; it proves everything before it, if it is kept elsewhere."""

    number: int = Field(ge=1)
    digest: str = Field(pattern="^[0-9a-f]{64}$")

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


class AuditRow(Value):
    """A deed as it is kept: `body` is the text of which the digest is made."""

    number: int
    body: str
    digest: str

    @property
    def deed(self) -> Deed:
        """What was done."""
        return Deed.from_stored(self.body)

    @property
    def head(self) -> AuditHead:
        """This row as the end of a chain."""
        return AuditHead(number=self.number, digest=self.digest)


class Audit(Protocol):
    """Who did what. Deeds on an incident come with what they put into its inbox, in that transaction."""

    async def record(self, deed: Deed) -> AuditHead:
        """Keep a deed that stands for itself, such as a login, behind all others."""
        ...

    async def audit(
        self,
        after: int = 0,
        limit: int = 100,
        *,
        incident: str | None = None,
        kind: DeedKind | None = None,
    ) -> tuple[AuditRow, ...]:
        """So many rows whose number is higher, by number."""
        ...

    async def audit_head(self) -> AuditHead | None:
        """The end of the chain, or None before anything was done."""
        ...


def chained(before: AuditHead | None, body: str) -> AuditHead:
    """The next link: its number, and the digest of the digest before it, its number and its text."""
    number = before.number + 1 if before is not None else 1
    text = f"{before.digest if before is not None else ''}\n{number}\n{body}"
    return AuditHead(number=number, digest=hashlib.sha256(text.encode()).hexdigest())
