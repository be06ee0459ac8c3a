"""The schemas of tools as short as they can be said without saying less; they stand in every request."""

from collections.abc import Mapping, Sequence
from typing import Any

#: Keys whose values are schemas by name, and keys whose value is one.
_NAMED = ("properties", "$defs", "definitions")
_ONE = ("items", "additionalProperties")
_NULL = {"type": "null"}


def compact(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tools with the same arguments in fewer words.

    Left out are titles, bounds of what has a default, defaults that are nothing, and null beside what need
    not be given: whoever sends it all the same is understood. What has to be given keeps its null.
    """
    return [_compacted(tool) for tool in tools]


def _compacted(tool: Mapping[str, Any]) -> dict[str, Any]:
    described = tool.get("function")
    if not isinstance(described, Mapping) or not isinstance(described.get("parameters"), Mapping):
        return dict(tool)
    return {**tool, "function": {**described, "parameters": _shorter(described["parameters"])}}


def _shorter(schema: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: value for key, value in schema.items() if not (key == "title" and isinstance(value, str))}
    optional = "default" in said
    if optional and said["default"] in (None, [], {}, ""):
        del said["default"]
    if optional and isinstance(choices := said.get("anyOf"), list):
        left = [one for one in choices if one != _NULL]
        if len(left) == 1 < len(choices) and isinstance(left[0], Mapping):
            del said["anyOf"]
            said = {**left[0], **said}
            said.pop("title", None)
    if isinstance(said.get("default"), int):
        said = {key: value for key, value in said.items() if key not in {"minimum", "maximum"}}
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
