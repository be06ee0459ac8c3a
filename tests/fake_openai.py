"""A local OpenAI-compatible chat server for tests: scripted answers, streamed or not, and every fault.

By hand: `python -m tests.fake_openai --port 9100 [--stream-delay 0.02] [--delay 0.5] [--answers evil]`.
"""

import argparse
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.fake_answers import ANSWERERS
from tests.fake_turns import Answerer, Asked, Fault, Kind, Reply, Turn


class FakeOpenAI:
    """The server, as a context manager. `requests` holds what came in."""

    def __init__(
        self,
        answerer: Answerer,
        port: int = 0,
        *,
        stream_delay: float = 0.0,
        key: str | None = None,
        tokenizer: Callable[[str], int] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answerer = answerer
        self.stream_delay = stream_delay
        self.key = key
        self.tokenizer = tokenizer
        self.requests: list[Asked] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls is not None:
            # The handshake belongs into the connection's own thread: a refused one must not stop the server.
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop at once: running answers break off, new connections are refused."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self, body: dict[str, Any], headers: dict[str, str]) -> Asked:
        with self._lock:
            asked = Asked(len(self.requests) + 1, body, headers)
            self.requests.append(asked)
        return asked

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Bound(_Handler):
            fake = server

        return Bound


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection. Buffered writes and no Nagle: a delayed ACK would cost 40 ms a call."""

    fake: FakeOpenAI
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Be silent."""

    def do_GET(self) -> None:
        self._send(200, json.dumps({"object": "list", "data": [{"id": "local-model", "object": "model"}]}))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))) or b"{}")
        if self.path == "/tokenize":
            self._tokenize(str(body.get("content", "")))
            return
        asked = self.fake.asked(body, {name.lower(): value for name, value in self.headers.items()})
        if self.fake.key is not None and asked.headers.get("authorization") != f"Bearer {self.fake.key}":
            turn: Turn = Fault(
                Kind.STATUS, 401, message=f"Incorrect API key: {self.headers['authorization']}"
            )
        elif not self.path.endswith("/v1/chat/completions"):
            turn = Fault(Kind.STATUS, 404, message=f"no such path {self.path}")
        else:
            turn = self.fake.answerer(asked)
        if isinstance(turn, Fault):
            self._fault(turn, bool(body.get("stream")))
            return
        self.fake.closing.wait(turn.delay)
        if body.get("stream"):
            self._stream(_chunks(turn, asked))
        else:
            self._send(200, json.dumps(_completion(turn, asked)))

    def _tokenize(self, text: str) -> None:
        """As llama.cpp's server tells it."""
        if self.fake.tokenizer is None:
            self._send(404, json.dumps({"error": {"message": "no tokenizer is told of here"}}))
        else:
            self._send(200, json.dumps({"tokens": [7] * self.fake.tokenizer(text)}))

    def _fault(self, fault: Fault, streaming: bool) -> None:
        if fault.kind is Kind.STATUS:
            error = {"message": fault.message, "type": "error", "code": fault.code}
            self._send(fault.status, json.dumps({"error": error}), retry_after=fault.retry_after)
        elif fault.kind is Kind.HANG:
            self.fake.closing.wait(60)
            self.close_connection = True
        elif fault.kind is Kind.HTML:
            self._send(200, "<!doctype html><html><body>Welcome</body></html>", kind="text/html")
        elif fault.kind is Kind.JUNK:
            self._send(200, '{"choices": "none", "what": [')
        elif fault.kind is Kind.EMPTY:
            self._send(200, json.dumps({"id": "x", "object": "chat.completion", "choices": []}))
        elif fault.kind in {Kind.CUT, Kind.STALL, Kind.ERROR} and streaming:
            self._break_stream(fault)
        elif fault.kind is Kind.STALL:
            self._break(half=True, stall=True)
        elif fault.kind is Kind.ERROR:
            self._send(500, json.dumps({"error": {"message": fault.message}}))
        else:
            self._break(half=fault.kind is Kind.CUT)

    def _break_stream(self, fault: Fault) -> None:
        begun = list(_chunks(Reply(text="The service is"), Asked(0, {})))[:2]
        wrong: dict[str, Any] = {"error": {"message": fault.message, "type": "server_error"}}
        self._stream(iter([*begun, wrong] if fault.kind is Kind.ERROR else begun), whole=False)
        if fault.kind is Kind.STALL:
            self.fake.closing.wait(60)

    def _break(self, half: bool, stall: bool = False) -> None:
        if half:
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n"
            )
            self.wfile.write(b'{"id": "x", "choices": [{"mess')
            self.wfile.flush()
        if stall:
            self.fake.closing.wait(60)
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(
        self, status: int, text: str, kind: str = "application/json", retry_after: str | None = None
    ) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        if retry_after is not None:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def _stream(self, chunks: Iterator[dict[str, Any]], whole: bool = True) -> None:
        """Server-sent events, ended by closing the connection, as simple servers do."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
            self.fake.closing.wait(self.fake.stream_delay)
        if whole:
            self.wfile.write(b"data: [DONE]\n\n")
            self.wfile.flush()
        self.close_connection = True


def _head(asked: Asked, kind: str) -> dict[str, Any]:
    model = asked.body.get("model", "local-model")
    return {"id": f"chatcmpl-{asked.number}", "object": kind, "created": 1767225600, "model": model}


def _usage(turn: Reply) -> dict[str, int] | None:
    if turn.tokens_in < 0:
        return None
    return {
        "prompt_tokens": turn.tokens_in,
        "completion_tokens": turn.tokens_out,
        "total_tokens": turn.tokens_in + turn.tokens_out,
    }


def _completion(turn: Reply, asked: Asked) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text, "refusal": turn.refusal}
    if turn.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{asked.number}_{place}" if turn.with_ids else None,
                "type": "function",
                "function": {"name": call.name, "arguments": call.wire},
            }
            for place, call in enumerate(turn.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": turn.finish_reason}
    return {**_head(asked, "chat.completion"), "choices": [choice], "usage": _usage(turn)}


def _chunks(turn: Reply, asked: Asked) -> Iterator[dict[str, Any]]:
    head = _head(asked, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    for word in (turn.text or "").split(" ") if turn.text else []:
        yield chunk({"content": f"{word} "})
    if turn.refusal:
        yield chunk({"refusal": turn.refusal})
    for place, call in enumerate(turn.calls):
        begin = {"name": call.name, "arguments": ""}
        identity = f"call_{asked.number}_{place}" if turn.with_ids else None
        yield chunk({"tool_calls": [{"index": place, "id": identity, "type": "function", "function": begin}]})
        for start in range(0, len(call.wire), 200):
            part = {"index": place, "function": {"arguments": call.wire[start : start + 200]}}
            yield chunk({"tool_calls": [part]})
    yield chunk({}, turn.finish_reason)
    if (asked.body.get("stream_options") or {}).get("include_usage") and turn.tokens_in >= 0:
        yield {**head, "choices": [], "usage": _usage(turn)}


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--stream-delay", type=float, default=0.0, help="seconds between chunks")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--answers", choices=sorted(ANSWERERS), default="obliging")
    given = parser.parse_args()
    answer = ANSWERERS[given.answers]

    def delayed(asked: Asked) -> Turn:
        time.sleep(given.delay)
        return answer(asked)

    with FakeOpenAI(delayed, given.port, stream_delay=given.stream_delay) as server:
        print(server.base_url, flush=True)  # noqa: T201
        try:
            server.closing.wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
