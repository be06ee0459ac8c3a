"""The port of a tracker: make a ticket once, find it by its key, read how it stands."""

import hashlib
from datetime import date, datetime
from typing import Protocol

from incidents.tickets import Outside
from incidents.value import Value
from nexus.notify.destination import Attempt


class Draft(Value):
    """A ticket to be made.

    Attributes:
        key: what it is found by; the same for the same action item in the same tracker, for ever.
        title: one line.
        paragraphs: plain text; nothing in it is markup, a mention or a command to the tracker.
    """

    key: str
    title: str
    paragraphs: tuple[str, ...]
    due: date


class Made(Value):
    """A ticket that is there."""

    reference: str
    url: str
    outside: Outside = Outside.OPEN
    word: str = ""


class Seen(Value):
    """How a ticket stands in its tracker."""

    outside: Outside
    word: str


class Tracker(Protocol):
    """One tracker. It raises nothing but what cancels it; an `Attempt` says why there is no answer."""

    @property
    def name(self) -> str:
        """Its kind and the place in it, as people read it."""
        ...

    async def create(self, draft: Draft) -> Made | Attempt:
        """Make the ticket, trying once."""
        ...

    async def find(self, key: str, since: datetime) -> Made | Attempt | None:
        """The ticket of a key, made at or after a moment; None: there is none as far as is known there."""
        ...

    async def read(self, reference: str) -> Seen | Attempt:
        """How a ticket stands now."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


def key_of(item: str) -> str:
    """The key of an action item: `nexus-inc-2026-11-23-001-t1`, short enough for a label everywhere.

    One of an unusual form, which a label might not hold, is told by its digest.
    """
    plain = item.lower()
    if len(plain) <= 40 and all(char.isascii() and (char.isalnum() or char == "-") for char in plain):
        return f"nexus-{plain}"
    return f"nexus-{hashlib.sha256(item.encode()).hexdigest()[:24]}"
