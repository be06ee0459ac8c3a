"""All that a model reads of a request, as texts: what an endpoint counts that tells no usage."""

import json
from collections.abc import Iterator
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agents.llm.wire.schemas import compact


def texts_of(request: ModelRequest[None]) -> list[str]:
    """The instructions, every message with its calls, and the schemas of tools and of the report."""
    system = [request.system_message.text] if request.system_message is not None else []
    return [
        *system,
        *map(_message, request.messages),
        *(json.dumps(one) for one in compact([*_tools(request)])),
    ]


def _message(message: AnyMessage) -> str:
    calls = message.tool_calls if isinstance(message, AIMessage) else ()
    return message.text + "".join(f"{call['name']} {json.dumps(call['args'])}" for call in calls)


def _tools(request: ModelRequest[None]) -> Iterator[dict[str, Any]]:
    yield from (convert_to_openai_tool(tool) for tool in request.tools if isinstance(tool, BaseTool))
    report = request.response_format
    for spec in report.schema_specs if isinstance(report, ToolStrategy) else ():
        told = {"name": spec.name, "description": spec.description, "parameters": spec.json_schema}
        yield {"type": "function", "function": told}
