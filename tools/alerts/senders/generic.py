"""A body of a sender without a form of its own, read by what its fields are usually called (`words.yaml`)."""

import copy
import re
from collections.abc import Iterable

from incidents.errors import AlertError
from tools.alerts.body import NO_TIME, NOTHING, Body, Raw, Text, plain_word
from tools.alerts.cleaning import clean
from tools.alerts.form import FIRES, AlertDraft, Form, NoticeDraft
from tools.alerts.lines import fields_in, heading, plain
from tools.alerts.meaning import Meaning, meaning_of, meaning_of_type, meaning_of_words
from tools.alerts.times import is_time
from tools.alerts.vocabulary import vocabulary

#: A title that tells an end where no field does.
_OVER = re.compile(
    r"\b(?:resolved|recovered|recovery|cleared|closed|back to normal|is up|is (?:now )?ok)\b|^\W*(?:ok|up)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(r"^\W*(?:firing|triggered|alert|alarm|problem|critical|warning|down)\b", re.IGNORECASE)
#: What happened to a problem while it is as it was, before its name: `Updated problem in 2m: mails wait`.
_UPDATE = re.compile(
    r"^\W*(?:(?:updated?|acknowledged) problem|problem (?:updated?|acknowledged))\b", re.IGNORECASE
)
#: What a sender's button "try it" sends.
_TEST = re.compile(
    r"^\W*(?:this is (?:just |only )?(?:a|the) )?test"
    r" (?:alert|message|notification|event|webhook|incident|ping|subject|e?mail)\b"
    r"|\btest (?:notification|message)\b|^\W*\[test\]",
    re.IGNORECASE,
)
_TOLD_WHILE_IT_FIRES = frozenset({Meaning.ACKNOWLEDGED, Meaning.SILENCED})
DEEPEST = 3
MOST_OBJECTS = 40


class Objects:
    """The body and the objects in it, the outer before the inner, asked for a field by its usual names.

    `in_texts`: the last are the lines of its texts, such as `Service: payment`.
    """

    def __init__(self, body: Body, deepest: int = DEEPEST, *, in_texts: bool = False) -> None:
        self.all: list[Body] = []
        level = [body]
        for _ in range(deepest):
            self.all += level
            level = [
                inner
                for outer in level
                if isinstance(outer.value, dict)
                for name in outer.value
                if "." not in name
                for inner in (outer.at(name),)
                if isinstance(inner.value, dict)
            ][:MOST_OBJECTS]
        if in_texts:
            self.all += [*_told_in_texts(self.all)]

    def first(self, *names: str) -> Text:
        """The first text under one of these names."""
        return next((text for one in self.all if (text := one.spelled(*names))), Text("", names[0]))

    def telling(self, *names: str) -> Text:
        """The same, passing over a mere word of a state (`PROBLEM`) if anything else stands there."""
        first = self.first(*names)
        if meaning_of(first.value) is None:
            return first
        texts = (text for one in self.all for name in names if (text := one.spelled(name)))
        return next((text for text in texts if meaning_of(text.value) is None), first)

    def field(self, field: str) -> Text:
        """The first text under one of the names of a field."""
        return self.first(*vocabulary().fields[field])

    def title(self) -> Text:
        """What is called a title, else a name or text of no account; of an end its key will do."""
        fields, names = vocabulary().fields, self.without_owners()
        title = self.telling(*fields["title"])
        if not title or meaning_of(title.value) is not None:
            title = names.telling(*fields["text"]) or title
        if title:
            return title._replace(value=heading(title.value))
        return self.key() if meaning_of(self.state("").value) is Meaning.RESOLVED else title

    def without_owners(self) -> "Objects":
        """The same without the objects that tell whose it is."""
        owners = vocabulary().fields["owner"]
        kept = copy.copy(self)
        kept.all = [one for one in self.all if not set(one.where.lower().split(".")) & set(owners)]
        return kept

    def time(self, field: str) -> Raw:
        """The first time under one of the names of a field; one that cannot be read if there is no other."""
        names = vocabulary().fields[field]
        texts = [text for one in self.all for name in names if (text := one.spelled(name))]
        text = next((text for text in texts if is_time(text.value)), next(iter(texts), NOTHING))
        return Raw(text.value, text.path) if text else NO_TIME

    def state(self, title: str) -> Text:
        """The first field of a state's name whose word is known; severity and title may tell an end, too."""
        fields = vocabulary().fields
        for one in self.all:
            if text := one.spelled(*fields["is_over"]):
                return text._replace(
                    value="firing" if meaning_of(text.value) is Meaning.RESOLVED else "resolved"
                )
            texts = [text for name in fields["state"] if (text := one.spelled(name))]
            read = [(text, meaning) for text in texts if (meaning := meaning_of_words(text.value))]
            # `state: CRITICAL, type: ACKNOWLEDGEMENT`: how it stands, and what is told of it.
            if read and read[0][1] is Meaning.FIRING:
                read.sort(key=lambda one: one[1] not in _TOLD_WHILE_IT_FIRES)
            if read:
                return read[0][0]._replace(value=read[0][1].value)
        severity = self.field("severity")
        if severity and meaning_of(severity.value) is Meaning.RESOLVED:
            return severity._replace(value="resolved")
        word = self.field("title")
        if (meaning := meaning_of(word.value)) is not None:
            return word._replace(value=meaning.value)
        return state_in(Text(title, "title"))

    def service(self) -> Text:
        """What is called service or application, also where it is an object with a name."""
        for one in self.all:
            if text := one.spelled(*vocabulary().fields["service"]):
                return text
        several = vocabulary().fields["services"]
        lists = (inner for one in self.all for inner in one.listed(*several))
        return next((text for inner in lists if (text := inner.text("name", "summary", ""))), NOTHING)

    def description(self, title: Text) -> Text:
        """What is called so, if it says more than the title, which may be its heading."""
        names = vocabulary().fields["description"]
        texts = (text for one in self.all for name in names if (text := one.spelled(name)))
        is_title = ((text, text.path == title.path and plain(text.value) == title.value) for text in texts)
        return next((text for text, same in is_title if not same), NOTHING)

    def key(self) -> Text:
        """What is called a key of the condition, or the `id` of the object that is the condition."""
        if key := self.field("key"):
            return key
        known = vocabulary().fields["with_id"]
        ids = (one.text("id") for one in self.all if plain_word(one.where.rpartition(".")[2]) in known)
        return next((text for text in ids if text), NOTHING)

    def labels(self) -> dict[str, str]:
        """Labels and tags, and whatever names a place."""
        fields = vocabulary().fields
        labels = {name: text.value for name in fields["place"] if (text := self.first(name))}
        for one in self.all:
            if isinstance(one.value, dict):
                labels |= one.labels(*(key for key in one.value if plain_word(key) in fields["labels"]))
        return labels


def _told_in_texts(objects: Iterable[Body]) -> Iterable[Body]:
    """The lines of each text of an account, as an object; of a heading only if it is no heading alone."""
    fields = vocabulary().fields
    texts = (
        text
        for one in objects
        for name in (*fields["description"], *fields["title"])
        if (text := one.spelled(name)) and (name in fields["description"] or "\n" in text.value)
    )
    for text in texts:
        if told := fields_in(text.value):
            yield Body(told, where=text.path)


def state_in(title: Text) -> Text:
    """What the words of a title tell, if any."""
    if _UPDATE.search(title.value):
        return title._replace(value=Meaning.COMMENT.value)
    if _OVER.search(title.value):
        return title._replace(value="resolved")
    return title._replace(value="firing") if _BEGINS.search(title.value) else NOTHING


def lists(body: Body) -> Iterable[Body]:
    """The lists in a body whose elements are alerts."""
    for name in vocabulary().fields["list"]:
        if isinstance(body.get(name), list) and any(map(recognises, body.each(name))):
            yield body.at(name)


def recognises(body: Body) -> bool:
    """Whether there is a title, and a state, a severity or a service beside it."""
    if not isinstance(body.value, dict):
        return False
    objects = Objects(body, in_texts=True)
    title = objects.title()
    is_alert = title and (objects.state(title.value) or objects.field("severity") or objects.service())
    return bool(is_alert) or any(True for _ in lists(body))


def read(body: Body) -> Iterable[AlertDraft | NoticeDraft]:
    """The alert of a body, or of each element of the list of alerts in it; of a mere test a notice."""
    for inner in lists(body):
        for one in inner.objects():
            yield from read(one)
        return
    objects = Objects(body, in_texts=True)
    title = objects.title()
    if _TEST.search(title.value) and not objects.service():
        yield NoticeDraft(Meaning.TEST, title.value)
    elif not title and (notice := _untitled(objects)) is not None:
        yield notice
    else:
        yield draft_of(body)


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
    title, service, severity = objects.title(), objects.service(), objects.field("severity")
    if not title:
        keys = sorted(clean(str(key), 40) for key in body.value) if isinstance(body.value, dict) else ()
        raise AlertError(
            "the alert body has no known form: a title is missing (`title`, `summary` or `name`); "
            f"this one has {', '.join(keys[:10]) or 'nothing'}"
        )
    labels = objects.labels()
    state = objects.state(title.value)
    if not (state or service or severity or labels):
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
        severity=NOTHING if is_over and meaning_of(severity.value) is Meaning.RESOLVED else severity,
        description=objects.description(title),
        started=started or (NO_TIME if is_over else moment),
        ended=objects.time("ended") or moment,
        key=objects.key(),
        labels=labels,
        links={name: text for name in vocabulary().fields["link"] if (text := objects.first(name))},
    )


GENERIC = Form(name="generic", product="Any other sender", recognises=recognises, read=read)
