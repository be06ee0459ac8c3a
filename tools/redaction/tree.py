"""JSON and typed values without secrets: each text is judged by itself or with the name it stands under."""

import json
import re
from json.encoder import encode_basestring, encode_basestring_ascii
from math import isfinite
from operator import is_
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue
from pydantic_core import to_json

from incidents.value import Value
from tools.redaction.redact import redact, redact_secrets
from tools.redaction.table import table

V = TypeVar("V", bound=Value)

#: Where a name stands beside its value: `{"name": "DB_PASSWORD", "value": ...}`.
_NAMES = ("name", "Name", "key", "Key", "header")

#: What JSON may write as something else than itself without need, and so hide in a text as it stands.
_ESCAPED = re.compile(r"\\[u/]")

#: Names in an incident that begin as a secret's do.
_OURS = ('"ask_again":', '"tokens_in":', '"tokens_out":')

#: Nothing shorter is a secret together with what says so.
_SHORTEST = 6


def redact_tree(value: Any, *, personal: bool = True) -> Any:
    """A JSON value with every text in it redacted, each judged together with the name that it stands under.

    Names are `password` in `{"password": …}`, and the first text in `{"name": "DB_PASSWORD", "value": …}`.
    """
    match value:
        case str():
            return redact(value) if personal else redact_secrets(value)
        case list():
            return [redact_tree(one, personal=personal) for one in value]
        case dict():
            if value.get("kind") == "Secret":
                value = value | {name: _all(value[name]) for name in ("data", "stringData") if name in value}
            named = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
            names = {key: redact_tree(key, personal=personal) for key in value}
            return {
                clean: _under(named if named and key.lower() == "value" else clean, value[key], personal)
                for key, clean in names.items()
            }
        case _:
            return value


def _all(value: Any) -> Any:
    """What a Secret of Kubernetes holds: every text is one, whatever its name is."""
    match value:
        case dict():
            return {key: _all(one) for key, one in value.items()}
        case str():
            return redact_named("secret", value)
        case _:
            return value


def redact_named(name: str, value: str, *, personal: bool = True) -> str:
    """A text that stands under a name, such as a label's."""
    judge = redact if personal else redact_secrets
    before = f"{encode_basestring_ascii(name)}: "
    whole = f"{before}{encode_basestring(value)}"  # as `json.dumps`, without an encoder for each text
    if len(whole) == len(before) + len(value) + 2 and not table().may_match(whole, personal=personal):
        return value  # it stands in the whole as it is
    clean = judge(whole)
    if clean == whole:
        return judge(value)
    try:
        return judge(json.loads(clean.removeprefix(before)))
    except ValueError:  # something was taken out of the name
        return judge(value)


def _under(key: str, value: Any, personal: bool) -> Any:
    match value:
        case list():
            return [_under(key, one, personal) for one in value]
        case str():
            return redact_named(key, value, personal=personal)
        case int() | float() if not isinstance(value, bool):
            clean = redact_named(key, str(value), personal=False)  # a moment in nanoseconds is no card
            return value if clean == str(value) else clean
        case _:
            return redact_tree(value, personal=personal)


def redact_value(value: V) -> V:
    """A value without secrets: the same object if it holds none."""
    text = value.model_dump_json(exclude_none=True)
    # Without any that is None, null stands for a number that is not finite.
    if "null" not in text and not may_hold_secrets(text):
        return value
    dumped = value.model_dump(mode="json")
    clean = redact_texts(dumped)
    return value if clean is dumped else type(value).from_stored(clean)


def redacted(value: BaseModel) -> JsonValue:
    """A value of ours as plain JSON objects without secrets. The names in it are ours and mean nothing.

    This is the guard of what is stored, so it is fast where nothing is found. Names of people stay, for a
    decision is bound to them.
    """
    clean: JsonValue = redact_texts(value.model_dump(mode="json"))
    return clean


def clean_json(value: BaseModel) -> str:
    """A value of ours as JSON without secrets: `redacted` as text, at once where there is no sign of any."""
    text = value.model_dump_json()
    return to_json(redacted(value)).decode() if may_hold_secrets(text) else text


def may_hold_secrets(text: str) -> bool:
    """Whether the JSON of a value of ours has any sign of a secret but in the names of its fields."""
    for name in _OURS:
        text = text.replace(name, "")
    return table().may_match(text, personal=False)


def redact_body(body: bytes, *, personal: bool = False) -> bytes:
    """A kept body without secrets: JSON stays JSON; what is no text, such as a picture, stays as it is."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if not (_ESCAPED.search(text) or table().may_match(text, personal=personal)):
        return body
    if text[:1] not in ("{", "["):
        return redact_secrets(text).encode()
    try:
        value = json.loads(text)
        clean = redact_tree(value, personal=personal)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than anything that means something
        return redact_secrets(text).encode()
    return body if clean == value else json.dumps(clean, ensure_ascii=False, separators=(",", ":")).encode()


def redact_texts(value: Any) -> Any:
    """A JSON value of our own with every text in it judged by itself: the very object if none holds anything.

    An incident is written after each node, and of its thousands of texts nearly all were judged before.
    A number that is not finite is null: JSON has none, and `model_dump` leaves it (pydantic 2.14).
    """
    kind = type(value)
    if kind is str:
        return _judged(value)
    if kind is list:
        items = [redact_texts(one) for one in value]
        return value if all(map(is_, items, value)) else items
    if kind is dict:
        if len(value) == 2 and type(value.get("name")) is type(value.get("value")) is str:
            texts = [_judged(one, value["name"] if key == "value" else "") for key, one in value.items()]
        else:
            texts = [redact_texts(one) for one in value.values()]
        return value if all(map(is_, texts, value.values())) else dict(zip(value, texts, strict=True))
    if kind is float and not isfinite(value):
        return None
    return value


def _judged(text: str, name: str = "") -> str:
    if name:
        return redact_named(name, text, personal=False)
    return text if len(text) < _SHORTEST else redact_secrets(text)
