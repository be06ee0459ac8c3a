"""What one delivery says, read and cleaned: alerts, changes, and what is neither."""

from incidents.alert import Alert, Label
from incidents.changes import Change
from incidents.value import Value
from tools.alerts.meaning import Meaning


class Notice(Value):
    """Something that is taken and recorded, and opens or ends nothing; `text` says what it was.

    Attributes:
        by: who said so, as the sender names them: a mail address too, which stands in nothing that is kept.
        page: by which key the sender knows a page that Nexus itself sent.
        takes: a person says with it that they have it; what is taken back, or assigned by others, says none.
        moment: when that was, as it was sent: it tells two such words apart.
    """

    kind: Meaning
    text: str
    fingerprint: str = ""
    by: str = ""
    page: str = ""
    takes: bool = False
    moment: str = ""


class Page(Value):
    """A condition of a sender that may be a page which Nexus itself sent, with the key of that page."""

    fingerprint: str
    key: str


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
        pages: those of its alerts that may be pages of Nexus.
        truncated: how many alerts of the group were left out of the body, or were too many for one.
        group: how the sender can be asked for those that it left out.
        fields: if asked for: for each alert, change and notice in turn where its values stood.
    """

    sender: str
    alerts: tuple[Alert, ...] = ()
    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    pages: tuple[Page, ...] = ()
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
