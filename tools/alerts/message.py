"""A message that a tool writes for people in a chat, whatever the chat: what it tells of an alert.

How it stands is told by a field, by the words of the title or by the colour; what tells none of it, and
names neither a service nor a severity, is chatter and is recorded.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tools.alerts.body import NO_TIME, NOTHING, Raw, Text, plain_word
from tools.alerts.form import FIRES, AlertDraft, Item, NoticeDraft
from tools.alerts.identity import without_state
from tools.alerts.lines import bare, field_in, fields_in, heading, plain
from tools.alerts.meaning import Meaning, meaning_of_words
from tools.alerts.objects import state_in
from tools.alerts.vocabulary import vocabulary

MOST_PARTS = 60


@dataclass
class Message:
    """What stands in a message, whoever's form it has."""

    titles: list[Text] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    fields: dict[str, Text] = field(default_factory=dict)
    colour: Text = NOTHING
    link: Text = NOTHING
    time: Raw = NO_TIME

    def title(self, text: Text) -> None:
        """A heading."""
        if text:
            self.titles.append(text._replace(value=heading(text.value)))

    def text(self, text: Text) -> None:
        """A paragraph; lines such as `Service: payment` are fields."""
        if not text:
            return
        self.texts.append(text._replace(value=plain(text.value)))
        for name, value in fields_in(text.value).items():
            self.named(name, text._replace(value=value))

    def line(self, text: Text) -> None:
        """A name and a value in one text."""
        if (told := field_in(text.value)) is not None:
            self.named(told[0], text._replace(value=told[1]))

    def named(self, name: str, value: Text) -> None:
        """A field."""
        name = bare(name)
        if name and value and len(self.fields) < MOST_PARTS:
            self.fields.setdefault(name, value._replace(value=plain(value.value)))

    def field(self, names: Iterable[str]) -> Text:
        """The first field of one of these names."""
        by_name = {plain_word(name): text for name, text in reversed(self.fields.items())}
        return next((by_name[name] for name in names if name in by_name), NOTHING)

    @property
    def state(self) -> Text:
        """How it stands, if anything tells."""
        told = self.field(vocabulary().fields["state"])
        if (meaning := meaning_of_words(told.value)) is not None:
            return told._replace(value=meaning.value)
        words = (state for title in self.titles if (state := state_in(title)))
        return next(words, None) or _of_colour(self.colour)


def _of_colour(colour: Text) -> Text:
    """Green is over, red to yellow fires; others tell nothing."""
    named = {"good": (0, 1, 0), "danger": (1, 0, 0), "attention": (1, 0, 0), "warning": (1, 1, 0)}
    word = colour.value.lower().removeprefix("#")
    if word in named:
        red, green, blue = named[word]
    elif re.fullmatch(r"[0-9a-f]{6}", word):
        red, green, blue = (int(word[at : at + 2], 16) for at in (0, 2, 4))
    else:
        return NOTHING
    if green > red and green > blue:
        return colour._replace(value=Meaning.RESOLVED.value)
    return colour._replace(value=Meaning.FIRING.value) if red > blue and red >= green else NOTHING


def drafted(message: Message) -> Item:
    """The alert that a message tells of, or a notice."""
    known = vocabulary().fields
    title = next(iter([*message.titles, *message.texts]), NOTHING)
    title = title._replace(value=title.value.partition("\n")[0])
    service, severity = message.field(known["service"]), message.field(known["severity"])
    state = message.state
    if not state and not service and not severity:
        return NoticeDraft(Meaning.COMMENT, f"a message: {title.value}")
    places = [text.value for name in known["place"] if (text := message.field((name,)))]
    key = "/".join([without_state(title.value), service.value, *places])
    return AlertDraft(
        title=title,
        state=state or FIRES,
        service=service,
        severity=severity,
        description=next((text for text in message.texts if text != title), NOTHING),
        started=NO_TIME if state.value == Meaning.RESOLVED.value else message.time,
        ended=message.time,
        key=title._replace(value=key),
        labels={name: text.value for name, text in message.fields.items()},
        links={"link": message.link} if message.link else {},
    )
