"""Reads a delivery: finds its form, opens envelopes, and makes values of what the form reads."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from incidents.alert import Alert, Label
from incidents.errors import AlertError
from tools.alerts.body import Body
from tools.alerts.cleaning import clean, tidy
from tools.alerts.drafts import (
    LONGEST_NAME,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_LABELS,
    alert_fields,
    alert_of,
    change_of,
    meaning_in,
    notice_of,
)
from tools.alerts.form import (
    AlertDraft,
    ChangeDraft,
    Envelope,
    Form,
    Item,
    NoticeDraft,
    Subscription,
    Truncated,
)
from tools.alerts.identity import fingerprint_of
from tools.alerts.meaning import Meaning
from tools.alerts.reading import AlertGroup, Confirmation, FieldSource, Notice, Page, Reading
from tools.alerts.registry import envelope_of, form_of, forms_named
from tools.alerts.senders.generic import GENERIC
from tools.alerts.times import read_time

#: The largest body holds fewer; what is beyond is counted as truncated.
MOST_ALERTS = 5000
#: A body in a body in a body: nothing real goes deeper.
DEEPEST_ENVELOPE = 3


@dataclass(frozen=True)
class Reader:
    """Reads deliveries.

    Args:
        received_at: when it arrived.
        names: the services of the catalogue.
        custom: forms that `nexus.yaml` describes; they are asked first.
        explain: also tell where each value stood.
    """

    received_at: datetime
    names: Collection[str] = ()
    custom: Sequence[Form] = ()
    explain: bool = False

    def read(self, body: Body, sender: str | None = None) -> Reading:
        """What a delivery says.

        Raises:
            AlertError: it has no known form, or lacks what an alert needs; the message names the field.
        """
        named = forms_named(sender, self.custom) if sender is not None else ()
        return _merged(list(self._parts(body, named, 0)))

    def _parts(self, body: Body, named: Sequence[Form], depth: int) -> Iterator[Reading]:
        form = envelope_of(body) or form_of(body, named, self.custom)
        if isinstance(body.value, list) and not form.recognises(body):
            if not body.value:
                raise AlertError("the alert body is an empty list: there is no alert in it")
            for one in list(body.each())[:MOST_ALERTS]:
                if isinstance(one.value, list):
                    raise AlertError(f"{one.where}: must be an object")
                yield from self._parts(one, named, depth)
            return
        items = self._items(form, form.read(body), named, depth)
        yield from map(_as_tests, items) if body.is_test else items

    def _items(
        self, form: Form, items: Iterable[Item], named: Sequence[Form], depth: int
    ) -> Iterator[Reading]:
        empty = True
        for item in items:
            empty = False
            if isinstance(item, Envelope):
                yield from self._inside(form, item, named, depth)
            else:
                yield self._one(form.name, item)
        if empty:
            raise AlertError(f"the body of {form.name} holds no alert")

    def _inside(self, form: Form, item: Envelope, named: Sequence[Form], depth: int) -> Iterator[Reading]:
        inner = _decoded(item.body)
        own = [one for one in named if one.name != form.name]
        is_known = isinstance(inner.value, (dict, list)) and (
            bool(own) or form_of(inner, (), self.custom) is not GENERIC or GENERIC.recognises(inner)
        )
        if is_known and depth < DEEPEST_ENVELOPE:
            for one in self._parts(inner, own, depth + 1):
                yield _timed(one, item, self.received_at).model_copy(update={"sender": form.name})
        else:
            yield self._one(form.name, item.otherwise)

    def _one(self, source: str, item: Item) -> Reading:
        match item:
            case AlertDraft():
                return self._drafted(source, item)
            case ChangeDraft():
                return self._changed(source, item)
            case NoticeDraft():
                return _noticed(source, _notice(source, item))
            case Truncated():
                return Reading(sender=source, truncated=item.count, group=_group(item))
            case Subscription():
                topic, link = clean(item.topic.value, LONGEST_TITLE), clean(item.link.value, LONGEST_TEXT)
                return Reading(sender=source, confirmations=(Confirmation(topic=topic, link=link),))
            case Envelope():
                raise TypeError("an envelope is opened before")

    def _drafted(self, source: str, draft: AlertDraft) -> Reading:
        meaning = meaning_in(draft)
        if meaning not in {Meaning.FIRING, Meaning.RESOLVED}:
            return _noticed(source, notice_of(draft, meaning, source))
        alert = alert_of(draft, meaning, source, self.received_at, self.names)
        fields = (alert_fields(draft, alert),) if self.explain else ()
        key = tidy(draft.page.value)
        pages = (Page(fingerprint=alert.fingerprint, key=key),) if key else ()
        return Reading(sender=source, alerts=(alert,), pages=pages, fields=fields)

    def _changed(self, source: str, draft: ChangeDraft) -> Reading:
        change = change_of(draft, self.received_at, self.names)
        values = change.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        fields = tuple(
            FieldSource(field=f"change {name}", value=str(value)) for name, value in values.items()
        )
        return Reading(sender=source, changes=(change,), fields=(fields,) if self.explain else ())


def _notice(source: str, item: NoticeDraft) -> Notice:
    by_person = item.kind is Meaning.ACKNOWLEDGED and bool(item.key)
    return Notice(
        kind=item.kind, text=clean(item.text, LONGEST_TITLE), by=tidy(item.by.value)[:LONGEST_NAME],
        fingerprint=fingerprint_of(source, item.key.value, "") if item.key else "", takes=by_person,
    )  # fmt: skip


def _noticed(source: str, notice: Notice) -> Reading:
    fields = (FieldSource(field=f"notice ({notice.kind})", value=notice.text),)
    return Reading(sender=source, notices=(notice,), fields=(fields,))


def _as_tests(reading: Reading) -> Reading:
    """A delivery that says of itself that it is one: nothing of it fires or was changed."""
    said = [*(alert.title for alert in reading.alerts), *(change.summary for change in reading.changes)]
    notices = tuple(Notice(kind=Meaning.TEST, text=text) for text in said)
    return reading.model_copy(update={"alerts": (), "changes": (), "notices": reading.notices + notices})


def _decoded(body: Body) -> Body:
    """What is inside of an envelope: JSON may be written as text in it."""
    if not isinstance(body.value, str):
        return body
    try:
        return replace(body, value=json.loads(body.value))
    except (ValueError, RecursionError):
        return body


def _timed(reading: Reading, item: Envelope, received_at: datetime) -> Reading:
    """What was inside, with the envelope's time where it says none of its own."""
    if not item.time or not reading.alerts:
        return reading
    at = read_time(item.time.value, received_at, item.time.path)
    if not at.sent:
        return reading
    return reading.model_copy(update={"alerts": tuple(_dated(alert, at.at) for alert in reading.alerts)})


def _dated(alert: Alert, at: datetime) -> Alert:
    if alert.firing:
        return alert if alert.start_sent else alert.model_copy(update={"starts_at": at, "start_sent": True})
    if alert.ends_at is not None:
        return alert
    return alert.model_copy(update={"ends_at": at} | ({} if alert.start_sent else {"starts_at": at}))


def _group(item: Truncated) -> AlertGroup:
    """Labels as they were sent: what is cleaned would ask for another group."""
    sent = list(item.labels.items())[:MOST_LABELS]
    labels = tuple(Label(name=_sendable(name), value=_sendable(value)) for name, value in sent)
    return AlertGroup(receiver=_sendable(item.receiver.value), labels=labels)


def _sendable(text: str) -> str:
    """Half of a surrogate pair, which JSON can hold, is in no encoding."""
    return text.encode(errors="replace").decode()


def _remarked(alerts: Sequence[Alert], truncated: int) -> tuple[Alert, ...]:
    """The alerts, the first of which says that there are more than the body lists."""
    if not truncated or not alerts:
        return tuple(alerts)
    more = f"{truncated} more alerts of this group were not sent"
    return (alerts[0].model_copy(update={"remarks": (*alerts[0].remarks, more)}), *alerts[1:])


def _merged(parts: Sequence[Reading]) -> Reading:
    alerts = [alert for part in parts for alert in part.alerts]
    truncated = sum(part.truncated for part in parts) + max(len(alerts) - MOST_ALERTS, 0)
    return Reading(
        sender=parts[0].sender,
        alerts=_remarked(alerts[:MOST_ALERTS], truncated),
        changes=tuple(change for part in parts for change in part.changes),
        notices=tuple(notice for part in parts for notice in part.notices),
        confirmations=tuple(one for part in parts for one in part.confirmations),
        pages=tuple(one for part in parts for one in part.pages),
        truncated=truncated,
        group=next((part.group for part in parts if part.group is not None), None),
        fields=tuple(one for part in parts for one in part.fields),
    )
