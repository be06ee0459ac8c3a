"""Figures, days and hours as the language of a text writes them, in the form that `figures.read` knows. Pure.

"1.234" is more than a thousand in German, and a little more than one in English: whoever reads a text reads
it in its own language, and so it is held against its evidence.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache, partial

from agents.grounding.number_words import each, number_of
from agents.shipped import shipped
from incidents.language import Language
from incidents.value import Value

Put = Callable[[re.Match[str]], str]

#: What stands between groups of three digits beside the marks of the language itself.
_SPACES = "[ \u00a0\u2009\u202f]"
_DOT_OR_QUOTE, _QUOTE = "[.'\u2019]", "['\u2019]"
_GROUPS = r"(?<!version )(?<![\w.,:])\d{{1,3}}(?:(?:{mark}\d{{3}})+|(?:{space}\d{{3}})+)(?![\w:]|\.\d)"
_GROUPED = {
    Language.DE: _GROUPS.format(mark=_DOT_OR_QUOTE, space=_SPACES),
    Language.FR: _GROUPS.format(mark=_QUOTE, space=_SPACES),
}
_COMMA = r"(?<![\w.,])(\d+),(\d+)(?![\d,])"
_NOT_A_DIGIT = re.compile(r"\D")
#: How a number of hundreds and thousands is put together; `{n}` is one below a hundred.
_LARGE = {
    Language.DE: r"(?<!\w)(?=\w*(?:hundert|tausend))(?:(?P<thousands>{n})?(?P<thousand>tausend)(?:und)?)?"
    r"(?:(?P<hundreds>{n})?(?P<hundred>hundert)(?:und)?)?(?P<rest>{n})?(?!\w)",
    Language.FR: r"(?<!\w)(?<!pour )(?=(?:(?:{n})[ -])?(?:mille|cents?)\b)"
    r"(?:(?:(?P<thousands>{n})[ -])?(?P<thousand>mille)\b ?)?"
    r"(?:(?:(?P<hundreds>{n})[ -])?(?P<hundred>cents?)\b)?(?:[ -]?(?P<rest>{n}))?(?!\w)",
}


class Hour(Value):
    """A way to say a time of day.

    Attributes:
        says: the expression; `hour` and `minutes` are its groups.
        before: it names the hour that is to come.
        add: minutes after the hour.
        sign: -1 where `minutes` are taken away.
        at: the time itself, where no hour is named.
    """

    says: str
    before: bool = False
    add: int = 0
    sign: int = 1
    at: str | None = None


class Words(Value):
    """The words of one language; in expressions `{n}` is a number below a hundred, in digits or in words."""

    months: str
    point: str
    hours: tuple[Hour, ...]
    spellings: tuple[tuple[str, str], ...]


class _File(Value):
    de: Words
    fr: Words


def in_english(text: str, language: Language) -> str:
    """The same sentence with figures, days and hours in English forms; people never read it.

    A clock with an asterisk leaves open which half of the day is meant: "halb drei" is 02:30 or 14:30.
    """
    if language is Language.EN:
        return text
    for pattern, put in _steps(language):
        text = pattern.sub(put, text)
    return text


@cache
def _steps(language: Language) -> tuple[tuple[re.Pattern[str], Put], ...]:
    words: Words = getattr(shipped(__package__, "words/written.yaml", _File), language.value)
    steps = [*_days(words, language), *_digits(language), *_spoken(words, language)]
    return tuple((re.compile(_filled(says), re.IGNORECASE), put) for says, put in steps)


def _filled(says: str) -> str:
    return says.replace("{n}", rf"(?:\d{{1,2}}|{each()})")


def _days(words: Words, language: Language) -> Iterator[tuple[str, Put]]:
    months = words.months.split()
    named = rf"(?<![\w.])(\d{{1,2}})(?:\.|er)? ?({'|'.join(months)})(?: (\d{{4}}))?(?!\w)"
    yield named, lambda found: _iso(found[1], months.index(found[2].casefold()) + 1, found[3])
    mark = r"\." if language is Language.DE else "/"
    yield (
        rf"(?<![\w.,/])(\d{{1,2}}){mark}(\d{{1,2}}){mark}(\d{{4}})(?![\w/])",
        lambda found: _iso(found[1], int(found[2]), found[3]),
    )
    if language is Language.DE:
        yield (
            r"(?<![\w.,])(\d{1,2})\.(\d{1,2})\.(?!\w)(?= \w)",
            lambda found: _iso(found[1], int(found[2]), None),
        )


def _iso(day: str, month: int, year: str | None) -> str:
    return f"{year or '-'}-{month:02}-{int(day):02}"


def _digits(language: Language) -> Iterator[tuple[str, Put]]:
    yield _GROUPED[language], lambda found: _NOT_A_DIGIT.sub("", found[0])
    yield _COMMA, lambda found: f"{found[1]}.{found[2]}"
    yield "[\u00a0\u2009\u202f]", lambda _: " "


def _spoken(words: Words, language: Language) -> Iterator[tuple[str, Put]]:
    for one in words.hours:
        yield rf"(?<![\w.,:]){one.says}(?!\w)", partial(_clock, one)
    yield rf"(?<![\w.])({{n}}) {words.point}((?: {{n}})+)(?!\w)", _decimal
    yield _LARGE[language], _summed
    for says, put in words.spellings:
        yield says, partial(_expanded, put)
    yield r"(?<!\w)({n}) 1/2", lambda found: f"{_value(found[1])}.5"
    yield r"\b1 in ({n})(?!\w)", _share
    yield r"(\d+(?:\.\d+)?) ?(?:promille|pour mille|‰)", lambda found: f"{float(found[1]) / 10:g} %"
    yield (
        r"(\d+(?:\.\d+)?) +thousand million",
        lambda found: f"{float(found[1]) * 1e9:.0f}",
    )


def _value(word: str) -> int:
    return int(word) if word.isdecimal() else number_of(word)


def _clock(one: Hour, found: re.Match[str]) -> str:
    if one.at is not None:
        return one.at
    known = found.groupdict()
    hour, minutes = _value(known["hour"]), _value(known["minutes"]) if known.get("minutes") else 0
    whole = (60 * (hour - one.before) + one.add + one.sign * minutes) % 1440
    if hour > 24 or minutes > 59:
        return found[0]
    # An hour in digits is of the whole day, in words it is of one of its halves.
    spoken = hour <= 12 and (one.before or one.add or not known["hour"].isdecimal())
    return f"{whole // 60:02}:{whole % 60:02}{'*' if spoken else ''}"


def _decimal(found: re.Match[str]) -> str:
    after = "".join(str(_value(word)) for word in found[2].split())
    return f"{_value(found[1])}.{after}"


def _summed(found: re.Match[str]) -> str:
    known = found.groupdict()
    total = 0
    for many, name in ((1000, "thousand"), (100, "hundred")):
        if known[name]:
            total += many * (_value(known[f"{name}s"]) if known[f"{name}s"] else 1)
    return str(total + (_value(known["rest"]) if known["rest"] else 0))


def _expanded(put: str, found: re.Match[str]) -> str:
    return found.expand(put)


def _share(found: re.Match[str]) -> str:
    whole = _value(found[1])
    return f"about {100 / whole:.0f} %" if whole > 1 else found[0]
