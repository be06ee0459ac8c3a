"""Messages that a tool formats for Slack, Mattermost, Discord or Microsoft Teams, sent here instead.

How they stand is told by a field, by the words of the title or by their colour; what tells none of it, and
names neither a service nor a severity, is chatter and is recorded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tools.alerts.body import NO_TIME, NOTHING, Body, Raw, Text, plain_word, scalar
from tools.alerts.form import FIRES, AlertDraft, Form, Item, NoticeDraft
from tools.alerts.identity import without_state
from tools.alerts.meaning import Meaning, meaning_of_words
from tools.alerts.senders.generic import state_in
from tools.alerts.vocabulary import vocabulary

MOST_PARTS = 60
LONGEST = 4000
LONGEST_LINE = 300
DEEPEST = 6
_LINK = re.compile(r"<https?:[^|<>\s]+\|([^<>]+)>|\[([^\[\]]+)\]\(https?:[^()\s]+\)")
_MARKS = re.compile(r"(?<!\w)[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}(?!\w)")
#: A line of a text that says what a field would: `*Service:* payment`.
_FIELD = re.compile(r"^\W*(\w[\w /.-]{1,30}?)\W*:\W*\s(.+)$|^\W*(\w[\w /.-]{1,30}?)\W*:\W*\n(.+)$")


@dataclass
class _Message:
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
            self.titles.append(text._replace(value=_plain(text.value.strip().partition("\n")[0])))

    def text(self, text: Text) -> None:
        """A paragraph; lines such as `Service: payment` are fields."""
        if not text:
            return
        self.texts.append(text._replace(value=_plain(text.value)))
        for line in text.value[:LONGEST].splitlines()[:MOST_PARTS]:
            self.line(text._replace(value=line))

    def line(self, text: Text) -> None:
        """A name and a value in one text."""
        if found := _FIELD.match(text.value.strip()[:LONGEST_LINE]):
            name, value = (found[1], found[2]) if found[1] else (found[3], found[4])
            self.named(name, text._replace(value=value))

    def named(self, name: str, value: Text) -> None:
        """A field."""
        name = re.sub(r"^\W+|\W+$", "", name)
        if name and value and len(self.fields) < MOST_PARTS:
            self.fields.setdefault(name, value._replace(value=_plain(value.value)))

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


def _plain(text: str) -> str:
    """Without the marks of a link or of a bold word."""
    return _MARKS.sub("", _LINK.sub(lambda found: found[1] or found[2], text[:LONGEST])).strip()


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


def _drafted(message: _Message) -> Item:
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


def _slack(body: Body) -> Iterable[Item]:
    message = _Message()
    for one in body.objects("attachments"):
        for path in ("title", "fallback"):
            message.title(one.text(path))
        message.text(one.text("text"))
        message.title(one.text("pretext"))
        for name, value in _pairs(one, "fields"):
            message.named(name, value)
        _blocks(one, message)
        message.colour = message.colour or one.text("color")
        message.link = message.link or one.text("title_link")
        message.time = message.time or one.raw("ts")
    _blocks(body, message)
    message.title(body.text("text"))
    yield _drafted(message)


def _blocks(body: Body, message: _Message) -> None:
    for block in body.objects("blocks"):
        text = block.text("text.text", "text")
        if block.text("type").value == "header":
            message.title(text)
        else:
            message.text(text)
        for one in block.objects("fields"):
            message.line(one.text("text"))


def _discord(body: Body) -> Iterable[Item]:
    message = _Message()
    for one in body.objects("embeds"):
        message.title(one.text("title"))
        message.text(one.text("description"))
        for name, value in _pairs(one, "fields"):
            message.named(name, value)
        colour = one.get("color")
        if isinstance(colour, int) and 0 <= colour <= 0xFFFFFF and not message.colour:
            message.colour = Text(f"{colour:06x}", one.path("color"))
        message.link = message.link or one.text("url")
        message.time = message.time or one.raw("timestamp")
    message.title(body.text("content"))
    yield _drafted(message)


def _teams(body: Body) -> Iterable[Item]:
    message = _Message()
    card = body.at("attachments.0.content") if body.has("attachments.0.content") else body
    message.title(card.text("title"))
    message.colour = card.text("themeColor")
    for section in card.objects("sections"):
        message.title(section.text("activityTitle", "title"))
        message.text(section.text("activitySubtitle"))
        message.text(section.text("text"))
        for name, value in _pairs(section, "facts"):
            message.named(name, value)
    for element in _elements(card, "body", 0):
        if element.text("type").value == "TextBlock":
            add: Callable[[Text], None] = message.text if message.titles else message.title
            add(element.text("text"))
            message.colour = message.colour or element.text("color")
        for name, value in _pairs(element, "facts"):
            message.named(name, value)
    message.text(card.text("text"))
    message.title(card.text("summary"))
    yield _drafted(message)


def _elements(body: Body, path: str, depth: int) -> Iterator[Body]:
    """What a card shows, the outer before the inner, in its order."""
    for one in body.objects(path):
        yield one
        for inner in ("items", "columns") if depth < DEEPEST else ():
            yield from _elements(one, inner, depth + 1)


def _pairs(body: Body, path: str) -> Iterator[tuple[str, Text]]:
    for one in body.objects(path):
        yield one.text("title", "name").value, Text(scalar(one.get("value")), one.path("value"))


def _is_card(body: Body) -> bool:
    if "MessageCard" in body.text("@type").value or body.text("type").value == "AdaptiveCard":
        return True
    return "card" in body.text("attachments.0.contentType").value


def _is_slack(body: Body) -> bool:
    shown = ("color", "fallback", "pretext", "title", "text", "blocks")
    has_blocks = isinstance(body.get("blocks"), list) and body.has("blocks.0.type")
    is_attached = any(body.has(f"attachments.0.{name}") for name in shown)
    return not _is_card(body) and (has_blocks or is_attached)


FORMS = (
    Form(
        name="slack",
        product="Messages for Slack, Mattermost, Rocket.Chat",
        recognises=_is_slack,
        read=_slack,
        aliases=("mattermost", "rocketchat"),
    ),
    Form(
        name="discord",
        product="Messages for Discord",
        recognises=lambda body: isinstance(body.get("embeds"), list) and body.has("embeds.0"),
        read=_discord,
    ),
    Form(
        name="teams",
        product="Messages for Microsoft Teams",
        recognises=_is_card,
        read=_teams,
        aliases=("msteams",),
    ),
)
