"""Deployments, releases and rollbacks of tools without a form of their own, by their fields' usual names."""

import re
from collections.abc import Iterable

from incidents.changes import ChangeKind
from tools.alerts.body import NO_TIME, NOTHING, Body, Raw, Text, joined, plain_word, scalar
from tools.alerts.form import ChangeDraft, Form, Item, NoticeDraft
from tools.alerts.meaning import Meaning
from tools.alerts.objects import Objects
from tools.alerts.vocabulary import vocabulary

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
#: What is deployed may be told by the name of one of these.
_NAMED = frozenset({"deployment", "deploy", "release", "app", "application", "service", "site", "resource"})
#: What only a deployment has.
_DEPLOYED = (
    "deployedby", "deployer", "deploymentid", "deploymenturl", "deployedat", "deployurl",
)  # fmt: skip
DEEPEST = 4


def _recognises(body: Body) -> bool:
    """Whether an event's name tells of one, and how far it is or what runs now; an alert has a severity."""
    objects = Objects(body, DEEPEST)
    kind = _kind(body, objects)
    if not _service(objects) or objects.field("severity"):
        return False
    if not kind:  # who deployed, and what: `{deployed_by: Ann, revision: 2.3}`
        return bool(objects.first(*_DEPLOYED) and (_field(objects, "version") or _field(objects, "commit")))
    return bool(
        _words(kind) & (_over() | _said("not_yet")) or _field(objects, "version") or _field(objects, "commit")
    )


def _kind(body: Body, objects: Objects) -> Text:
    """The event's name, if it tells of a deployment; CloudEvents tell it beside the body."""
    names, deploys = _said("kind"), _said("deploys") | _said("scales")
    named = (
        Text(scalar(value), one.path(str(key)))
        for one in objects.all
        if isinstance(one.value, dict)
        for key, value in one.value.items()
        if plain_word(str(key)) in names
    )
    return next((text for text in (body.header("ce-type"), *named) if _words(text) & deploys), NOTHING)


def _read(body: Body) -> Iterable[Item]:
    objects = Objects(body, DEEPEST)
    kind, result = _kind(body, objects), _field(objects, "result")
    service, told = _service(objects), joined(kind, result)
    words, not_yet = _words(told), _said("not_yet")
    version = _field(objects, "version") or _field(objects, "commit")
    if words & not_yet and not _words(result) & _over():
        yield NoticeDraft(Meaning.COMMENT, f"{service.value}: {told.value}")
        return
    yield ChangeDraft(
        service=service,
        kind=ChangeKind.SCALE if _words(kind) & _said("scales") else ChangeKind.DEPLOY,
        id=_field(objects, "id"),
        time=_time(body, objects),
        version_from=_field(objects, "version_from"),
        version_to=version,
        author=_field(objects, "author"),
        summary=objects.first(*vocabulary().fields["description"]) or told or version,
        commit=_field(objects, "commit"),
        healthy=False if words & _said("badly") else True if words & _said("well") else None,
        environment=_field(objects, "environment"),
    )


def _service(objects: Objects) -> Text:
    """What is called service or application, else the name of what is deployed."""
    if service := _field(objects, "scaled") or objects.service():
        return service
    names = (one.text("name") for one in objects.all if one.where.rpartition(".")[2] in _NAMED)
    own = objects.all[0].text("name") if objects.first(*_DEPLOYED) else NOTHING
    return next((name for name in names if name), own)


def _time(body: Body, objects: Objects) -> Raw:
    text = _field(objects, "ended") or objects.field("moment") or body.header("ce-time")
    text = text or objects.field("started")
    return Raw(text.value, text.path) if text else NO_TIME


def _field(objects: Objects, name: str) -> Text:
    return objects.first(*vocabulary().changes[name])


def _over() -> set[str]:
    return _said("over") | _said("well") | _said("badly")


def _said(name: str) -> set[str]:
    return set(vocabulary().changes[name])


def _words(text: Text) -> set[str]:
    return {word.lower() for word in _WORDS.findall(text.value)}


DEPLOYMENT = Form(
    name="deployment",
    product="Any other tool that deploys",
    recognises=_recognises,
    read=_read,
    aliases=("deploy",),
)
