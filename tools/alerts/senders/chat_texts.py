"""Messages for chats that take a text or a card of their own: Telegram, Google Chat, Webex and others."""

from collections.abc import Iterable, Iterator

from tools.alerts.body import Body
from tools.alerts.form import Form, Item
from tools.alerts.message import Message, drafted

#: Whom a message is for, which nothing else has beside a text.
_ADDRESSES = ("chat_id", "roomId", "toPersonEmail", "toPersonId", "msgtype", "msg_type")
_TEXTS = ("text", "markdown", "caption", "html", "body", "content")


def _read(body: Body) -> Iterable[Item]:
    message = Message()
    for card in _cards(body):
        message.title(card.text("header.title", "header.title.content", "title", "title.content"))
        for section in card.objects("sections"):
            for widget in section.objects("widgets"):
                _widget(widget, message)
        for element in card.objects("elements"):
            message.text(element.text("text.content", "content"))
    for place in _places(body):
        message.title(place.text("title"))
        for name in _TEXTS:
            if text := place.text(name):
                message.title(text)
                message.text(text)
    yield drafted(message)


def _widget(widget: Body, message: Message) -> None:
    message.text(widget.text("textParagraph.text"))
    for kind, value in (("keyValue", "content"), ("decoratedText", "text")):
        message.named(widget.text(f"{kind}.topLabel").value, widget.text(f"{kind}.{value}"))


def _cards(body: Body) -> Iterator[Body]:
    for path in ("cards", "cardsV2", "card"):
        for one in body.objects(path):
            yield one.at("card") if one.has("card") else one


def _places(body: Body) -> Iterator[Body]:
    """Where texts stand: in the message itself, or in an object that its type names."""
    yield body
    for name in dict.fromkeys((body.text("msgtype", "msg_type").value, "content", "text", "markdown")):
        if isinstance(body.get(name), dict):
            yield body.at(name)


def _recognises(body: Body) -> bool:
    if any(body.has(f"{path}.0") for path in ("cards", "cardsV2")):
        return True
    has_text = any(body.names(name) for name in (*_TEXTS, "card"))
    kind = body.text("msgtype", "msg_type").value
    return any(map(body.names, _ADDRESSES)) and (has_text or (bool(kind) and body.names(kind)))


FORMS = (
    Form(
        name="chat",
        product="Messages for Telegram, Google Chat, Webex, Matrix, DingTalk, Feishu, WeCom",
        recognises=_recognises,
        read=_read,
        aliases=("telegram", "google-chat", "webex", "matrix", "dingtalk", "feishu", "lark", "wecom"),
    ),
)
