"""The error tree. Each message says what happened and what to do about it.

- NexusError
  - UsageError: bad input; the user mends it (exit code 2)
    - CaseError: a recorded incident that breaks the format
    - RunbookError: a runbook file that breaks a rule
    - AlertError: an alert body that cannot be read
    - SettingsError: a setting that cannot be used
    - UnknownName: something that does not exist, with the nearest names
    - NothingYet: a home in which no incident was ever opened
  - Refused: understood, and not allowed (exit code 1)
    - ApprovalRefused: late, used, for another digest, by the same person twice
    - ActionRefused: no valid approval, drifted state, not in the inventory
      - Withdrawn: people took back what was approved, before it began
      - NotPermitted: nobody signed it, and its permission does not allow it
    - Forbidden: this person may not do it, somebody else may
    - StaleLease: somebody else drives the incident by now
    - LeftBehind: this version is too old for the store, and writes nothing to it any more
  - ToolFailed: a backend did not answer; the incident goes on without it
    - Declined: it answered, and does not tell; no outage, and it says nothing of the system
    - InProgress: what was begun under a key may still be running; asked again later, never begun again
  - Unreadable: something is kept that this version cannot read; people look, nothing is guessed
    - UnreadableEvent: an event in an inbox; it is set aside, so that later ones are heard
  - EngineFailed: a model did not give a usable report; the playbook takes over
"""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import StrEnum


class NexusError(Exception):
    """The root of all errors that Nexus raises on purpose."""

    exit_code = 1


class UsageError(NexusError):
    """The input is wrong: what, where, and what would be right."""

    exit_code = 2


class CaseError(UsageError):
    """A recorded incident breaks the recording format; names the file and the column."""


class RunbookError(UsageError):
    """A runbook file breaks a rule; names the path in the file."""


class AlertError(UsageError):
    """An alert body cannot be read; names the field."""


class SettingsError(UsageError):
    """A setting cannot be used; names it."""


class UnknownName(UsageError):
    """A name that is not known, with the nearest ones that are."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
        super().__init__(f"There is no {what} {name!r}; {hint}")


class NothingYet(UsageError):
    """Nothing was ever opened in this home; says how to begin."""


class Refused(NexusError):
    """Understood and not allowed; nothing was changed."""


class Forbidden(Refused):
    """Whoever asks may not do this, or has not shown who they are; somebody else may."""


class Bar(StrEnum):
    """What keeps a decision from counting."""

    STRANGER = "stranger"
    UNPROVEN = "unproven"
    ROLE = "role"
    SCOPE = "scope"
    DECIDED = "decided"
    EXPIRED = "expired"
    CHANGED = "changed"
    SAME_PERSON = "same_person"
    BEGUN = "begun"
    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"


class ApprovalRefused(Refused):
    """The decision does not count: late, used, for another digest, or twice by one person.

    Attributes:
        bar: which of these, where that is known.
    """

    def __init__(self, sentence: str, bar: Bar | None = None) -> None:
        super().__init__(sentence)
        self.bar = bar


class ActionRefused(Refused):
    """The action may not run: no valid approval, drifted state, or outside the inventory."""


class Withdrawn(ActionRefused):
    """People took back what was approved, in words that wait in the inbox; nothing was begun."""


class NotPermitted(ActionRefused):
    """What would begin without a signature may not: the permission does not allow it; people are asked."""


class StaleLease(Refused):
    """Whoever asks has lost the lease of the incident, or it is near its end: nothing was changed."""


class LeftBehind(Refused):
    """The store is of a newer version that this one fits no more: it reads, and changes nothing."""


class ToolFailed(NexusError):
    """A backend did not answer; the gap is named in the findings and the incident goes on."""


class Declined(ToolFailed):
    """A backend answered that it does not tell: wrong credentials, no right, a question it does not take.

    It serves, so nothing is down; what it holds stays unknown. The message has the server's own reason.
    """


class InProgress(ToolFailed):
    """What was begun under a key is not proven to have ended: it has no outcome, and nobody may begin it."""


class EngineFailed(NexusError):
    """A model gave no usable report; this assignment goes to the playbook."""


class Unreadable(NexusError):
    """Something is kept that this version cannot read, as after going back to an older one."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(
            f"{what} cannot be read: {why}; a Nexus as new as the one that wrote it can, else put it back "
            "from a backup of the store"
        )


class UnreadableEvent(Unreadable):
    """An event cannot be read: what it says, perhaps a stop, is not known."""

    def __init__(self, event: str, why: str) -> None:
        super().__init__(f"the event {event}", why)
        self.event = event
