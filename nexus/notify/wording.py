"""A notice in words: each stands alone, and where a channel is short, what was cut is said.

Two things are never cut: the severity, and what has to be decided. A decision that does not fit whole is
replaced by the sentence that one is needed, never by its first half.
"""

from collections.abc import Callable
from functools import partial

from incidents.language import Language
from incidents.severity import Severity
from incidents.texts import Sentences, forms_of
from incidents.value import Value
from nexus.notify.notice import Notice, Purpose
from nexus.sanitize import clean, line

#: How much room a text takes in a channel: its characters, its bytes, or its characters once escaped.
Size = Callable[[str], int]

#: What every message says around its news.
SENTENCES = Sentences("nexus.notify")

#: What is said of itself by what it tells has no mark.
_MARKED = {Purpose.DECISION, Purpose.ESCALATION, Purpose.HANDLED, Purpose.RESOLVED, Purpose.TEST}
#: Below this many characters a mark of what was cut is the ellipsis alone.
_SHORT = 80


class Words(Value):
    """What a notice says, free of control characters.

    Attributes:
        mark: severity, purpose and repetition, `P0 · Decision needed · again (2)`; never cut.
        decision: what has to be decided and until when; None: nothing.
        facts: a label and what is known, the most important first.
        link: where all of it stands.
        colon: what stands between a label and what is known, with its spaces.
    """

    mark: str
    title: str
    decision: str | None
    facts: tuple[tuple[str, str], ...]
    text: str
    link: str | None
    short_decision: str | None
    colon: str = ": "

    @property
    def body(self) -> str:
        """The facts, a line each, then the text."""
        facts = "\n".join(f"{label}{self.colon}{what}" for label, what in self.facts)
        return "\n\n".join(part for part in (facts, self.text) if part)


def words_of(notice: Notice) -> Words:
    """A notice in words."""
    told, said = notice.facts, partial(SENTENCES.said, notice.language)
    moment = forms_of(notice.language).moment
    known = {
        "noticed": told.noticed,
        "since": moment(told.since) if told.since is not None else None,
        "cause": told.cause,
        "holder": told.holder,
        "on_duty": told.on_duty,
        "services": ", ".join(notice.services),
    }
    return Words(
        mark=_mark(notice),
        title=line(notice.title),
        decision=_decision(notice),
        facts=tuple((said(f"fact.{key}"), line(what)) for key, what in known.items() if what and line(what)),
        text=clean(notice.text).strip(),
        link=notice.link,
        short_decision=_short_decision(notice) if _decision(notice) else None,
        colon=said("fact.colon"),
    )


def _decision(notice: Notice) -> str | None:
    what, said = line(notice.facts.decision or ""), partial(SENTENCES.said, notice.language)
    if not what:
        return None
    if notice.facts.until is None:
        return said("decide.now", what=what)
    return said("decide.until", until=forms_of(notice.language).moment(notice.facts.until), what=what)


def _short_decision(notice: Notice) -> str:
    said, until = partial(SENTENCES.said, notice.language), notice.facts.until
    if until is None:
        return said("decide.short")
    return said("decide.short_until", until=forms_of(notice.language).moment(until))


def headline(notice: Notice, room: int, size: Size = len) -> str:
    """Mark and title on one line; the title is cut where it does not fit."""
    words = words_of(notice)
    left = room - size(f"{words.mark} · ")
    title = cut(words.title, left, size, notice.language) if left > 0 else ""
    return f"{words.mark} · {title}" if title else words.mark


def message(notice: Notice, room: int, size: Size = len, *, titled: bool = True) -> str:
    """The whole notice as plain text of at most `room`.

    Args:
        notice: what is told.
        room: as much as the channel takes.
        size: how the channel counts.
        titled: whether mark and title are part of it; else the channel shows them elsewhere.
    """
    words = words_of(notice)
    first = " · ".join(part for part in (words.mark, words.title) if part)
    whole = _joined(first if titled else None, words.decision, words.body, words.link)
    if size(whole) <= room:
        return whole
    decision, link = words.decision, words.link
    least = words.mark if titled else None
    if size(_joined(least, decision, None, link)) > room - _SHORT:
        decision = words.short_decision
    if size(_joined(least, decision, None, link)) > room:
        link = None
    head = None
    if titled:
        taken = size(_joined("", decision, None, link))
        head = headline(notice, max(size(words.mark), (room - taken) // (2 if words.body else 1)), size)
    left = room - size(_joined(head, decision, " ", link))
    body = cut(words.body, left, size, notice.language) if left > 0 else None
    return _joined(head, decision, body, link)


def _joined(head: str | None, decision: str | None, body: str | None, link: str | None) -> str:
    first = "\n".join(part for part in (head, decision) if part)
    return "\n\n".join(part for part in (first, body, link) if part)


def cut(text: str, room: int, size: Size = len, language: Language = Language.EN) -> str:
    """As much of a text as fits, ended at a word; what is missing is said, in a short room by `…` alone.

    Args:
        text: any.
        room: as much as may be taken, 0 or more.
        size: how it is counted; a longer text takes at least as much.
        language: of what is said of the rest.
    """
    if size(text) <= room:
        return text
    mark = _missing(len(text), room, language)
    if size(mark) > room:
        return ""
    kept = _fitting(text, room - size(mark), size)
    space = max(kept.rfind(" "), kept.rfind("\n"))
    if not text[len(kept) : len(kept) + 1].isspace() and space >= len(kept) // 2:
        kept = kept[:space]
    kept = kept.rstrip()
    return kept + _missing(len(text) - len(kept), room, language)


def _missing(characters: int, room: int, language: Language) -> str:
    if room < _SHORT:
        return "…"
    n = forms_of(language).number(characters)
    return SENTENCES.said(language, "text.missing", count=characters, n=n)


def _fitting(text: str, room: int, size: Size) -> str:
    """The longest beginning that takes no more than the room."""
    fits, too_long = 0, len(text) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        fits, too_long = (middle, too_long) if size(text[:middle]) <= room else (fits, middle)
    return text[:fits]


def in_bytes(text: str) -> int:
    """How much a text takes in UTF-8."""
    return len(text.encode())


def _mark(notice: Notice) -> str:
    said = partial(SENTENCES.said, notice.language)
    severity = notice.severity.value if notice.severity is not None else said("mark.unrated")
    purpose = said(f"mark.{notice.purpose}") if notice.purpose in _MARKED else None
    again = said("mark.again", n=str(notice.repeat)) if notice.repeat else None
    resent = said("mark.resent") if notice.resent else None
    return " · ".join(part for part in (severity, purpose, again, resent) if part)


def loudness(severity: Severity | None) -> int:
    """0 for the loudest, P0, to 3 for the quietest; what nobody has judged yet is as loud as P1."""
    return severity.rank if severity is not None else Severity.P1.rank
