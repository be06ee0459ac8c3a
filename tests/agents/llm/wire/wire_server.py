"""A chat server that answers byte for byte as it is told, and the role that is given to it."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

from pydantic import Field

from agents.engine import EngineResult
from agents.failure import ModelFailed
from agents.llm.engine import LlmEngine
from agents.llm.transport import Timer
from incidents.reports import Task
from incidents.value import Value
from tests.agents.contexts import Words, assignment, role_context
from tests.agents.llm_run import Pauses, settings
from tests.fake_turns import Asked
from tools.toolset import Sources, Tool


@dataclass(frozen=True)
class Raw:
    """One answer as it goes over the wire; `body` may be text, bytes, or JSON."""

    body: Any
    status: int = 200
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Whether the connection breaks off after the body instead of ending.
    broken: bool = False
    #: Whether the body comes again and again, a tenth of a second apart, for ever.
    dribbles: bool = False
    stays_open: bool = False

    @property
    def data(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Answers = Callable[[Asked], Raw]


class WireServer:
    """Serves raw answers on a local port; `requests` holds what came in."""

    def __init__(self, answers: Answers, models: Raw | None = None) -> None:
        self.requests: list[Asked] = []
        self.models = models or Raw({"object": "list", "data": [{"id": "local-model"}]})
        self.closing = threading.Event()
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Be silent."""

            def do_GET(self) -> None:
                self._send(outer.models)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
                if self.path == "/tokenize":
                    self._send(Raw({"error": "no tokenizer is told of here"}, 404))
                    return
                with lock:
                    headers = dict(self.headers.items())
                    asked = Asked(len(outer.requests) + 1, body, headers, self.path)
                    outer.requests.append(asked)
                self._send(answers(asked))

            def _send(self, raw: Raw) -> None:
                self.send_response(raw.status)
                self.send_header("content-type", raw.kind)
                for name, value in raw.headers.items():
                    self.send_header(name, value)
                if not raw.kind.startswith("text/event-stream"):
                    more = 9_000 if raw.dribbles else 9 if raw.broken else 0
                    self.send_header("content-length", str(len(raw.data) + more))
                else:
                    self.send_header("connection", "close")
                    self.close_connection = True
                self.end_headers()
                self.wfile.write(raw.data)
                self.wfile.flush()
                while raw.dribbles and not outer.closing.wait(0.1):
                    self.wfile.write(raw.data)
                    self.wfile.flush()
                if raw.stays_open:
                    outer.closing.wait(30)
                self.close_connection = self.close_connection or raw.broken

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class MetricsArgs(Value):
    """What is to be looked at."""

    service: str = Field(description="the service's name")
    kind: str | None = None
    windows: tuple[str, ...] = ()
    limit: int = Field(default=5, ge=1, le=50)


@dataclass
class Seen:
    """What came of one assignment."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    requests: list[Asked] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    performed: EngineResult | None = None
    failed: ModelFailed | None = None


async def seen_of(answers: Answers, *, task: Task = Task.TRIAGE, **changes: Any) -> Seen:
    """One assignment with the tools `metrics` and `changes` against a server of raw answers."""
    seen, pauses = Seen(), Pauses()

    async def ask(_: Sources, args: Value) -> Value:
        seen.asked.append(cast("MetricsArgs", args).model_dump(exclude_defaults=True))
        return Words(text="payment: error ratio 43 % since 11:50")

    async def none(_: Sources, __: Value) -> Value:
        seen.asked.append({"changes": True})
        return Words(text="no change is recorded")

    def say(result: Value) -> str:
        return cast("Words", result).text

    class Nothing(Value):
        """No arguments."""

    metrics: Tool[Any, Any] = Tool("metrics", "The series of one service.", MetricsArgs, ask, say)
    changes_tool: Tool[Any, Any] = Tool("changes", "What was changed.", Nothing, none, say)
    with WireServer(answers) as server:
        engine = LlmEngine(
            settings(**{"base_url": server.base_url, **changes}), timer=Timer(sleep=pauses.sleep)
        )
        try:
            seen.performed = await engine.perform(assignment(task), role_context(metrics, changes_tool))
        except ModelFailed as failed:
            seen.failed = failed
    seen.requests, seen.pauses = server.requests, pauses.taken
    return seen


REPORT: dict[str, Any] = {
    "summary": "payment fails",
    "severity": "P1",
    "severity_reason": "requests fail",
    "impact": {"services": ["payment"]},
    "false_alarm": False,
    "claims": [],
}


def message(finish: str | None = "stop", **parts: Any) -> dict[str, Any]:
    """A completion whose message has these parts."""
    said = {"role": "assistant", "content": None, **parts}
    return {
        "id": "chatcmpl-7",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "local-model",
        "choices": [{"index": 0, "message": said, "finish_reason": finish}],
        "usage": {"prompt_tokens": 90, "completion_tokens": 10, "total_tokens": 100},
    }


def called(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """One entry of `tool_calls`."""
    return {
        "id": "call_a",
        "type": "function",
        "function": {"name": name, "arguments": arguments},
        **more,
    }


def reports(asked: Asked) -> Raw:
    """The whole report as a call, as it should be, by the interface that was asked."""
    if "input" in asked.body:
        return _response_with_report()
    call = called("TriageReport", json.dumps(REPORT))
    if asked.body.get("stream"):
        delta = {"tool_calls": [{"index": 0, **call}]}
        return Raw(events(delta, finish="tool_calls"), kind="text/event-stream")
    return Raw(message("tool_calls", tool_calls=[call]))


def _response_with_report() -> Raw:
    item = {
        "type": "function_call",
        "call_id": "call_r",
        "name": "TriageReport",
        "arguments": json.dumps(REPORT),
    }
    return Raw({"id": "resp_8", "object": "response", "status": "completed", "output": [item]})


def events(*deltas: Any, finish: str | None = "stop", done: bool = True, ends: str = "\n\n") -> str:
    """Server-sent events with a chunk for each delta (a text goes out as it is), then the finish."""
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "local-model"}
    rows: list[str] = []
    for delta in deltas:
        if isinstance(delta, str):
            rows.append(delta)
            continue
        whole = delta if "choices" in delta or "error" in delta else None
        chunk = whole or {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        rows.append(f"data: {json.dumps(chunk)}{ends}")
    if finish:
        last = {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
        rows.append(f"data: {json.dumps(last)}{ends}")
    return "".join(rows) + (f"data: [DONE]{ends}" if done else "")
