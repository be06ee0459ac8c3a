"""What one delivery says, read and cleaned: alerts, changes, and what is neither."""

from incidents.alert import Alert, Label
from incidents.changes import Change
from incidents.value import Value
from tools.alerts.meaning import Meaning


class Notice(Value):
    """Something that is taken and recorded, and opens or ends nothing; `text` says what it was."""

    kind: Meaning
    text: str
    fingerprint: str = ""


class Confirmation(Value):
    """A topic of messages that waits for its subscription to be confirmed at `link`."""

    topic: str
    link: str


class AlertGroup(Value):
    """How a sender can be asked for all alerts of a group: whom it told, and the labels that they share."""

    receiver: str = ""
    labels: tuple[Label, ...] = ()


class FieldSource(Value):
    """One value that was read, and the path in the body where it stood; empty where it was made up."""

    field: str
    value: str
    path: str = ""


class Reading(Value):
    """A delivery as it was understood.

    Attributes:
        sender: the name of the form by which it was read; the outermost one of a body in a body.
        truncated: how many alerts of the group were left out of the body, or were too many for one.
        group: how the sender can be asked for those that it left out.
        fields: if asked for: for each alert, change and notice in turn where its values stood.
    """

    sender: str
    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    truncated: int = 0
    group: AlertGroup | None = None
    fields: tuple[tuple[FieldSource, ...], ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The identities of what it tells of, in order."""
        alerts = (alert.fingerprint for alert in self.alerts)
        return (*alerts, *(notice.fingerprint for notice in self.notices if notice.fingerprint))

    @property
    def notes(self) -> tuple[str, ...]:
        """In a sentence each: what was taken beside its alerts."""
        left = f"{self.truncated} more alerts of this group are not in the body"
        return (
            *(f"{one.kind}: {one.text}" for one in self.notices),
            *(f"a change of {one.service}: {one.summary or one.id}" for one in self.changes),
            *(f"the topic {one.topic} waits for confirmation at {one.link}" for one in self.confirmations),
            *((left,) if self.truncated else ()),
        )
