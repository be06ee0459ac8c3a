"""Cause cards: how a kind of cause shows, what rules it out, what helps against it and what keeps it away.

Pure data and pure rules; `nexus/causes.yaml` has the cards that ship, `causes` of nexus.yaml a team's own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from incidents.action import ActionKind
from incidents.catalogue import ServiceKind
from incidents.changes import Change, ChangeKind
from incidents.document import hint
from incidents.findings import Category
from incidents.measures import Lines
from incidents.value import Value

#: A capital that is no class of characters such as `\\W` or `\\S`.
_CAPITAL = re.compile(r"(?<!\\)[A-Z]")
_LONGEST = 2_000


class SignLevel(StrEnum):
    """How much a sign says, strongest first; one of a stronger level outweighs any number of weaker ones."""

    DECISIVE = "decisive"
    CLEAR = "clear"
    WEAK = "weak"
    FAINT = "faint"

    @property
    def rank(self) -> int:
        """0 for decisive to 3 for faint."""
        return list(SignLevel).index(self)


class Fact(StrEnum):
    """What is measured of the part in question, which a card or a remedy may ask for."""

    BUSIER = "busier"
    GONE = "gone"
    STORE = "store"
    CHANGED = "changed"
    UNFELT = "unfelt"


class Target(StrEnum):
    """What a remedy is done to; it is no remedy where there is no such part."""

    PART = "part"
    #: The part itself where it keeps data.
    STORE = "store"
    #: The part itself where it keeps none.
    SERVICE = "service"
    #: The part itself where it keeps data, else the one store that it calls.
    ITS_STORE = "its store"


def _readable(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"a pattern has at most {_LONGEST} characters")
    if found := _CAPITAL.search(text):
        raise ValueError(
            f"patterns are compared with text in lower case; write {found[0]!r} as {found[0].lower()!r}"
        )
    try:
        re.compile(text)
    except re.error as broken:
        raise ValueError(f"this is no regular expression: {broken}") from None
    return text


Pattern = Annotated[str, AfterValidator(_readable)]


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Sign(Value):
    """Words that speak for a cause where they stand: in a log line, a metric's name, an alert."""

    match: Pattern = Field(description="a regular expression, searched in the text in lower case")
    level: SignLevel = SignLevel.CLEAR
    of: str = Field(default="", description="whose words these are, such as PostgreSQL; for people")

    def found_in(self, *texts: str) -> bool:
        """Whether it stands in one of the texts, in any case."""
        return any(_compiled(self.match).search(text.lower()) for text in texts)


class StateSign(Value):
    """A measured fact that speaks for a cause."""

    fact: Fact
    level: SignLevel = SignLevel.CLEAR


class ChangeSign(Value):
    """A change near the onset that speaks for a cause: of a kind, with these words in its summary or id."""

    kind: ChangeKind | None = None
    match: Pattern = ""
    level: SignLevel = SignLevel.WEAK

    def fits(self, change: Change) -> bool:
        """Whether a change is of that kind and has these words."""
        words = f"{change.id} {change.summary} {change.author}".lower()
        return self.kind in {None, change.kind} and _compiled(self.match).search(words) is not None


class Signs(Value):
    """How a cause shows, by where it is read."""

    logs: tuple[Sign, ...] = ()
    metrics: tuple[Sign, ...] = Field(default=(), description="names of series that deviate")
    alerts: tuple[Sign, ...] = Field(default=(), description="title and labels of alerts about the part")
    changes: tuple[ChangeSign, ...] = ()
    states: tuple[StateSign, ...] = ()


class Remedy(Value):
    """A change that helps against one cause, with what it needs and risks."""

    action: ActionKind
    at: Target = Field(default=Target.PART, description="what it is done to")
    needs: tuple[Fact, ...] = Field(default=(), description="all of these must be measured")
    unless: tuple[Fact, ...] = Field(default=(), description="none of these may be measured")
    early: bool = Field(
        default=False, description="also before users feel it, where an alert on the part's resources fires"
    )
    helps: str = Field(min_length=1, description="why it helps, for the person who decides")
    risk: str = Field(default="", description="what it may cost")

    def fits(self, facts: frozenset[Fact]) -> bool:
        """Whether what is measured allows it."""
        return _is_meant(self.at, facts) and set(self.needs) <= facts and not set(self.unless) & facts


class Harm(Value):
    """A change that makes one cause worse, and why."""

    action: ActionKind
    at: Target = Target.PART
    why: str = Field(min_length=1)

    def holds(self, facts: frozenset[Fact]) -> bool:
        """Whether it is about a part such as this."""
        return _is_meant(self.at, facts)


def _is_meant(target: Target, facts: frozenset[Fact]) -> bool:
    stored = Fact.STORE in facts
    return {Target.STORE: stored, Target.SERVICE: not stored}.get(target, True)


class Card(Value):
    """One kind of cause.

    Attributes:
        id: its word, which a diagnosis names as its mechanism.
        title: what happened, as the end of a sentence about the part.
        kinds: of which parts it can be the cause; empty: of any.
        unless: what rules it out when it is measured.
        alike: cards that look like it, to be looked at before one acts.
        watch: what to look at after a remedy.
        at_callers: it lies on the way to the part, so that those that call it write it down and name it.
        general: it says what holds for a whole category, and is no mechanism of its own.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{1,47}$")
    title: str = Field(min_length=1)
    category: Category
    kinds: tuple[ServiceKind, ...] = ()
    signs: Signs = Signs()
    unless: tuple[Fact, ...] = ()
    alike: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    harms: tuple[Harm, ...] = ()
    watch: tuple[str, ...] = ()
    prevention: Lines = Lines()
    at_callers: bool = False
    general: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        helping, harming = {one.action for one in self.remedies}, {one.action for one in self.harms}
        for both in helping & harming:
            places = {one.at for one in self.remedies if one.action is both}
            if places & {one.at for one in self.harms if one.action is both}:
                raise ValueError(f"a {both} of the same part stands under `remedies` and under `harms`")
        return self

    def may_be(self, kind: ServiceKind | None) -> bool:
        """Whether a part of that kind can have this cause; of an unknown part nothing is ruled out."""
        return not self.kinds or kind is None or kind in self.kinds


class LogSign(Value):
    """A log line's strongest sign and the card that has it."""

    card: Card
    sign: Sign

    @property
    def category(self) -> Category | None:
        """The kind of cause that the line speaks for; None where the card's is none of the four."""
        return self.card.category if self.card.category is not Category.UNKNOWN else None

    @property
    def level(self) -> SignLevel:
        """How much it says."""
        return self.sign.level

    @property
    def mechanism(self) -> str | None:
        """The card's word, if it is about one cause."""
        return None if self.card.general else self.card.id


class Causes(Value):
    """All cards, a team's own first, and the lines of prevention that hold for every cause."""

    cards: tuple[Card, ...] = ()
    prevention: Lines = Lines()

    @model_validator(mode="after")
    def _cards_exist(self) -> Self:
        if wrong := mistakes(self.cards, self.cards):
            raise ValueError("; ".join(wrong))
        return self

    @cached_property
    def by_id(self) -> dict[str, Card]:
        """The cards by their words."""
        return {card.id: card for card in self.cards}

    @cached_property
    def _log_signs(self) -> tuple[LogSign, ...]:
        found = [LogSign(card=card, sign=sign) for card in self.cards for sign in card.signs.logs]
        return tuple(sorted(found, key=lambda one: one.level.rank))

    def with_own(self, own: Sequence[Card]) -> "Causes":
        """With a team's cards before those that ship; one of the same word takes the place of the other."""
        if not own:
            return self
        named = {card.id for card in own}
        return Causes(
            cards=(*own, *(card for card in self.cards if card.id not in named)), prevention=self.prevention
        )

    def of_line(self, *texts: str) -> LogSign | None:
        """What a log line says of its cause: the strongest sign of the first text that has one."""
        found = (one for text in texts for one in self._log_signs if one.sign.found_in(text))
        return next(found, None)

    def general(self, category: Category) -> Card | None:
        """What holds for a whole category."""
        return next((card for card in self.cards if card.general and card.category is category), None)


def mistakes(cards: Sequence[Card], known: Iterable[Card]) -> list[str]:
    """What is wrong among cards: a word that stands twice, an `alike` that names no card.

    Args:
        cards: those to look at.
        known: all that there are.
    """
    counted = Counter(card.id for card in cards)
    names = list(dict.fromkeys([*(card.id for card in known), *counted]))
    return [
        *(f"causes: the card {name!r} stands twice" for name, times in counted.items() if times > 1),
        *(
            f"causes.{card.id}.alike: there is no card {name!r}; {hint(name, names)}"
            for card in cards
            for name in card.alike
            if name not in names
        ),
    ]
