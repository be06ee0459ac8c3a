"""What a scripted model says and what it was asked: the values of the fake endpoint."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from incidents.reports import REPORT_TYPES

_REPORTS = {report.__name__ for report in REPORT_TYPES.values()}


@dataclass(frozen=True)
class Call:
    """One tool call; arguments given as text are sent as they are, valid or not."""

    name: str
    arguments: dict[str, Any] | str

    @property
    def broken(self) -> bool:
        """Whether it was written as text, to be broken."""
        return isinstance(self.arguments, str)

    @property
    def wire(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


@dataclass(frozen=True)
class Reply:
    """One answer of the model. `finish` None: as it should be; `tokens_in` below 0: no usage is sent."""

    text: str | None = None
    calls: tuple[Call, ...] = ()
    finish: str | None = None
    refusal: str | None = None
    with_ids: bool = True
    tokens_in: int = 100
    tokens_out: int = 20
    delay: float = 0.0

    @property
    def finish_reason(self) -> str:
        return self.finish or ("tool_calls" if self.calls else "stop")


class Kind(StrEnum):
    """How the wire can break. `STALL` and `ERROR` come in the middle of an answer that began well."""

    STATUS = "status"
    HANG = "hang"
    DROP = "drop"
    CUT = "cut"
    HTML = "html"
    JUNK = "junk"
    EMPTY = "empty"
    STALL = "stall"
    ERROR = "error"


@dataclass(frozen=True)
class Fault:
    """One broken answer. `status` and `retry_after` belong to `Kind.STATUS`."""

    kind: Kind
    status: int = 500
    retry_after: str | None = None
    message: str = "scripted fault"
    code: str | None = None


Turn = Reply | Fault


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    number: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What was said, in chat's form or as the items of the Responses API."""
        return list(self.body.get("messages", self.body.get("input", [])))

    @property
    def text(self) -> str:
        """All that was said so far, in order."""
        return "\n".join(
            str(message.get("content") or message.get("output") or "") for message in self.messages
        )

    @property
    def tools(self) -> dict[str, dict[str, Any]]:
        """The parameters' JSON schema of each tool by name, the report's included."""
        told = [tool.get("function", tool) for tool in self.body.get("tools", [])]
        return {one["name"]: one.get("parameters", {}) for one in told}

    @property
    def report(self) -> str | None:
        """The name of the report tool."""
        return next((name for name in self.tools if name in _REPORTS), None)

    @property
    def answered_tools(self) -> int:
        """How many tool answers the conversation holds."""
        return sum(message.get("role") == "tool" for message in self.messages)


Answerer = Callable[[Asked], Turn]


class Script:
    """Plays turns in order; then asks `then`, or repeats the last turn."""

    def __init__(self, turns: Sequence[Turn], then: Answerer | None = None) -> None:
        self._turns = list(turns)
        self._then = then
        self._next = 0
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Turn:
        with self._lock:
            place, self._next = self._next, self._next + 1
        if place < len(self._turns):
            return self._turns[place]
        return self._then(asked) if self._then else self._turns[-1]
