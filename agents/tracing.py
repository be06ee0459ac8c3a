"""OpenTelemetry spans in the words of its GenAI conventions; where no SDK is set up they cost nothing.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/: `invoke_agent` for an assignment,
`chat` for each request to a model, `execute_tool` for each question to a tool. What was said is content: it
is left out unless the settings ask for it, and then it is redacted.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from incidents.value import Value
from tools.redaction.redact import redact

_TRACER = trace.get_tracer("nexus")

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
            "gen_ai.conversation.id": self.incident,
            "gen_ai.agent.name": self.role,
            "nexus.incident": self.incident,
            "nexus.task": self.task,
        }


@contextmanager
def invoke_agent(caller: Caller) -> Iterator[Span]:
    """One role's piece of work."""
    with _span(f"invoke_agent {caller.role}", SpanKind.INTERNAL, "invoke_agent", caller.labels) as span:
        yield span


@contextmanager
def chat(caller: Caller, model: str, address: str, port: int | None) -> Iterator[Span]:
    """One request to a model; a request that is repeated is a span of its own."""
    asked = {
        **caller.labels,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "server.address": address,
        **({"server.port": port} if port is not None else {}),
    }
    with _span(f"chat {model}", SpanKind.CLIENT, "chat", asked) as span:
        yield span


@contextmanager
def execute_tool(caller: Caller, tool: str) -> Iterator[Span]:
    """One question of a model to a tool."""
    asked = {**caller.labels, "gen_ai.tool.name": tool, "gen_ai.tool.type": "function"}
    with _span(f"execute_tool {tool}", SpanKind.INTERNAL, "execute_tool", asked) as span:
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
        attributes={"gen_ai.operation.name": operation, **attributes},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:  # a cancelled call is a failed one too
            failed(span, kind_of(error))
            raise
