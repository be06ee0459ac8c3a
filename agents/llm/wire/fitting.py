"""Values that a model wrote in another type than the schema has, where only one reading is possible."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agents.llm.wire.json_text import loads

Schema = Mapping[str, Any]

#: Nothing, written as a word.
_NIL = {"null", "None", "NULL", "nil", "undefined", "<null>", "NoneType"}
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORDS = {"true": True, "false": False}


def fit(value: Any, schema: Schema, root: Schema | None = None) -> Any:
    """The value in the schema's types.

    Read are: JSON written as text where an object or a list is wanted, null or a word for it where a list or
    nothing is, numbers and true/false as text, one value for a list and a list of one for a value, and names
    of an enumeration in another case. A field that wants text stays what was given.

    Args:
        value: what a model gave.
        schema: the JSON schema that it should have.
        root: the schema that holds the definitions, if that is another.
    """
    kinds = _Kinds(schema, root or schema)
    if kinds.anything:
        return value
    if value is None:
        return [] if kinds.array is not None and not kinds.null else None
    if isinstance(value, str):
        return _text(value, kinds)
    if isinstance(value, Mapping):
        return _object(value, kinds)
    if isinstance(value, list | tuple):
        return _list(list(value), kinds)
    if kinds.array is not None and not kinds.scalars & {"number", "integer", "boolean"}:
        return [fit(value, kinds.items, kinds.root)]
    return value


class _Kinds:
    """Which types a schema allows, with the parts for objects and lists."""

    def __init__(self, schema: Schema, root: Schema) -> None:
        self.root = root
        self.objects: list[Schema] = []
        self.array: Schema | None = None
        self.scalars: set[str] = set()
        self.enum: list[Any] = []
        self.null = self.anything = False
        for one in _alternatives(schema, root, 0):
            self._add(one)

    @property
    def items(self) -> Schema:
        found = (self.array or {}).get("items")
        return found if isinstance(found, Mapping) else {}

    def _add(self, one: Schema) -> None:
        values = one.get("enum") or ([one["const"]] if "const" in one else [])
        named = one.get("type")
        kinds = named if isinstance(named, list) else [named] if named else _guessed(one, values)
        self.enum += values
        self.null = self.null or "null" in kinds or None in values
        self.anything = self.anything or not kinds
        if "object" in kinds:
            self.objects.append(one)
        if "array" in kinds:
            self.array = one
        self.scalars |= {str(kind) for kind in kinds} - {"object", "array", "null"}


def _guessed(one: Schema, values: list[Any]) -> list[str]:
    if "properties" in one:
        return ["object"]
    if "items" in one or "prefixItems" in one:
        return ["array"]
    return ["string"] if values and all(isinstance(value, str) for value in values) else []


def _alternatives(schema: Schema, root: Schema, depth: int) -> Iterator[Schema]:
    if depth > 20:  # a definition that refers to itself
        return
    if isinstance(reference := schema.get("$ref"), str):
        name = reference.rsplit("/", 1)[-1]
        target = (root.get("$defs") or root.get("definitions") or {}).get(name, {})
        yield from _alternatives(target, root, depth + 1)
        return
    for several in ("anyOf", "oneOf", "allOf"):
        parts = schema.get(several)
        if isinstance(parts, list) and parts:
            for part in parts:
                yield from _alternatives(part, root, depth + 1)
            return
    yield schema


def _text(value: str, kinds: _Kinds) -> Any:
    bare = value.strip()
    if "string" in kinds.scalars:
        return _word(value, bare, kinds)
    if bare in _NIL or not bare:
        return None if kinds.null else [] if kinds.array is not None else value
    if "boolean" in kinds.scalars and bare.lower() in _WORDS:
        return _WORDS[bare.lower()]
    if kinds.scalars & {"integer", "number"} and _NUMBER.fullmatch(bare):
        number = float(bare)
        if number.is_integer() or "number" in kinds.scalars:
            return int(number) if number.is_integer() else number
    if kinds.objects or kinds.array is not None:
        return _written(value, bare, kinds)
    return value


def _word(value: str, bare: str, kinds: _Kinds) -> Any:
    """A text where text is allowed: it stays, unless it is one of few names, or says that there is none."""
    if value in kinds.enum:
        return value
    if kinds.null and (bare in _NIL or (kinds.enum and bare.lower() in {"none", ""})):
        return None
    alike = [name for name in kinds.enum if str(name).casefold() == bare.casefold()]
    return alike[0] if len(alike) == 1 else value


def _written(value: str, bare: str, kinds: _Kinds) -> Any:
    """An object or a list that was written as JSON text, or one value for a list."""
    if bare.startswith(("{", "[", '"')):
        try:
            read = loads(bare)
        except ValueError:
            return value
        if isinstance(read, str) and read == value:
            return value
        if isinstance(read, dict | list | str):
            return _text(read, kinds) if isinstance(read, str) else _fitted(read, kinds)
    if kinds.array is not None:
        inner = _Kinds(kinds.items, kinds.root)
        if inner.anything or "string" in inner.scalars:
            return [fit(value, kinds.items, kinds.root)]
    return value


def _fitted(value: Any, kinds: _Kinds) -> Any:
    return _object(value, kinds) if isinstance(value, Mapping) else _list(value, kinds)


def _object(value: Mapping[str, Any], kinds: _Kinds) -> Any:
    if kinds.objects:
        one = _which(value, kinds)
        return value if one is None else _properties(value, one, kinds.root)
    if kinds.array is not None:
        # Lua and PHP write an empty list so.
        return [fit(value, kinds.items, kinds.root)] if value else []
    return value


def _which(value: Mapping[str, Any], kinds: _Kinds) -> Schema | None:
    """The alternative that an object is meant for: its constants agree, and it has what is required."""
    if len(kinds.objects) == 1:
        return kinds.objects[0]
    for one in kinds.objects:
        parts: Mapping[str, Any] = one.get("properties", {})
        constants = {name: part["const"] for name, part in parts.items() if "const" in part}
        if all(value.get(name) == wanted for name, wanted in constants.items()) and all(
            name in value for name in one.get("required", [])
        ):
            return one
    return None


def _properties(value: Mapping[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    parts, needed = schema.get("properties", {}), set(schema.get("required", []))
    other = schema.get("additionalProperties")
    fitted: dict[str, Any] = {}
    for name, given in value.items():
        part = parts.get(name, other if isinstance(other, Mapping) else {})
        found = fit(given, part, root)
        if found is None and name in parts and name not in needed and not _nullable(part, root):
            continue  # the field's own default holds
        fitted[name] = found
    return fitted


def _nullable(schema: Schema, root: Schema) -> bool:
    kinds = _Kinds(schema, root)
    return kinds.null or kinds.anything


def _list(value: list[Any], kinds: _Kinds) -> Any:
    if kinds.array is not None:
        return [fit(one, kinds.items, kinds.root) for one in value]
    if len(value) == 1 and isinstance(value[0], str | int | float | bool | Mapping):
        return _fitted(value[0], kinds) if isinstance(value[0], Mapping) else _single(value[0], kinds)
    return value


def _single(value: Any, kinds: _Kinds) -> Any:
    return _text(value, kinds) if isinstance(value, str) else value
