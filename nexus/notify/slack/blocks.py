"""A notice as Slack's blocks: all of it plain text, so that nothing of an alert mentions, links or formats.

Limits (docs.slack.dev, 2026): 3,000 characters for the text of a section, 150 for a header's, 75 for a
button's, 2,000 for its value, 3,000 for its address, 50 blocks, 40,000 for the text beside the blocks. The
characters `&<>` are written as entities and count as such.
"""

import re
from collections.abc import Sequence
from functools import partial

from nexus.notify.notice import Notice, Purpose
from nexus.notify.wording import SENTENCES, cut, headline, message, words_of

#: What one text of a section may hold, and a header's.
SECTION, HEADER = 3_000, 150
#: The text beside the blocks is what a phone's notification shows; Slack would take 40,000.
FALLBACK = 3_000
_ADDRESS = 3_000

Block = dict[str, object]

#: The names of the buttons, as Slack sends them back.
ACKNOWLEDGE, APPROVE, REJECT, PAGE, DECISION = (
    "nexus_acknowledge", "nexus_approve", "nexus_reject", "nexus_page", "nexus_decision",
)  # fmt: skip

#: What can still be taken on.
_TO_TAKE = frozenset({Purpose.PAGE, Purpose.DECISION, Purpose.ESCALATION})
_CALLED = re.compile(r"@(?=(?:channel|here|everyone)\b)", re.IGNORECASE)


def escaped(text: str) -> str:
    """A text that Slack shows as it is: no entity, and no name that would call a whole channel.

    Slack reads `@here` only where it is asked to (`link_names`, `parse`), and a client of it may some day: a
    no-break space keeps the word from being a name.
    """
    named = _CALLED.sub("@\u00a0", text)
    return named.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _size(text: str) -> int:
    return len(escaped(text))


def fallback(notice: Notice) -> str:
    """The notice as one text, for notifications and for readers of screens."""
    return escaped(message(notice, FALLBACK, _size))


def blocks_of(notice: Notice, *, answers: bool = True) -> list[Block]:
    """The notice as blocks: headline, decision, facts and text, then its buttons.

    Args:
        notice: what is told.
        answers: whether somebody listens to buttons; else they only lead to pages.
    """
    words = words_of(notice)
    blocks: list[Block] = [{"type": "header", "text": plain(headline(notice, HEADER, _size))}]
    if words.decision is not None:
        # Rather whole over several sections than cut: it is what is signed.
        blocks += [_section(part) for part in _pieces(words.decision)][:10]
    if words.body:
        blocks.append(_section(cut(words.body, SECTION, _size, notice.language)))
    buttons = _buttons(notice, answers=answers)
    return [*blocks, {"type": "actions", "elements": buttons}] if buttons else blocks


def plain(text: str) -> Block:
    """A text object that formats nothing, with no emoji either."""
    return {"type": "plain_text", "text": escaped(text), "emoji": False}


def _section(text: str) -> Block:
    return {"type": "section", "text": plain(text)}


def _pieces(text: str) -> list[str]:
    """A text in parts that each fit a section, ended at a word where there is one."""
    parts = list[str]()
    while _size(text) > SECTION:
        end = SECTION // 6  # of entities for nothing but `&`, `<` and `>`: each takes up to five
        while end < len(text) and _size(text[: end + 1]) <= SECTION:
            end += 1
        space = text.rfind(" ", end // 2, end)
        end = space if space > 0 else end
        parts.append(text[:end])
        text = text[end:].lstrip()
    return [*parts, text]


def _buttons(notice: Notice, *, answers: bool) -> Sequence[Block]:
    asked, buttons, said = notice.asked, list[Block](), partial(SENTENCES.said, notice.language)
    if asked is not None and notice.purpose is Purpose.DECISION:
        if answers and asked.by_button:
            value = f"{notice.incident} {asked.action} {asked.digest}"
            buttons += [
                _button(APPROVE, said("button.approve"), value),
                _button(REJECT, said("button.reject"), value),
            ]
        if asked.page is not None and len(asked.page) <= _ADDRESS:
            label = "button.read" if answers and asked.by_button else "button.decide"
            buttons.append(_button(DECISION, said(label), None, asked.page))
    if answers and notice.purpose in _TO_TAKE:
        buttons.append(_button(ACKNOWLEDGE, said("button.acknowledge"), notice.incident))
    if notice.link is not None and len(notice.link) <= _ADDRESS:
        buttons.append(_button(PAGE, said("button.open"), None, notice.link))
    return buttons


def _button(action: str, label: str, value: str | None, url: str | None = None) -> Block:
    button: Block = {"type": "button", "action_id": action, "text": plain(label)}
    if value is not None:
        button["value"] = value
    if url is not None:
        button["url"] = url
    return button
