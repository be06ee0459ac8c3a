"""A ticket's words as each tracker wants them: nothing in them is markup, a mention or a command."""

import re
from collections.abc import Callable
from typing import Any

from nexus.notify.tickets.port import Draft
from nexus.sanitize import clean, line, markdown

#: The shortest limit of a title among the four, in characters, and of a whole text.
TITLE, TEXT = 250, 20_000
#: What would notify people or link elsewhere, and a line that GitLab carries out (`/close`).
_LIVE = str.maketrans({"@": "&#64;", "#": "&#35;", "!": "&#33;"})
_COMMAND = re.compile(r"^(\s*)/", re.MULTILINE)
_ADDRESS = re.compile(r"https?://\S+")
#: What is markup in Jira's older texts: a character that a backslash takes its meaning from, ...
_WIKI = re.compile(r"[\\{}\[\]!|*_^~+#]|\?(?=\?)|(?<!\w)-|-(?!\w)|\((?=[^()\s]{1,6}\))")
#: ... and the beginning of a line that makes a heading or a quotation of it.
_WIKI_LINE = re.compile(r"^(\s*)(?=(?:h[1-6]|bq)\.)", re.MULTILINE)


def title(draft: Draft) -> str:
    """One line, cut; a title holds no markup, but a mention in it notifies people."""
    said = line(draft.title).replace("@", "@\u2060")
    return said if len(said) <= TITLE else f"{said[: TITLE - 1]}…"


def as_markdown(draft: Draft) -> str:
    """For GitHub, GitLab and Linear; the key stands at the end, where `find` looks for it."""
    said = "\n\n".join(_paragraph(one[:TEXT]) for one in draft.paragraphs)
    return f"{said}\n\n<!-- {draft.key} -->"


def _paragraph(text: str) -> str:
    """Our own addresses stay links, everything else is shown as it was written."""
    return _around_addresses(text, _inert, "<{}>")


def _around_addresses(text: str, inert: Callable[[str], str], link: str) -> str:
    parts, at = list[str](), 0
    for found in _ADDRESS.finditer(text):
        parts += [
            inert(text[at : found.start()]),
            link.format(found[0]) if _is_plain(found[0]) else inert(found[0]),
        ]
        at = found.end()
    return "".join([*parts, inert(text[at:])])


def _is_plain(address: str) -> bool:
    return re.fullmatch(r"https?://[A-Za-z0-9.:/_-]+", address) is not None


def _inert(text: str) -> str:
    return _COMMAND.sub(r"\1\\/", markdown(text).translate(_LIVE))


def as_wiki(draft: Draft) -> str:
    """For Jira Data Center, whose texts are wiki markup; a plain address becomes a link by itself."""
    most = TEXT // max(1, len(draft.paragraphs))
    said = (_around_addresses(clean(one)[:most], _unmarked, "{}") for one in draft.paragraphs)
    return "\n\n".join(one for one in said if one.strip())


def _unmarked(text: str) -> str:
    return _WIKI_LINE.sub("\\1\u2060", _WIKI.sub(r"\\\g<0>", text))


def as_document(draft: Draft) -> dict[str, Any]:
    """For Jira: the Atlassian Document Format, whose text nodes hold no markup at all."""
    said = (clean(one)[: TEXT // max(1, len(draft.paragraphs))] for one in draft.paragraphs)
    content = [
        {"type": "paragraph", "content": [{"type": "text", "text": one}]} for one in said if one.strip()
    ]
    return {"type": "doc", "version": 1, "content": content}
