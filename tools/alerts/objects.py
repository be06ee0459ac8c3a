"""A body whose form nobody wrote down: its objects, asked for fields by what these are usually called. Pure.

The names are data (`words.yaml`): a title, how it stands, a service, times, a key.
"""

import copy
import re
from collections.abc import Iterable

from incidents.errors import AlertError
from tools.alerts.body import NO_TIME, NOTHING, Body, Raw, Text, plain_word, scalar
from tools.alerts.lines import fields_in, heading, plain
from tools.alerts.meaning import Meaning, meaning_of, meaning_of_words
from tools.alerts.times import is_time, read_time
from tools.alerts.vocabulary import vocabulary

#: A title that tells an end where no field does.
_OVER = re.compile(
    r"\b(?:resolved|recovered|recovery|cleared|closed|back to normal|is up|is (?:now )?ok)\b|^\W*(?:ok|up)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^\W*(?:firing|triggered|alert|alarm|problem|critical|warning|down)\b"
    r"|\bis (?:now )?(?:active|firing|down|offline|failing|unreachable|unavailable|unhealthy|critical)\b",
    re.IGNORECASE,
)
#: What happened to a problem while it is as it was, before its name: `Updated problem in 2m: mails wait`.
_UPDATE = re.compile(
    r"^\W*(?:(?:updated?|acknowledged) problem|problem (?:updated?|acknowledged))\b", re.IGNORECASE
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
#: What tells the kind of a check where another field tells how it stands: `type: threshold, level: ok`.
_KINDS = frozenset({"type", "_type", "event", "trigger"})
_TOLD_WHILE_IT_FIRES = frozenset({Meaning.ACKNOWLEDGED, Meaning.SILENCED})
DEEPEST = 4
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
        if _tells(first.value):
            return first
        texts = (text for one in self.all for name in names if (text := one.spelled(name)))
        return next((text for text in texts if _tells(text.value)), first)

    def field(self, field: str) -> Text:
        """The first text under one of the names of a field."""
        return self.first(*vocabulary().fields[field])

    def severity(self) -> Text:
        """How bad it is, if that is told."""
        return self.field("severity") or self.first(*vocabulary().paired["severity"])

    def links(self) -> dict[str, Text]:
        """Addresses that a person may open, those of the usual names first."""
        known = vocabulary().fields
        links = {name: text for name in known["link"] if (text := self.first(name))}
        for one in self.all:
            for key, value in one.value.items() if isinstance(one.value, dict) else ():
                words = words_of(str(key))
                ends = {*words[:1], *words[-1:]}  # `link_to_details`, `details_url`
                is_link = isinstance(value, str) and bool(ends & {*known["links"]})
                if is_link and plain_word(str(key)) not in links and not {*words} & {*known["no_link"]}:
                    links[str(key)] = one.text(str(key))
        return links

    def named(self) -> Text:
        """What only an alert has: the name of a rule, a check, a monitor (`alert_name`), a saved search."""
        return self.first(*vocabulary().paired["title"], "savedsearch")

    def title(self) -> Text:
        """What is called a title, else a name or text of no account; of an end its key will do."""
        fields, names = vocabulary().fields, self.without_owners()
        title = self.telling(*fields["title"]) or self.named() or names.first(*fields["about"])
        if not title and " " in (kind := names.first("alerttype", "alarmtype")).value:
            title = kind
        if not _tells(title.value):
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
        """The first time under one of the names of a field that can be meant.

        Else one under a name whose words say the same (`firstOccurredOn`), or one that cannot be meant.
        """
        names, objects = vocabulary().fields[field], self.without_owners().all
        texts = [text for one in objects for name in names if (text := one.spelled(name))]
        worded = (text for one in objects for text in _times_in(one, field))
        meant = (text for text in (*texts, *worded) if _can_be_meant(text, self.all[0]))
        told = (text for text in texts if is_time(text.value))
        text = next(meant, None) or next(told, None) or next(iter(texts), NOTHING)
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
            if read and not (read[0][0].path.rpartition(".")[2].lower() in _KINDS and self._is_mild()):
                return read[0][0]._replace(value=read[0][1].value)
        if self._is_mild():
            return self.field("severity")._replace(value="resolved")
        paired = self.first(*vocabulary().paired["state"])
        if (meaning := meaning_of_words(paired.value)) is not None:
            return paired._replace(value=meaning.value)
        word = self.field("title")
        if (meaning := meaning_of(word.value)) is not None:
            return word._replace(value=meaning.value)
        return state_in(Text(title, "title"))

    def _is_mild(self) -> bool:
        """Whether the severity is that of what is over: `ok`, `clear`."""
        severity = self.field("severity")
        return bool(severity) and meaning_of(severity.value) is Meaning.RESOLVED

    def service(self) -> Text:
        """What is called service or application, also where it is an object with a name."""
        fields = vocabulary().fields
        if text := self.field("service"):
            return text
        lists = (inner for one in self.all for inner in one.listed(*fields["services"]))
        several = (text for inner in lists if (text := inner.text("name", "summary", "")))
        return next(several, None) or self.field("service_else")

    def description(self, title: Text) -> Text:
        """What is called so, if it says more than the title, which may be its heading."""
        names = vocabulary().fields["description"]
        texts = (text for one in self.all for name in names if (text := one.spelled(name)))
        is_title = ((text, text.path == title.path and plain(text.value) == title.value) for text in texts)
        return next((text for text, same in is_title if not same), NOTHING)

    def key(self) -> Text:
        """What is called a key of the condition, or the `id` of the object that is the condition."""
        if key := self.field("key") or self.first(*vocabulary().paired["key"]):
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


def _tells(text: str) -> bool:
    """Whether a text is more than a word of a state or a figure."""
    return bool(text) and meaning_of(text) is None and not text.replace(".", "", 1).isdecimal()


def words_of(name: str) -> list[str]:
    """The words of a name, in small letters: `firstOccurredOn`, `INCIDENT_TIME`."""
    return [word.lower() for word in _WORDS.findall(name)]


def _times_in(one: Body, field: str) -> Iterable[Text]:
    """What stands under names whose words tell of such a time."""
    said = vocabulary().times
    for key, value in one.value.items() if isinstance(one.value, dict) else ():
        words = set(words_of(str(key)))
        kind = next((kind for kind in said if words & said[kind]), None)
        if kind == field and (text := scalar(value)):
            yield Text(text, one.path(str(key)))


def _can_be_meant(time: Text, body: Body) -> bool:
    """Whether a text is a time from which a condition can be counted."""
    if body.received_at is None:
        return is_time(time.value)
    try:
        return read_time(time.value, body.received_at, time.path).sent
    except AlertError:
        return False


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
