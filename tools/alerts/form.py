"""What a sender's form is: how it is recognised and read.

Adding a sender touches one folder: `senders/NAME.py` with its `FORMS`, and `senders/NAME.yaml` with its row
of `docs/alerts.md` and with bodies and what is read of them, which the conformance suite runs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from incidents.changes import ChangeKind
from tools.alerts.body import NO_TIME, NOTHING, Body, Raw, Text
from tools.alerts.meaning import Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDraft:
    """What a form reads of one alert, not yet cleaned; every value with where it stood.

    Attributes:
        title: what it is called; needed.
        state: the sender's word for how the condition stands; needed.
        words: what this sender means by its words, before the general ones.
        key: the sender's own identity of the condition, the same at its end; else it is made of the
            content.
        started: when the condition began; the receipt if the sender does not say.
        ended: when it was over.
        labels: all that may tell which service it is: host, namespace, pod, dimensions, tags.
        group: what the sender bundled it by.
        repeat: the sender says that it tells the same again.
        by: who did what the state says, as the sender names them.
        page: by which key the sender knows a page that Nexus itself sent; one of an incident is no alert.
        heartbeat: it always fires, to show that alerts get through.
        exact_times: a time that is none refuses the delivery; else it is said and the receipt counts.
    """

    title: Text
    state: Text
    words: Mapping[str, Meaning] | None = None
    service: Text = NOTHING
    severity: Text = NOTHING
    description: Text = NOTHING
    started: Raw = NO_TIME
    ended: Raw = NO_TIME
    key: Text = NOTHING
    group: Text = NOTHING
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, Text] = field(default_factory=dict)
    by: Text = NOTHING
    page: Text = NOTHING
    repeat: bool = False
    heartbeat: bool = False
    exact_times: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDraft:
    """What a form reads of one change of the system: evidence for a cause, not an alert.

    Attributes:
        hints: texts in which a service of the catalogue may be named, if `service` is none of it.
    """

    service: Text
    kind: ChangeKind
    id: Text
    time: Raw = NO_TIME
    version_from: Text = NOTHING
    version_to: Text = NOTHING
    author: Text = NOTHING
    summary: Text = NOTHING
    commit: Text = NOTHING
    healthy: bool | None = None
    environment: Text = NOTHING
    hints: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A delivery that is taken and recorded, and opens nothing: a test, an acknowledgement, a comment.

    Attributes:
        key: the sender's own identity of the condition, if it is about one.
        by: who said so, as the sender names them.
    """

    kind: Meaning
    text: str
    key: Text = NOTHING
    by: Text = NOTHING


@dataclass(frozen=True, slots=True)
class Truncated:
    """So many alerts of this group the sender left out of the body; its receiver and labels ask for them."""

    count: int
    receiver: Text = NOTHING
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic that waits until somebody opens a link; nobody does just because a body names it."""

    topic: Text
    link: Text


@dataclass(frozen=True, slots=True)
class Envelope:
    """A body inside a body, to be read by its own form.

    Attributes:
        body: what is inside.
        otherwise: what is read of the envelope itself where no form knows what is inside.
        time: when it happened by the envelope, for what is inside and does not say.
    """

    body: Body
    otherwise: AlertDraft | NoticeDraft
    time: Raw = NO_TIME


Item = AlertDraft | ChangeDraft | NoticeDraft | Truncated | Subscription | Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One sender's form.

    Attributes:
        name: what `POST /alerts/{name}` calls it, and what an alert keeps as its source.
        product: what people call it.
        recognises: whether a body is of this form; exact enough that no other form claims it.
        read: what is read of a body; AlertError names what is missing.
        aliases: further names.
        envelope: it carries bodies of other senders and is opened whichever sender is named.
    """

    name: str
    product: str
    recognises: Callable[[Body], bool]
    read: Callable[[Body], Iterable[Item]]
    aliases: tuple[str, ...] = ()
    envelope: bool = False


#: The state of senders that tell only beginnings.
FIRES = Text("firing", "")
