"""What people are told outside, as typed values: each stands alone, without a link being opened."""

from enum import StrEnum

from pydantic import Field

from incidents.language import Language
from incidents.severity import Severity
from incidents.value import Moment, Value


class Purpose(StrEnum):
    """Why somebody is told; what a destination cannot carry it refuses by this."""

    PAGE = "page"
    DECISION = "decision"
    UPDATE = "update"
    BRIEF = "brief"
    ESCALATION = "escalation"
    CHANNEL = "channel"
    HANDLED = "handled"
    RESOLVED = "resolved"
    TEST = "test"


class Audience(StrEnum):
    """Who reads it: their words differ, and so do the ways to them."""

    ON_CALL = "on_call"
    APPROVERS = "approvers"
    TEAM = "team"
    EXECUTIVES = "executives"
    CUSTOMERS = "customers"
    ADMINS = "admins"


class Facts(Value):
    """What a message says of its incident; what is not known is None and is not said."""

    noticed: str | None = Field(default=None, description="what users notice, one sentence")
    since: Moment | None = None
    cause: str | None = Field(default=None, description="the suspected cause and how sure, one sentence")
    holder: str | None = Field(default=None, description="who has it: a person, or the agents")
    on_duty: str | None = Field(default=None, description="who is on duty and until when")
    decision: str | None = Field(default=None, description="what has to be decided, one sentence")
    until: Moment | None = Field(default=None, description="until when it has to be decided")


class Asked(Value):
    """The proposed change that a decision is about, for channels with buttons.

    Attributes:
        action: the proposal's id, such as A1.
        digest: of what would run, all 64 digits; a button answers for this and for nothing that replaces it.
        page: the address of its decision page.
        by_button: whether a chat may take the answer; else a button only leads to the page.
    """

    action: str
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    page: str | None = None
    by_button: bool = False


class Notice(Value):
    """One message to one destination.

    Attributes:
        key: the same for each try of it; at the provider too, where it knows keys.
        thread: what belongs together at a provider: one incident, whose page is opened, kept and closed.
        repeat: how many times before it was said because nobody acted, 0 for the first; each has its own key.
        resent: an earlier try of this very message, under this key, may have arrived.
        asked: the change that is to be decided, where there is one.
        link: the address of the incident's page, below `public_url`.
        language: in which it is told; title and text are in it as far as they were written for people.
    """

    key: str
    thread: str
    incident: str
    purpose: Purpose
    audience: Audience
    severity: Severity | None
    services: tuple[str, ...] = ()
    title: str
    text: str
    facts: Facts = Facts()
    asked: Asked | None = None
    at: Moment
    repeat: int = Field(default=0, ge=0)
    resent: bool = False
    link: str | None = None
    language: Language = Language.EN
