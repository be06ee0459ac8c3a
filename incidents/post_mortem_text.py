"""The words of a post-mortem that people edit, its versions, and what one changed of the one before."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Self

from pydantic import Field

from incidents.errors import UnknownName, UsageError
from incidents.findings import Claim
from incidents.reports import PostMortemReport, Why
from incidents.value import Moment, Value

_UNKNOWN = "unknown"
#: Of five whys there are five.
_MOST_WHYS = 5


class PostMortemText(Value):
    """All that people may edit; times, figures and records are code's and stay beside it."""

    title: str = Field(min_length=1)
    summary: str
    what_failed: Claim
    why_it_failed: Claim
    why_not_caught: Claim
    whys: tuple[Why, ...]
    users_affected: str = _UNKNOWN
    revenue_impact: str = _UNKNOWN
    reputation_impact: str = _UNKNOWN
    data_impact: str = _UNKNOWN
    monitoring: tuple[str, ...] = ()
    testing: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    infrastructure: tuple[str, ...] = ()
    went_well: tuple[str, ...] = ()
    went_badly: tuple[str, ...] = ()
    lucky: tuple[str, ...] = ()

    @classmethod
    def of(cls, title: str, report: PostMortemReport) -> Self:
        """What a role wrote, under the title that code gave it; where it gave none, under this one."""
        kept = {name: value for name, value in report if name in cls.model_fields}
        return cls(**kept | {"title": report.title or title})

    @classmethod
    def empty(cls, title: str) -> Self:
        """What a person begins with where no role wrote."""
        nothing = Claim(text="")
        return cls(
            title=title, summary="", what_failed=nothing, why_it_failed=nothing, why_not_caught=nothing,
            whys=(),
        )  # fmt: skip


class PostMortemVersion(Value):
    """A version as it is kept; `number` counts from 1, and none is ever changed."""

    incident: str
    number: int = Field(ge=1)
    by: str
    by_agents: bool = False
    at: Moment
    text: PostMortemText


class Mark(StrEnum):
    """What became of a piece of a text."""

    SAME = "same"
    ADDED = "added"
    TAKEN_OUT = "taken_out"


class Piece(Value):
    """Some words of a text before and after."""

    mark: Mark
    text: str


class FieldChange(Value):
    """One part of a post-mortem that was changed, word by word."""

    field: str
    pieces: tuple[Piece, ...]


def changes_between(before: PostMortemText, after: PostMortemText) -> tuple[FieldChange, ...]:
    """Every part that differs, in the order of the document."""
    was, now = dict(lines_of(before)), dict(lines_of(after))
    return tuple(
        FieldChange(field=field, pieces=tuple(_pieces(was[field], now[field])))
        for field in now
        if was[field] != now[field]
    )


def lines_of(text: PostMortemText) -> Iterator[tuple[str, str]]:
    """Each part by its name, as plain text; of lists one line for each."""
    for field, value in text:
        match value:
            case Claim():
                yield field, value.text
            case str():
                yield field, value
            case _:
                yield field, "\n".join(_plain(one) for one in value)


def _plain(one: Why | str) -> str:
    return f"{one.question} {one.answer}" if isinstance(one, Why) else one


def _pieces(before: str, after: str) -> Iterator[Piece]:
    was, now = _words(before), _words(after)
    for what, i1, i2, j1, j2 in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if what == "equal":
            yield Piece(mark=Mark.SAME, text="".join(was[i1:i2]))
            continue
        if i2 > i1:
            yield Piece(mark=Mark.TAKEN_OUT, text="".join(was[i1:i2]))
        if j2 > j1:
            yield Piece(mark=Mark.ADDED, text="".join(now[j1:j2]))


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\s+|[^\s]+", text)


def written(text: PostMortemText, field: str) -> str:
    """A part as a person edits it: lists a line each, whys a question and its answer between empty lines."""
    if field == "whys":
        return "\n\n".join(f"{one.question}\n{one.answer}" for one in text.whys)
    return dict(lines_of(text))[field]


def edited(text: PostMortemText, field: str, said: str) -> PostMortemText:
    """A post-mortem with one part as a person has written it; what it stands on stays with it.

    Raises:
        UsageError: there is no such part, or the title is empty, or a why has no answer.
    """
    if field not in PostMortemText.model_fields:
        raise UnknownName("part of a post-mortem", field, PostMortemText.model_fields)
    said = said.replace("\r\n", "\n").strip()
    before = getattr(text, field)
    match before:
        case Claim():
            value: object = before.model_copy(update={"text": said})
        case str():
            value = said
        case _ if field == "whys":
            value = tuple(_whys(said, text.whys))
        case _:
            value = tuple(line.strip() for line in said.split("\n") if line.strip())
    if field == "title" and not said:
        raise UsageError("a post-mortem needs a title; nothing was saved")
    return text.model_copy(update={field: value})


def _whys(said: str, before: Sequence[Why]) -> Iterator[Why]:
    """The evidence of a why stays with its question."""
    stands_on = {one.question: one.evidence for one in before}
    blocks = [block.strip().split("\n", 1) for block in re.split(r"\n\s*\n", said) if block.strip()]
    for block in blocks[:_MOST_WHYS]:
        if len(block) == 1:
            raise UsageError(
                f"'{block[0]}' has no answer: write it in the line below the question; nothing was saved"
            )
        question, answer = block
        yield Why(question=question.strip(), answer=answer.strip(), evidence=stands_on.get(question, ()))
