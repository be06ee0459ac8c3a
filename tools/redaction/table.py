"""The table of patterns: what ships in `redact.yaml`, and a team's own rows in the same form."""

import re
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator

from incidents.errors import SettingsError
from incidents.value import Value

#: No letter stands before a prefix, unless it ends an escape such as that of a line end.
_BEGIN = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-F]{2}))"

#: What follows a prefix: as long as chance made it, or as a log line's limit left it.
_BODY = r"[\w.~+/=-]{8,}"


class Pattern(Value):
    """One row of the table; `redact.yaml` says what its fields mean."""

    name: str = Field(pattern=r"^[a-z][a-z-]*$")
    hints: tuple[str, ...] = ()
    numbers: str = ""
    pattern: str = ""
    prefixes: tuple[str, ...] = ()
    each: str = ""
    check: str = ""
    personal: bool = False

    @field_validator("pattern", "each", "numbers")
    @classmethod
    def _is_an_expression(cls, text: str) -> str:
        if "{{" not in text:
            try:
                re.compile(text)
            except re.error as error:
                raise ValueError(f"is no regular expression: {error}") from None
        return text

    @model_validator(mode="after")
    def _can_be_found(self) -> "Pattern":
        if not (self.hints or self.prefixes or self.numbers):
            raise ValueError("needs `hints`: short texts, one of which is in everything that matches")
        if bool(self.pattern) == bool(self.prefixes):
            raise ValueError("needs either `pattern` or `prefixes`")
        return self

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression; a key may stretch over lines."""
        if self.prefixes:
            begins = "|".join(map(re.escape, sorted(self.prefixes, key=len, reverse=True)))
            return re.compile(rf"{_BEGIN}(?:{begins}){_BODY}")
        return re.compile(self.pattern, re.DOTALL)

    @cached_property
    def inner(self) -> re.Pattern[str] | None:
        """What is looked for in each part of a match, if anything."""
        return re.compile(self.each) if self.each else None

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """One of these stands in every text that matches, in small letters."""
        return tuple(dict.fromkeys(one.lower() for one in (*self.hints, *self.prefixes)))


class Table(Value):
    """A file of patterns, in the order in which they are applied.

    Attributes:
        parts: expressions that patterns name as `{{part}}`.
        about: the last word of a name that tells of a secret without being one: `token_count`, `secretName`.
        states: values that say how a secret is, not what it is.
        patterns: the rows.
    """

    parts: Mapping[str, str] = Field(default_factory=dict)
    about: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    patterns: tuple[Pattern, ...]

    @cached_property
    def signs(self) -> tuple[str, ...]:
        """Every hint of every row: a text without any, in any case, and without `numbers` is clean."""
        return tuple(dict.fromkeys(sign for row in self.patterns for sign in row.signs))

    @cached_property
    def numbers(self) -> re.Pattern[str]:
        """The digits that a text with a card or an account has."""
        return re.compile("|".join(row.numbers for row in self.patterns if row.numbers))

    @cached_property
    def signed(self) -> re.Pattern[str]:
        """All signs as one expression; grouped by how they begin, it costs half of a plain list of them."""
        groups: dict[str, list[str]] = {}
        for sign in self.signs:
            groups.setdefault(sign[:2], []).append(re.escape(sign[2:]))
        return re.compile(
            "|".join(f"{re.escape(head)}(?:{'|'.join(tails)})" for head, tails in groups.items())
        )

    @cached_property
    def hint(self) -> str:
        """One expression that finds every text with something to take out, for the search of polars."""
        return f"(?i:{'|'.join(map(re.escape, self.signs))})|{self.numbers.pattern}"


_own: Path | None = None
_table: Table | None = None


def table() -> Table:
    """The table in use, read once."""
    global _table
    if _table is None:
        shipped = _read(
            resources.files("tools.redaction").joinpath("redact.yaml").read_text(encoding="utf-8")
        )
        own = _own_rows(_own, shipped) if _own is not None else ()
        _table = shipped.model_copy(update={"patterns": (*own, *shipped.patterns)})
    return _table


def use(path: Path | None) -> None:
    """Apply a team's own rows before those that ship; None: those that ship alone.

    Raises:
        SettingsError: the file cannot be read, or a row of it does not fit; the message names the field.
    """
    global _own, _table
    if path != _own:
        _own, _table = path, None
        if path is not None:
            table()


def _own_rows(path: Path, shipped: Table) -> tuple[Pattern, ...]:
    try:
        own = _read(path.read_text(encoding="utf-8"), shipped.parts)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the redaction patterns cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise SettingsError(f"{path}: {where}: {first['msg']}") from error
    return own.patterns


def _read(text: str, parts: Mapping[str, str] | None = None) -> Table:
    import yaml  # noqa: PLC0415 - the verbs that only look should not wait for it

    try:
        read = Table.model_validate(yaml.load(text, yaml.CSafeLoader))
    except yaml.YAMLError as error:
        raise SettingsError(f"the redaction patterns are no YAML: {error}") from error
    known = {**(parts or {}), **read.parts}
    rows = tuple(row.model_copy(update={"pattern": _filled(row.pattern, known)}) for row in read.patterns)
    return read.model_copy(update={"patterns": rows})


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """The pattern with its parts in it, and theirs in them."""
    while "{{" in pattern:
        before = pattern
        for name, part in parts.items():
            pattern = pattern.replace(f"{{{{{name}}}}}", part)
        if pattern == before:
            break
    return pattern
