"""A request for a model that knows no tools: they and their results stand in the text."""

import json
from collections.abc import Mapping
from typing import Any

from prompts import Library

#: The keys of one answer.
TOOL, ARGUMENTS = "tool", "arguments"


def without_tools(body: Mapping[str, Any], library: Library) -> dict[str, Any]:
    """The same conversation without `tools`: each call is a JSON object that a schema binds. Pure.

    Args:
        body: the request with its tools.
        library: where `written_calls` lies, the words that introduce the tools.
    """
    functions = [tool["function"] for tool in body.get("tools", [])]
    told = [
        {
            "name": one["name"],
            "description": " ".join(str(one.get("description", "")).split()),
            "schema": json.dumps(one.get("parameters", {}), separators=(",", ":")),
        }
        for one in functions
    ]
    page = library.render("written_calls", tools=told)
    kept = {
        key: value
        for key, value in body.items()
        if key not in {"tools", "tool_choice", "parallel_tool_calls"}
    }
    return {**kept, "messages": _told(body.get("messages", []), page), "response_format": _bound(functions)}


def _told(messages: list[dict[str, Any]], page: str) -> list[dict[str, Any]]:
    """Calls as the JSON that stood for them, results as what the user says; never two turns of one side."""
    names: dict[str, str] = {}
    told: list[dict[str, Any]] = []
    for one in messages:
        role, text = one.get("role"), _text(one.get("content"))
        calls = one.get("tool_calls") or []
        for call in calls:
            names[call["id"]] = call["function"]["name"]
        if calls:
            text = "\n".join(filter(None, [text, *(_written(call) for call in calls)]))
        if role == "tool":
            role, text = (
                "user",
                f"Answer to {names.get(one.get('tool_call_id', ''), 'your question')}:\n{text}",
            )
        if told and told[-1]["role"] == role:
            told[-1] = {**told[-1], "content": f"{told[-1]['content']}\n\n{text}"}
        else:
            told.append({"role": role, "content": text})
    if told and told[0]["role"] == "system":
        told[0] = {**told[0], "content": f"{told[0]['content']}\n\n{page}"}
        return told
    return [{"role": "system", "content": page}, *told]


def _written(call: Mapping[str, Any]) -> str:
    function = call["function"]
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = function["arguments"]
    return json.dumps({TOOL: function["name"], ARGUMENTS: arguments})


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "\n".join(str(one.get("text", "")) for one in content if isinstance(one, Mapping))
    return str(content or "")


def _bound(functions: list[dict[str, Any]]) -> dict[str, Any]:
    """One of the tools with its arguments, as a JSON schema; the definitions move to its root."""
    definitions: dict[str, Any] = {}
    several = []
    for one in functions:
        schema = dict(one.get("parameters") or {"type": "object", "properties": {}})
        definitions |= schema.pop("$defs", {})
        several.append(
            {
                "type": "object",
                "properties": {TOOL: {"type": "string", "enum": [one["name"]]}, ARGUMENTS: schema},
                "required": [TOOL, ARGUMENTS],
                "additionalProperties": False,
            }
        )
    schema = several[0] if len(several) == 1 else {"anyOf": several}
    if definitions:
        schema = {**schema, "$defs": definitions}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
