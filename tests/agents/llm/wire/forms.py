"""What a form is: what a kind of server sends, in which turn, and what must come of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from incidents.faults import ModelFault
from tests.agents.llm.wire.wire_server import REPORT, Raw, called, events, message


@dataclass(frozen=True)
class Called:
    """The answer is understood as these questions to `metrics`; then a report is accepted."""

    asked: tuple[Mapping[str, Any], ...] = ({"service": "payment", "kind": "errors"},)


@dataclass(frozen=True)
class Reported:
    """The report is found in the first answer."""

    differs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Again:
    """The first answer is sent back or asked for again, the next is used; `noted` is in that request."""

    noted: str = ""
    pause: float | None = None


@dataclass(frozen=True)
class Fails:
    """However often it comes, this is what is told: `says` in the sentence, `silent` not."""

    fault: ModelFault
    says: tuple[str, ...]
    silent: tuple[str, ...] = ("no reason", "web page")
    requests: int | None = 1
    outage: bool = False
    rest: float | None = None


@dataclass(frozen=True)
class Form:
    """One reply. `server` is the kind of software that is known to send it so."""

    name: str
    server: str
    raw: Raw
    reading: Called | Reported | Again | Fails
    stream: bool = False
    #: Which interface is spoken: `auto` begins with chat.
    api: str = "auto"


ARGS = {"service": "payment", "kind": "errors"}
TEXT = json.dumps(ARGS)
ONE = Called()
#: A second call, the two together, and a call as an object.
OTHER = '{"service": "checkout", "kind": "errors"}'
TWO = Called((ARGS, json.loads(OTHER)))
CALL = {"name": "metrics", "arguments": ARGS}
#: A report as a model writes it.
R = json.dumps(REPORT)


def tool(name: str = "metrics", arguments: Any = TEXT, finish: str | None = "tool_calls", **more: Any) -> Raw:
    """A completion with one call."""
    return Raw(message(finish, tool_calls=[called(name, arguments, **more)]))


def text(said: Any, finish: str | None = "stop", **parts: Any) -> Raw:
    """A completion with a content."""
    return Raw(message(finish, content=said, **parts))


def stream(*deltas: Any, finish: str | None = "stop", **more: Any) -> Raw:
    """A stream of chunks."""
    return Raw(events(*deltas, finish=finish, **more), kind="text/event-stream; charset=utf-8")


def piece(arguments: Any, **more: Any) -> dict[str, Any]:
    """A delta with a piece of a call."""
    names = {"name": more.pop("name")} if "name" in more else {}
    return {"tool_calls": [{**more, "function": {**names, "arguments": arguments}}]}


def refused(status: int, body: Any, kind: str = "application/json", **headers: str) -> Raw:
    """An error status."""
    return Raw(body, status, kind, {name.replace("_", "-"): value for name, value in headers.items()})
