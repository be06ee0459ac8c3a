"""The schemas of tools as short as they can be said without saying less; they stand in every request."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Keys whose values are schemas by name, and keys whose value is one.
_NAMED = ("properties", "$defs", "definitions")
_ONE = ("items", "additionalProperties")
_NULL = {"type": "null"}
#: What a tool or report tells of itself where it is broken.
_BOUNDS = {"minimum", "maximum", "minLength", "maxLength", "pattern"}


def compact(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tools with the same arguments in fewer words.

    Left out are titles, bounds of what need not be given, defaults that are nothing, what a type says of
    itself (a sentence, where a field's own description is none), and null beside what is null without it:
    whoever sends it all the same is understood. What has to be given, or is something else when it is left
    out, keeps its null.
    """
    return [_compacted(tool) for tool in tools]


def _compacted(tool: Mapping[str, Any]) -> dict[str, Any]:
    described = tool.get("function")
    if not isinstance(described, Mapping) or not isinstance(described.get("parameters"), Mapping):
        return dict(tool)
    return {**tool, "function": {**described, "parameters": _shorter(described["parameters"])}}


def _shorter(schema: Mapping[str, Any]) -> dict[str, Any]:
    said = _said(schema)
    for key in _NAMED:
        if isinstance(named := said.get(key), Mapping):
            said[key] = {
                name: _shorter(one) if isinstance(one, Mapping) else one for name, one in named.items()
            }
    for key in _ONE:
        if isinstance(one := said.get(key), Mapping):
            said[key] = _shorter(one)
    if isinstance(choices := said.get("anyOf"), list):
        said["anyOf"] = [_shorter(one) if isinstance(one, Mapping) else one for one in choices]
    return said


def _said(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a schema says itself, without what it says of its parts being shorter."""
    said = {key: value for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    if "default" not in said:
        return _undescribed(said)
    nothing = _is_nothing(said["default"])
    if nothing:
        del said["default"]
    if nothing and isinstance(choices := said.get("anyOf"), list):
        left = [one for one in choices if one != _NULL]
        if len(left) == 1 < len(choices) and isinstance(left[0], Mapping):
            del said["anyOf"]
            said = {**left[0], **said}
            said.pop("title", None)
    return _undescribed({key: value for key, value in said.items() if key not in _BOUNDS})


def _undescribed(schema: dict[str, Any]) -> dict[str, Any]:
    """Without a type's sentence about itself, which ends with a full stop; a field's description does not."""
    if ("properties" in schema or "enum" in schema) and str(schema.get("description", "")).endswith("."):
        del schema["description"]
    return schema


def _is_nothing(default: Any) -> bool:
    if isinstance(default, Mapping):
        return all(map(_is_nothing, default.values()))
    return default in (None, [], "")
