"""Whether what a sentence quotes stands in a text: units and rounding understood, times to the minute."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from agents.grounding.figures import Clock, Dimension, Figure, Quotes, figure_of, read
from agents.grounding.spelled import spelled
from incidents.language import Language

#: Whole numbers below this without a unit are counts and ordinals of speech: "two of 3 services".
_ORDINAL = 10
#: Lengths in hours and days are no unit that a source leaves out.
_HOUR = 3600.0
#: How far "about 40 %" may be from what was measured.
_ABOUT = 0.15
_VAGUE = re.compile(
    r"(?:about|around|approximately|roughly|nearly|almost|over|more than|above|under|less than|below|"
    r"at least|up to|~|≈|>|<|"
    r"etwa|rund|ungefähr|ca\.|circa|knapp|fast|gut|gegen|über|unter|mehr als|weniger als|mindestens|"
    r"höchstens|bis zu|"
    r"environ|près de|presque|plus de|moins de|au moins|au plus|jusqu.à|autour de|à peu près|quelque)\s*$",
    re.IGNORECASE,
)
#: What a name is made of that is found as a whole word; others hold dots, slashes or spaces.
_WORD = re.compile(r"[\w-]+")
_MEASURED = {"now", "baseline", "value", "before", "after", "during", "level", "usual"}


class Text:
    """What may be quoted: words as they were read, and the numbers of the data behind them.

    Args:
        text: the words.
        body: the stored JSON, whose numbers are more precise than the words.
    """

    def __init__(self, text: str, body: bytes = b"") -> None:
        self._words = text
        self._body = body

    @property
    def words(self) -> str:
        """The words as they were read."""
        return self._words

    def raws(self) -> Iterator[str]:
        """The words, then the body, as text."""
        yield self._words
        if self._body:
            yield _text_of(self._body)

    def quotes(self) -> Iterator[Quotes]:
        """What is quoted in the words, then in the body; each is read when it is asked for."""
        yield read(self._words)
        if self._body:
            yield _quoted_in(self._body)


def missing(
    sentence: str,
    texts: Iterable[Text],
    services: Iterable[str] = (),
    *,
    named_by: Iterable[Text] | None = None,
    names: Iterable[str] = (),
    language: Language = Language.EN,
) -> tuple[str, ...]:
    """What a sentence quotes that stands in none of the texts, as it is written there.

    Args:
        sentence: what was claimed.
        texts: what it rests on.
        services: the names of all services; one that the sentence names must be named by a text.
        named_by: the texts that may name services, where these are others.
        names: further names; digits in them are no figures.
        language: of those who read the sentence, in whose forms its figures are read.
    """
    held = tuple(texts)
    naming = held if named_by is None else tuple(named_by)
    named = [name for name in services if _names(sentence, name)]
    unnamed = _without(sentence, [*named, *(name for name in names if _names(sentence, name))])
    sentence = spelled(unnamed, language)
    quoted = read(sentence)
    absent = [
        *(name for name in named if not any(_names(raw, name) for raw in _raws(naming))),
        *(v for v in quoted.versions if not any(_names_version(raw, v) for raw in _raws(held))),
        *(d for d in quoted.dates if not any(d.lstrip("-") in raw for raw in _raws(held))),
        *(
            c.text
            for c in quoted.clocks
            if not any(_same_time(c, o) for q in _quotes(held) for o in q.clocks)
        ),
        *(
            f.text
            for f in quoted.figures
            if not (
                _stands(f, sentence, quoted, _quotes(held))
                or _measured_times(f, _raws(held))
                or _stands(f, sentence, quoted, (read(spelled(one.words)) for one in held))
            )
        ),
    ]
    return tuple(dict.fromkeys(absent))


def _raws(texts: Iterable[Text]) -> Iterator[str]:
    return (raw for text in texts for raw in text.raws())


def _quotes(texts: Iterable[Text]) -> Iterator[Quotes]:
    return (quotes for text in texts for quotes in text.quotes())


def names_word(text: str, word: str) -> bool:
    """Whether a text holds a name as a word of its own, whatever its case."""
    return _names(text, word)


def _names(text: str, word: str) -> bool:
    if _WORD.fullmatch(word) is not None:
        return word.casefold() in _words_of(text)
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) is not None


def _names_version(text: str, version: str) -> bool:
    """Whether a text holds a version, be it that only one of the two writes its `v`."""
    bare = version.lstrip("vV")
    return _names(text, bare) or _names(text, f"v{bare}")


@lru_cache(maxsize=32)
def _words_of(text: str) -> frozenset[str]:
    """The words of a text; it is asked for one name after the other, and a catalogue may have thousands."""
    return frozenset(word.casefold() for word in _WORD.findall(text))


def _without(sentence: str, names: Iterable[str]) -> str:
    """The sentence without names: digits in a name are no figures."""
    for name in sorted(names, key=len, reverse=True):
        sentence = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", sentence, flags=re.IGNORECASE)
    return sentence


def _same_time(quoted: Clock, held: Clock) -> bool:
    """To the minute, whichever way it was rounded; dates have to agree where both are written."""
    if quoted.date is not None and held.date is not None and quoted.date != held.date:
        return False
    apart = abs(quoted.seconds - held.seconds)
    round_the_clock = 43200 if quoted.spoken else 86400
    return min(apart % round_the_clock, -apart % round_the_clock) < 60


def _stands(figure: Figure, sentence: str, quoted: Quotes, held: Iterable[Quotes]) -> bool:
    if figure.dimension is Dimension.BARE and figure.number < _ORDINAL and figure.text.isdigit():
        return True
    at = sentence.find(figure.text)
    vague = at > 0 and _VAGUE.search(sentence[:at]) is not None
    slack = figure.half + (_ABOUT * abs(figure.number) if vague else 0.0)
    near = slack * (1 + 1e-9) + 1e-12
    if any(_same(figure, other, near) for quotes in held for other in _of_its_size(figure, near, quotes)):
        return True
    return _computed(figure, slack, quoted)


#: A level and its usual one, as the tools write them: `latency 1.89 s (usual 0.0943 s)`.
_LEVELS = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?(?:e-?\d+)?) ?([^\W\d]{0,3}|%) \\?"
    r"\(usual (\d+(?:\.\d+)?(?:e-?\d+)?) ?([^\W\d]{0,3}|%)\)"
)


def _measured_times(figure: Figure, raws: Iterable[str]) -> bool:
    """Whether a text holds a level that is so many times its usual one."""
    if figure.dimension is not Dimension.TIMES:
        return False
    near = max(figure.half, 0.1 * figure.number)
    return any(
        float(usual) > 0 and unit == other and abs(float(now) / float(usual) - figure.number) <= near
        for raw in raws
        for now, unit, usual, other in _LEVELS.findall(raw)
    )


def _of_its_size(quoted: Figure, near: float, held: Quotes) -> Iterator[Figure]:
    """The few figures that may be the same in one unit or the other: an evidence may hold thousands."""
    low, high = quoted.number - near, quoted.number + near
    for scale in {1.0, quoted.scale}:
        rounding = 1e-9 * scale * (abs(quoted.number) + near)
        yield from held.between(low * scale - rounding, high * scale + rounding)


def _same(quoted: Figure, held: Figure, near: float) -> bool:
    """Equal as precisely as the quoted figure is written; a number without a unit may have the other's."""
    number = quoted.number
    if quoted.dimension is held.dimension:
        return abs(number - held.base / quoted.scale) <= near
    if held.dimension is Dimension.BARE:
        if quoted.dimension is Dimension.SECONDS and quoted.scale >= _HOUR:
            return False  # that 3 of something were counted carries no "3 days"
        return abs(number - held.number) <= near or abs(number - held.number / quoted.scale) <= near
    if quoted.dimension is Dimension.BARE:
        return abs(number - held.number) <= near or abs(number - held.base) <= near
    return False


def _computed(figure: Figure, slack: float, quoted: Quotes) -> bool:
    """Plain arithmetic on what the same sentence quotes: the span of two times, the ratio of two levels."""
    if figure.dimension is Dimension.SECONDS:
        spans = (abs(one.seconds - other.seconds) for one, other in combinations(quoted.clocks, 2))
        return any(abs(figure.base - span) <= max(slack * figure.scale, 60) for span in spans)
    if figure.dimension is Dimension.TIMES:
        levels = [f for f in quoted.figures if f.dimension not in {Dimension.TIMES, Dimension.BARE}]
        return any(
            low.base and abs(high.base / low.base - figure.number) <= max(slack, 0.05 * figure.number)
            for one, other in combinations(levels, 2)
            if one.dimension is other.dimension
            for low, high in [sorted((one, other), key=lambda f: f.base)]
        )
    return False


@lru_cache(maxsize=512)
def _text_of(body: bytes) -> str:
    return body.decode(errors="replace")


@lru_cache(maxsize=512)
def _quoted_in(body: bytes) -> Quotes:
    raw = _text_of(body)
    try:
        data = json.loads(raw)
    except ValueError:
        return read(raw)
    texts: list[str] = []
    figures = tuple(_numbers(data, "", "", texts))
    inner = read("\n".join(texts))
    return Quotes(
        figures=figures + inner.figures, clocks=inner.clocks, dates=inner.dates, versions=inner.versions
    )


def _numbers(value: object, key: str, unit: str, texts: list[str]) -> Iterator[Figure]:
    """Every number of a JSON value with the unit that its name or its neighbour `unit` tells."""
    if isinstance(value, dict):
        own = value.get("unit")
        for name, inner in value.items():
            yield from _numbers(inner, str(name), own if isinstance(own, str) else unit, texts)
    elif isinstance(value, list):
        for inner in value:
            yield from _numbers(inner, key, unit, texts)
    elif isinstance(value, str):
        texts.append(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield figure_of(float(value), _unit(key, unit))


def _unit(key: str, unit: str) -> str:
    if key.endswith("_ms"):
        return "milliseconds"
    if "share" in key or "ratio" in key:
        return "ratio"
    if "per_minute" in key:
        return "per_minute"
    return unit if key in _MEASURED else ""
