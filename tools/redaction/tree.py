"""JSON and typed values without secrets: each text is judged by itself or with the name it stands under."""

import json
from functools import lru_cache
from typing import Any, TypeVar

from incidents.value import Value
from tools.redaction.redact import redact, redact_secrets
from tools.redaction.table import table

V = TypeVar("V", bound=Value)

#: Where a name stands beside its value: `{"name": "DB_PASSWORD", "value": ...}`.
_NAMES = ("name", "Name", "key", "Key", "header")

#: Longer texts are rare and would fill the memory of what was judged before.
_REMEMBERED = 2_000


def redact_tree(value: Any) -> Any:
    """A JSON value with every text in it redacted, each judged together with the name that it stands under.

    Names are `password` in `{"password": …}`, and the first text in `{"name": "DB_PASSWORD", "value": …}`.
    """
    match value:
        case str():
            return redact(value)
        case list():
            return [redact_tree(one) for one in value]
        case dict():
            if value.get("kind") == "Secret":
                value = value | {name: _all(value[name]) for name in ("data", "stringData") if name in value}
            named = next((value[name] for name in _NAMES if isinstance(value.get(name), str)), None)
            return {
                redact(key): _under(named if named and key.lower() == "value" else key, one)
                for key, one in value.items()
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
    # Between quotes it is taken whole; one that holds quotes itself would end too early.
    before, after = (f'"{name}": "', '"') if '"' not in value and "\n" not in value else (f"{name}=", "")
    clean = judge(f"{before}{value}{after}")
    whole = clean.startswith(before) and clean.endswith(after)
    return clean[len(before) : len(clean) - len(after)] if whole else judge(value)


def _under(key: str, value: Any) -> Any:
    match value:
        case list():
            return [_under(key, one) for one in value]
        case str():
            return redact_named(key, value)
        case int() | float() if not isinstance(value, bool):
            clean = redact_named(key, str(value))
            return value if clean == str(value) else clean
        case _:
            return redact_tree(value)


def redact_value(value: V) -> V:
    """A value without secrets: the same object if it holds none."""
    text = value.model_dump_json()
    clean = redact_json(text)
    return value if clean is text else type(value).model_validate_json(clean)


def redact_json(text: str) -> str:
    """JSON text without secrets: the very text if it holds none. The names in it are ours and mean nothing.

    This is the guard of what is stored, so it is fast where nothing is found: most texts of an incident were
    judged when it was stored before. Names of people stay, for a decision is bound to them.
    """
    value = json.loads(text)
    clean = _texts(value)
    return text if clean == value else json.dumps(clean, ensure_ascii=False, separators=(",", ":"))


def redact_body(body: bytes) -> bytes:
    """A kept body without secrets: JSON stays JSON; what is no text, such as a picture, stays as it is."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    try:
        return redact_json(text).encode() if text[:1] in ("{", "[") else redact_secrets(text).encode()
    except ValueError:
        return redact_secrets(text).encode()


def _texts(value: Any) -> Any:
    match value:
        case str():
            return _remembered(value, table().hint) if len(value) < _REMEMBERED else redact_secrets(value)
        case list():
            return [_texts(one) for one in value]
        case {"name": str(name), "value": str(text)} if len(value) == 2:
            return {"name": _texts(name), "value": _texts(redact_named(name, text, personal=False))}
        case dict():
            return {key: _texts(one) for key, one in value.items()}
        case _:
            return value


@lru_cache(maxsize=16_384)
def _remembered(text: str, known: str) -> str:  # noqa: ARG001 - another table judges anew
    return redact_secrets(text)
