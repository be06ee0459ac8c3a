"""A notice as an adaptive card whose text is all runs, which know no Markdown, no mention and no link.

A message of a webhook may have 28 KB (learn.microsoft.com, 2026). A `TextRun` shows its text as it is, except
for `{{DATE(…)}}` and `{{TIME(…)}}`, which clients replace.
"""

import json

from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import SENTENCES, Words, cut, headline, words_of

#: What a message may have, in bytes, and as much of it as the headline and the decision take at most.
MESSAGE, HEADLINE, DECISION = 28_000, 500, 9_000
_ADDRESS = 2_000

Element = dict[str, object]


def message_of(notice: Notice) -> dict[str, object]:
    """What is posted: a message with one card, cut so that all of it fits."""
    words = words_of(notice)
    left = MESSAGE - _bytes(_message(notice, words, "")) - 200
    return _message(notice, words, _fitting(notice, words, max(left, 0)))


def _fitting(notice: Notice, words: Words, room: int) -> str:
    return cut(words.text, room, lambda text: _bytes(_lines(text)), notice.language)


def _message(notice: Notice, words: Words, text: str) -> dict[str, object]:
    head = headline(notice, HEADLINE)
    body = [_block(_run(head, weight="bolder", size="large"))]
    if words.decision is not None:
        whole = _bytes(words.decision) <= DECISION
        said = words.decision if whole else words.short_decision or ""
        body.append(_block(_run(said, weight="bolder", color="attention")))
    body += [
        _block(
            _run(f"{label}{words.colon}", weight="bolder"), _run(cut(fact, 1_000, language=notice.language))
        )
        for label, fact in words.facts
    ]
    card: Element = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "fallbackText": literal(head),
        "body": [*body, *_lines(text)],
        "actions": _buttons(notice),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def literal(text: str) -> str:
    """A text in which a client replaces nothing."""
    return text.replace("{{", "{ {")


def _lines(text: str) -> list[Element]:
    """A block for each line: a run shows no line ends everywhere."""
    return [_block(_run(line)) for line in text.split("\n") if line.strip()]


def _run(text: str, **look: str) -> Element:
    return {"type": "TextRun", "text": literal(text), **look}


def _block(*runs: Element) -> Element:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _buttons(notice: Notice) -> list[Element]:
    asked = notice.asked if notice.purpose is Purpose.DECISION else None
    pages = [
        ("button.decide", asked.page if asked is not None else None),
        ("button.open", notice.link),
    ]
    return [
        {"type": "Action.OpenUrl", "title": SENTENCES.said(notice.language, label), "url": page}
        for label, page in pages
        if page is not None and len(page) <= _ADDRESS
    ]


def _bytes(what: object) -> int:
    return len(json.dumps(what, ensure_ascii=False).encode())
