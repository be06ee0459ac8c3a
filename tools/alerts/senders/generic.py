"""A body of a sender without a form of its own, read by what its fields are usually called (`words.yaml`)."""

import re
from collections.abc import Iterable

from incidents.errors import AlertError
from tools.alerts.body import NO_TIME, NOTHING, Body, Text, joined, plain_word, scalar
from tools.alerts.cleaning import clean
from tools.alerts.form import FIRES, AlertDraft, Form, NoticeDraft
from tools.alerts.meaning import Meaning, meaning_of, meaning_of_type
from tools.alerts.objects import Objects, words_of
from tools.alerts.vocabulary import vocabulary

#: What a sender's button "try it" sends.
_TEST = re.compile(
    r"^\W*(?:this is (?:just |only )?(?:a|the) )?test"
    r" (?:alert|message|notification|event|webhook|incident|ping|subject|e?mail)\b"
    r"|\btest (?:notification|message)\b|^\W*\[test\]",
    re.IGNORECASE,
)


def lists(body: Body) -> Iterable[Body]:
    """The lists in a body whose elements are alerts."""
    for name in vocabulary().fields["list"]:
        is_list = isinstance(body.get(name), list) and any(map(recognises, body.each(name)))
        if is_list and not _is_of_one(body, name):
            yield body.at(name)


def _is_of_one(body: Body, name: str) -> bool:
    """Whether the list holds what one alert found, such as lines of logs, and none that has a state."""
    if not Objects(body, 2).named():
        return False
    return not any(Objects(one).state("") for one in body.each(name))


def recognises(body: Body) -> bool:
    """Whether there is a title, and a state, a severity or a service beside it; or a build."""
    if not isinstance(body.value, dict):
        return False
    objects = Objects(body, in_texts=True)
    if _built(objects):
        return True
    title = objects.title()
    is_alert = title and (
        objects.state(title.value) or objects.severity() or objects.service() or objects.named()
    )
    return bool(is_alert) or any(True for _ in lists(body))


def read(body: Body) -> Iterable[AlertDraft | NoticeDraft]:
    """The alert of a body, or of each element of the list of alerts in it; of a mere test a notice."""
    for inner in lists(body):
        for one in inner.objects():
            yield from read(one)
        return
    objects = Objects(body, in_texts=True)
    title = objects.title()
    if built := _built(objects):
        said = title if title.value != built.value else NOTHING
        yield NoticeDraft(Meaning.COMMENT, joined(built, said, objects.service()).value)
    elif _TEST.search(title.value) and not objects.service():
        yield NoticeDraft(Meaning.TEST, title.value)
    elif not title and (notice := _untitled(objects)) is not None:
        yield notice
    else:
        yield draft_of(body)


def _built(objects: Objects) -> Text:
    """What tells of a build, a run, a push, a deployment of no service.

    It is the name of an event, else the object with its commit.
    """
    known, said = vocabulary(), vocabulary().changes
    nouns = known.builds["of"].union(said["deploys"])
    happened = known.lifecycle.union(said["over"], said["well"], said["badly"], said["not_yet"])
    if objects.severity():
        return NOTHING
    names = (*said["kind"], "trigger", "webhookevent")
    for one in objects.all:
        for name in names:
            words = set(words_of((kind := one.spelled(name)).value)) if isinstance(one.value, dict) else set()
            if words & nouns and words & happened and not words & known.alerting:
                return kind
        noun = one.where.rpartition(".")[2]
        keys = {plain_word(str(key)) for key in one.value} if isinstance(one.value, dict) else set()
        if plain_word(noun) in known.builds["of"] and keys & known.builds["has"]:
            return Text(noun, one.where)
    return NOTHING


def _untitled(objects: Objects) -> NoticeDraft | None:
    """What a body without a title says, if it is about no condition: a ping, a deployment of no service."""
    told = objects.state("")
    if (meaning := meaning_of(told.value)) not in {None, Meaning.FIRING, Meaning.RESOLVED}:
        return NoticeDraft(meaning, f"{told.path}: {told.value}")
    names, deploys = vocabulary().fields["state"], set(vocabulary().changes["deploys"])
    kinds = (text for one in objects.all for name in names if (text := one.spelled(name)))
    deployed = next((kind for kind in kinds if plain_word(kind.value) in deploys), None)
    return None if deployed is None else NoticeDraft(Meaning.COMMENT, f"{deployed.value} of no service")


def told_beside(body: Body) -> Text:
    """How it stands by the type of the event that carried it (`org.example.alert.resolved`)."""
    kind = body.header("ce-type")
    meaning = meaning_of_type(kind.value)
    return kind._replace(value=meaning.value) if meaning is not None else NOTHING


def draft_of(body: Body) -> AlertDraft:
    """One alert by the usual names of its fields.

    Raises:
        AlertError: it has no title, or nothing that makes it an alert.
    """
    objects = Objects(body, in_texts=True)
    title, service, severity = objects.title(), objects.service(), objects.severity()
    if not title:
        keys = sorted(clean(str(key), 40) for key in body.value) if isinstance(body.value, dict) else ()
        raise AlertError(
            "the alert body has no known form: a title is missing (`title`, `summary` or `name`); "
            f"this one has {', '.join(keys[:10]) or 'nothing'}"
        )
    labels = objects.labels()
    state = objects.state(title.value)
    if not (state or service or severity or labels or objects.named()):
        raise AlertError(
            "service: is missing, and there is neither a state, a severity nor a host; "
            "a simple alert has title and service"
        )
    is_over = meaning_of(state.value) is Meaning.RESOLVED
    moment, started = objects.time("moment"), objects.time("started")
    return AlertDraft(
        title=title,
        state=state or told_beside(body) or FIRES,
        service=service,
        severity=_severity(body, severity, state, is_over=is_over),
        description=objects.description(title),
        started=started or (NO_TIME if is_over else moment),
        ended=objects.time("ended") or moment,
        key=objects.key(),
        labels=labels,
        links=objects.links(),
    )


def _severity(body: Body, severity: Text, state: Text, *, is_over: bool) -> Text:
    """How bad it is; a word of the state may tell it, too (`status: CRITICAL`)."""
    if severity:
        return NOTHING if is_over and meaning_of(severity.value) is Meaning.RESOLVED else severity
    word = scalar(body.get(state.path.removeprefix(f"{body.where}."))) if state else ""
    return Text(word, state.path) if plain_word(word) in vocabulary().levels else NOTHING


GENERIC = Form(name="generic", product="Any other sender", recognises=recognises, read=read)
