"""OpenTelemetry spans in the words of its GenAI conventions; where no SDK is set up they cost nothing.

`invoke_agent` for an assignment, `chat` for each request to a model, `execute_tool` for a question to a tool;
the names stand in `agents/genai.py`. What was said is content: it is left out unless the settings ask for it,
and then it is redacted.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from agents import genai
from incidents.value import Value
from tools.redaction.redact import redact

_TRACER = trace.get_tracer("nexus", schema_url=genai.SCHEMA)

#: Characters of one content attribute; collectors drop what is longer.
_CONTENT_AT_MOST = 20_000


class Caller(Value):
    """For whom a model is asked: the labels of every span and log line."""

    incident: str
    role: str
    task: str

    @property
    def labels(self) -> dict[str, str]:
        """The attributes that every span of it has."""
        return {
            genai.CONVERSATION: self.incident,
            genai.AGENT: self.role,
            "nexus.incident": self.incident,
            "nexus.task": self.task,
        }


@contextmanager
def invoke_agent(caller: Caller) -> Iterator[Span]:
    """One role's piece of work."""
    name = f"{genai.INVOKE_AGENT} {caller.role}"
    with _span(name, SpanKind.INTERNAL, genai.INVOKE_AGENT, caller.labels) as span:
        yield span


@contextmanager
def chat(caller: Caller, model: str, address: str, port: int | None) -> Iterator[Span]:
    """One request to a model; a request that is repeated is a span of its own."""
    asked = {
        **caller.labels,
        genai.PROVIDER: genai.provider_at(address),
        genai.REQUEST_MODEL: model,
        "server.address": address,
        **({"server.port": port} if port is not None else {}),
    }
    with _span(f"{genai.CHAT} {model}", SpanKind.CLIENT, genai.CHAT, asked) as span:
        yield span


@contextmanager
def execute_tool(caller: Caller, tool: str) -> Iterator[Span]:
    """One question of a model to a tool."""
    asked = {**caller.labels, genai.TOOL: tool, genai.TOOL_TYPE: genai.FUNCTION}
    with _span(f"{genai.EXECUTE_TOOL} {tool}", SpanKind.INTERNAL, genai.EXECUTE_TOOL, asked) as span:
        yield span


def content(value: object) -> str:
    """What was said, as an attribute: JSON without secrets, cut."""
    return json.dumps(_harmless(value), default=str, ensure_ascii=False)[:_CONTENT_AT_MOST]


def _harmless(value: object) -> object:
    """The same without secrets; they are looked for before JSON escapes their line ends."""
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {str(name): _harmless(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_harmless(inner) for inner in value]
    return value


def kind_of(error: BaseException) -> str:
    """An error in one word: the status of an answer that refuses, else its type."""
    status = getattr(error, "status_code", None)
    return str(status) if isinstance(status, int) else type(error).__name__


def failed(span: Span, kind: str) -> None:
    """Mark a span as failed. Only the kind of the error: messages may quote what was said."""
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


@contextmanager
def _span(name: str, kind: SpanKind, operation: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
    with _TRACER.start_as_current_span(
        name,
        kind=kind,
        attributes={genai.OPERATION: operation, **attributes},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:  # a cancelled call is a failed one too
            failed(span, kind_of(error))
            raise
