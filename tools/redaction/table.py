"""The table of patterns: those that ship, and before them a team's own rows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema

from incidents.errors import SettingsError
from tools.redaction.pattern import Pattern
from tools.redaction.shipped import PATTERNS


@dataclass(frozen=True)
class Table:
    """Patterns, in the order in which they are applied.

    Attributes:
        patterns: the rows.
        harmless: texts with a sign but without a find, and whether personal data was looked for: each look
            at logs reads most lines of the one before. A text with a secret is never among them.
    """

    patterns: tuple[Pattern, ...]
    harmless: set[tuple[str, bool]] = field(default_factory=set)

    @cached_property
    def places(self) -> Mapping[str, tuple[int, ...]]:
        """The rows of each hint, in small letters; a row with prefixes looks for these itself, and faster."""
        places: dict[str, list[int]] = {}
        for place, row in enumerate(self.patterns):
            for hint in row.hints:
                places.setdefault(hint.lower(), []).append(place)
        return {sign: tuple(rows) for sign, rows in places.items()}

    @cached_property
    def numbers(self) -> re.Pattern[str]:
        """The digits that a text with a card or an account has."""
        return re.compile(self._numbers(personal=True))

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """In small letters: a text without any of these, and without `numbers`, is clean."""
        every = {text.lower() for row in self.patterns for text in (*row.hints, *row.prefixes)}
        return tuple(sorted(one for one in every if every.isdisjoint(_within(one))))

    def may_match(self, text: str, *, personal: bool = True) -> bool:
        """Whether a text, or one of JSON, has a sign of anything to take out; one without is clean."""
        search = self._search_all if personal else self._search_secrets
        if text.isascii():
            return search.isinstance_python(text)
        whole = text.encode(errors="replace").decode()  # half of a character is no text to it
        return search.isinstance_python(whole) or search.isinstance_python(whole.lower())

    @cached_property
    def _search_all(self) -> SchemaValidator:
        return self._search(personal=True)

    @cached_property
    def _search_secrets(self) -> SchemaValidator:
        return self._search(personal=False)

    def _search(self, *, personal: bool) -> SchemaValidator:
        """All signs as one expression, with or without those of personal data.

        It is searched by the expressions of pydantic-core, whose time does not grow with the number of signs:
        50 characters take 0.3 us; `re`, which tries each sign at each place, takes 30 (pydantic-core 2.50).
        """
        every = dict.fromkeys(text for one in self.signs for text in (one, encode_basestring(one)[1:-1]))
        signs = f"(?i-u:{'|'.join(map(re.escape, every))})"
        digits = self._numbers(personal=personal)
        return _search(f"{signs}|{digits}" if digits else signs)

    def _numbers(self, *, personal: bool) -> str:
        return "|".join(
            row.numbers for row in self.patterns if row.numbers and (personal or not row.personal)
        )

    @cached_property
    def hint(self) -> str:
        """One expression that finds every text with something to take out, for the search of polars."""
        return f"(?i:{'|'.join(map(re.escape, self.signs))})|{self.numbers.pattern}"


def _within(text: str) -> Iterator[str]:
    """The parts of a text that are shorter than it is."""
    for length in range(1, len(text)):
        for begin in range(len(text) - length + 1):
            yield text[begin : begin + length]


def _search(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


#: The tests of `checks.py` that a row may name.
CHECK_NAMES = (
    "assigned", "basic", "chosen", "cookie", "flag", "header", "iban", "long", "luhn", "mixed", "named",
    "random", "stated",
)  # fmt: skip

_table = Table(PATTERNS)


def table() -> Table:
    """The table in use."""
    return _table


def use(path: Path | None) -> None:
    """Apply a team's own rows before those that ship; None: those that ship alone.

    Raises:
        SettingsError: the file cannot be read, or a row of it does not fit; the message names the field. What
            was applied before stays: the message itself is redacted.
    """
    global _table  # one process has one table: what is secret does not depend on who asks
    own = _own_rows(path) if path is not None else ()
    _table = Table((*own, *PATTERNS))


def _own_rows(path: Path) -> tuple[Pattern, ...]:
    try:
        read = _yaml(path.read_text(encoding="utf-8"))
        rows = TypeAdapter(tuple[Pattern, ...]).validate_python(
            read.get("patterns") if isinstance(read, dict) else None
        )
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the redaction patterns cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, ("patterns", *first["loc"])))
        raise SettingsError(f"{path}: {where}: {first['msg']}") from error
    for number, row in enumerate(rows):
        if wrong := _wrong(row):
            raise SettingsError(f"{path}: patterns.{number}: {wrong}")
    return rows


def _wrong(row: Pattern) -> str | None:
    """What does not fit in a row, told at the start and not in the first alert."""
    if not re.fullmatch(r"[a-z][a-z-]*", row.name):
        return "name: small letters and hyphens, for it stands in the placeholder"
    if not (row.hints or row.prefixes or row.numbers):
        return "hints: needs short texts, one of which is in everything that matches"
    if bool(row.pattern) == bool(row.prefixes):
        return "needs either `pattern` or `prefixes`"
    if row.check and row.check not in CHECK_NAMES:
        return f"check: is none of {', '.join(CHECK_NAMES)}"
    try:
        empty = row.compiled.match("")
        re.compile(row.each)
        _search(row.numbers)
    except (re.error, SchemaError) as error:
        return f"is no regular expression: {error}"
    return "pattern: matches the empty text" if empty else None


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - whoever has no rows of their own should not wait for it

    try:
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise SettingsError(f"the redaction patterns are no YAML: {error}") from error
