"""CloudEvents 1.0, structured, binary and in batches: an envelope; and CDEvents, which tell of deliveries."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace

from incidents.changes import ChangeKind
from tools.alerts.body import Body, joined
from tools.alerts.form import AlertDraft, ChangeDraft, Envelope, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning, meaning_of_type, subject_of_type


def _is_structured(body: Body) -> bool:
    return body.names("specversion", "type", "source")


def _is_batch(body: Body) -> bool:
    return isinstance(body.value, list) and bool(body.value) and _is_structured(body.at("0"))


def _read(body: Body) -> Iterable[Item]:
    if body.header("ce-specversion") and not _is_structured(body) and not _is_batch(body):
        names = ("id", "source", "type", "subject", "time")
        context = Body({name: body.headers.get(f"ce-{name}") for name in names}, where="header ce")
        yield Envelope(_typed(body, context), _of_context(context), context.raw("time"))
        return
    for event in body.objects():
        yield Envelope(_typed(_data(event), event), _of_context(event), event.raw("time"))


def _typed(data: Body, event: Body) -> Body:
    """The data with its event's type and time beside it: they may be all that says what happened and when."""
    others = {name: value for name, value in data.headers.items() if not name.startswith("ce-")}
    told = {f"ce-{name}": text for name, text in event.picked("type", "time").items()}
    return replace(data, headers=others | told)


def _data(event: Body) -> Body:
    """What it carries: `data`, or JSON in `data_base64`."""
    encoded = event.text("data_base64")
    if not encoded:
        return event.at("data")
    try:
        text = base64.b64decode(encoded.value, validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    return replace(event, value=text, where=event.path("data_base64"))


def _of_context(event: Body) -> AlertDraft | NoticeDraft:
    """What the attributes alone say where nothing reads the data: a type like `org.example.disk.resolved`."""
    kind = event.text("type")
    meaning = meaning_of_type(kind.value)
    if meaning not in {Meaning.FIRING, Meaning.RESOLVED}:
        return NoticeDraft(
            meaning or Meaning.COMMENT, f"an event of {event.text('source').value}: {kind.value}"
        )
    return AlertDraft(
        title=joined(event.text("subject"), kind._replace(value=subject_of_type(kind.value) or kind.value)),
        state=kind._replace(value=meaning.value),
        service=event.text("subject"),
        started=event.raw("time"),
        ended=event.raw("time"),
        key=joined(event.text("source"), event.text("subject"), by="/"),
        labels=event.picked("source", "subject"),
    )


#: Subjects and predicates of CDEvents that change what runs.
_CHANGES = ("service.deployed", "service.upgraded", "service.rolledback", "environment.modified")


def _delivery(body: Body) -> Iterable[Item]:
    kind = body.text("context.type")
    if not any(f".{change}" in kind.value for change in _CHANGES):
        yield NoticeDraft(Meaning.COMMENT, f"a delivery event: {kind.value}")
        return
    service = body.text("subject.id")
    yield ChangeDraft(
        service=service._replace(value=service.value.rstrip("/").rpartition("/")[2]),
        kind=ChangeKind.DEPLOY,
        id=body.text("context.id"),
        time=body.raw("context.timestamp"),
        version_to=body.text("subject.content.artifactId"),
        summary=joined(kind, body.text("subject.content.environment.id")),
        environment=body.text("subject.content.environment.id"),
        hints=(service,),
    )


FORMS = (
    Form(
        name="cloudevents",
        product="CloudEvents 1.0",
        recognises=lambda body: (
            _is_structured(body) or _is_batch(body) or bool(body.header("ce-specversion"))
        ),
        read=_read,
        envelope=True,
    ),
    Form(
        name="cdevents",
        product="CDEvents",
        recognises=lambda body: body.text("context.type").value.startswith("dev.cdevents."),
        read=_delivery,
    ),
)
