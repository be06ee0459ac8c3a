"""Messages that a tool formats for Slack, Mattermost, Discord or Microsoft Teams, sent here instead."""

from collections.abc import Callable, Iterable, Iterator

from tools.alerts.body import Body, Text, scalar
from tools.alerts.form import Form, Item
from tools.alerts.message import Message, drafted

DEEPEST = 6


def _slack(body: Body) -> Iterable[Item]:
    message = Message()
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
    yield drafted(message)


def _blocks(body: Body, message: Message) -> None:
    for block in body.objects("blocks"):
        text = block.text("text.text", "text")
        if block.text("type").value == "header":
            message.title(text)
        else:
            message.text(text)
        for one in block.objects("fields"):
            message.line(one.text("text"))


def _discord(body: Body) -> Iterable[Item]:
    message = Message()
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
    yield drafted(message)


def _teams(body: Body) -> Iterable[Item]:
    message = Message()
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
    yield drafted(message)


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
