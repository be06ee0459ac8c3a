"""The table of patterns: what ships in `redact.yaml`, and a team's own rows in the same form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import resources
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import SchemaError, SchemaValidator, core_schema

from incidents.errors import SettingsError

#: No letter stands before a prefix, unless it ends an escape such as that of a line end.
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))"

#: What follows a prefix: as long as chance made it, or as a log line's limit left it.
_BODY = r"[\w.~+/=-]{8,}"


@dataclass(frozen=True)
class Pattern:
    """One row of the table; `redact.yaml` says what its fields mean.

    No `Value`: its validators take longer to build than all the rest that a first look at a text takes.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    hints: tuple[str, ...] = ()
    numbers: str = ""
    pattern: str = ""
    prefixes: tuple[str, ...] = ()
    each: str = ""
    check: str = ""
    personal: bool = False

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression; a key may stretch over lines."""
        if self.prefixes:
            return re.compile(rf"{_BEGIN}(?:{_any(self.prefixes)}){_BODY}")
        return re.compile(self.pattern, re.DOTALL)

    @cached_property
    def inner(self) -> re.Pattern[str] | None:
        """What is looked for in each part of a match, if anything."""
        return re.compile(self.each) if self.each else None


@dataclass(frozen=True)
class Table:
    """A file of patterns, in the order in which they are applied.

    Attributes:
        parts: expressions that patterns name as `{{part}}`.
        about: the last word of a name that tells of a secret without being one: `token_count`, `secretName`.
        states: values that say how a secret is, not what it is.
        patterns: the rows.
        harmless: texts with a sign but without a find, and whether personal data was looked for: each look
            at logs reads most lines of the one before. A text with a secret is never among them.
    """

    parts: Mapping[str, str]
    about: frozenset[str]
    states: frozenset[str]
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
        return tuple(sorted(one for one in every if not any(other in one for other in every if other != one)))

    def may_match(self, text: str, *, personal: bool = True) -> bool:
        """Whether a text, or one of JSON, has a sign of anything to take out; one without is clean."""
        search = self._searches[personal]
        if text.isascii():
            return search.isinstance_python(text)
        whole = text.encode(errors="replace").decode()  # half of a character is no text to it
        return search.isinstance_python(whole) or search.isinstance_python(whole.lower())

    @cached_property
    def _searches(self) -> Mapping[bool, SchemaValidator]:
        """All signs as one expression, with and without those of personal data.

        It is searched by the expressions of pydantic-core, whose time does not grow with the number of signs:
        50 characters take 0.3 us; `re`, which tries each sign at each place, takes 30 (pydantic-core 2.50).
        """
        every = dict.fromkeys(text for one in self.signs for text in (one, encode_basestring(one)[1:-1]))
        signs = f"(?i-u:{'|'.join(map(re.escape, every))})"
        numbers = {personal: self._numbers(personal=personal) for personal in (True, False)}
        return {
            personal: _search(f"{signs}|{digits}" if digits else signs)
            for personal, digits in numbers.items()
        }

    def _numbers(self, *, personal: bool) -> str:
        return "|".join(
            row.numbers for row in self.patterns if row.numbers and (personal or not row.personal)
        )

    @cached_property
    def hint(self) -> str:
        """One expression that finds every text with something to take out, for the search of polars."""
        return f"(?i:{'|'.join(map(re.escape, self.signs))})|{self.numbers.pattern}"


def _search(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _any(texts: Iterable[str]) -> str:
    """One of these; grouped by how they begin, which costs half of a plain list."""
    groups: dict[str, list[str]] = {}
    for text in sorted(texts, key=len, reverse=True):
        groups.setdefault(text[:2], []).append(re.escape(text[2:]))
    return "|".join(f"{re.escape(head)}(?:{'|'.join(tails)})" for head, tails in groups.items())


#: The tests of `checks.py` that a row may name.
CHECK_NAMES = (
    "assigned", "basic", "chosen", "cookie", "flag", "header", "iban", "long", "luhn", "mixed", "named",
    "random", "stated",
)  # fmt: skip

_table: Table | None = None


def table() -> Table:
    """The table in use, read once."""
    global _table
    if _table is None:
        _table = _shipped()
    return _table


def use(path: Path | None) -> None:
    """Apply a team's own rows before those that ship; None: those that ship alone.

    Raises:
        SettingsError: the file cannot be read, or a row of it does not fit; the message names the field. What
            was applied before stays: the message itself is redacted.
    """
    global _table  # one process has one table: what is secret does not depend on who asks
    shipped = _shipped()
    own = _own_rows(path, shipped.parts) if path is not None else ()
    _table = replace(shipped, patterns=(*own, *shipped.patterns))


def _shipped() -> Table:
    text = resources.files("tools.redaction").joinpath("redact.yaml").read_text(encoding="utf-8")
    read = _yaml(text)
    rows = _filled_rows((_row(one) for one in read["patterns"]), read["parts"])
    return Table(read["parts"], frozenset(read["about"]), frozenset(read["states"]), rows)


def _row(fields: Mapping[str, Any]) -> Pattern:
    typed: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in fields.items()
    }
    return Pattern(**typed)


def _own_rows(path: Path, parts: Mapping[str, str]) -> tuple[Pattern, ...]:
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
    filled = _filled_rows(rows, parts)
    for number, row in enumerate(filled):
        if wrong := _wrong(row):
            raise SettingsError(f"{path}: patterns.{number}: {wrong}")
    return filled


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
    import yaml  # noqa: PLC0415 - the verbs that only look should not wait for it

    try:
        return yaml.load(text, yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise SettingsError(f"the redaction patterns are no YAML: {error}") from error


def _filled_rows(rows: Iterable[Pattern], parts: Mapping[str, str]) -> tuple[Pattern, ...]:
    return tuple(replace(row, pattern=_filled(row.pattern, parts)) for row in rows)


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """The pattern with its parts in it, and theirs in them."""
    while "{{" in pattern:
        before = pattern
        for name, part in parts.items():
            pattern = pattern.replace(f"{{{{{name}}}}}", part)
        if pattern == before:
            break
    return pattern
