"""A large value as JSON without secrets, part by part: what a change left as it was is not dumped again.

An incident is handed on and kept after each node, and of its hundreds of values a node makes two or three.
"""

from datetime import datetime
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, NamedTuple

from pydantic import BaseModel, JsonValue
from pydantic_core import from_json

from tools.memo import memoize_by_identity
from tools.redaction.table import table
from tools.redaction.tree import may_hold_secrets, redact_texts

_EXACT = {str, int, bool, NoneType}


class Dumped(NamedTuple):
    """What `tools.redaction.tree.redacted` gives, which nobody changes, and what is to be known of it.

    Attributes:
        json: plain objects.
        exact: whether they are read again as this very value: nothing was taken out, no moment rounded.
    """

    json: JsonValue
    exact: bool


def dumped(value: BaseModel) -> Dumped:
    """A value as JSON without secrets; asked again about the same value it gives the same objects."""
    return _dumped(value, table().hint)


@memoize_by_identity
def _dumped(value: BaseModel, known: str) -> Dumped:
    """`known` is the table: another one judges anew."""
    parts = {name: _part(held, known) for name, held in value.__dict__.items() if _has_parts(held)}
    own = _plain(value, frozenset(parts))
    if not parts:
        return own
    others: Any = own.json
    json = {
        key: parts[name].json if name in parts else others[key] for name, key in _keys(type(value)).items()
    }
    return Dumped(json, own.exact and all(part.exact for part in parts.values()))


def _has_parts(held: object) -> bool:
    if isinstance(held, tuple):
        return bool(held) and all(isinstance(one, BaseModel) for one in held)
    return isinstance(held, BaseModel)


def _part(held: Any, known: str) -> Dumped:
    if not isinstance(held, tuple):
        return _whole(held, known)
    each = [_whole(one, known) for one in held]
    return Dumped([one.json for one in each], all(one.exact for one in each))


@memoize_by_identity
def _whole(value: BaseModel, _known: str) -> Dumped:
    return _plain(value, frozenset())


def _plain(value: BaseModel, without: frozenset[str]) -> Dumped:
    """What it is without some of its fields."""
    text = value.model_dump_json(exclude=set(without))
    read = from_json(text)
    clean = redact_texts(read) if may_hold_secrets(text) else read
    held = [one for name, one in value.__dict__.items() if name not in without]
    return Dumped(clean, clean is read and _is_exact(held))


def _is_exact(held: object) -> bool:
    """Whether it is no more than what is written: no moment more precise, no number without end."""
    if type(held) in _EXACT:
        return True
    match held:
        case datetime():
            return held.microsecond % 1000 == 0
        case float():
            return isfinite(held)
        case tuple() | list():
            return all(map(_is_exact, held))
        case dict():
            return all(map(_is_exact, held.values()))
        case BaseModel():
            return all(map(_is_exact, held.__dict__.values()))
        case _:
            return True


@cache
def _keys(kind: type[BaseModel]) -> dict[str, str]:
    """By the name of each field that is written: what it is called there."""
    aliased = kind.model_config.get("serialize_by_alias", False)
    fields = {name: field for name, field in kind.model_fields.items() if not field.exclude}
    return {name: (aliased and field.serialization_alias) or name for name, field in fields.items()}
