"""A backend that answers what a test tells it to, on a free port of the loopback interface."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request; `query` holds the fields of a form as well."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """One response; `repeat` sends the body so often, `wait` is held before the first byte."""

    body: str | bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 1
    wait: threading.Event | None = None
    date: float | None = None


Handler = Callable[[Asked], Answer]


def told(found: Any, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(json.dumps(found), status, {"Content-Type": "application/json"})


@dataclass
class Server:
    """A running backend: its address and what it was asked."""

    port: int
    asked: list[Asked]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(handler: Handler) -> Iterator[Server]:
    """Answer by the handler until the block ends."""
    asked: list[Asked] = []

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            parts = urlsplit(self.path)
            body = self.rfile.read(length)
            is_form = self.headers.get("content-type") == "application/x-www-form-urlencoded"
            fields = parse_qs(parts.query) | (parse_qs(body.decode()) if is_form else {})
            question = Asked(self.command, parts.path, fields, dict(self.headers), body)
            asked.append(question)
            given = handler(question)
            if given.wait is not None:
                given.wait.wait()
            sent = given.body if isinstance(given.body, bytes) else given.body.encode()
            lines = [
                f"HTTP/1.1 {given.status} said",
                f"Date: {formatdate(given.date, usegmt=True)}",
                f"Content-Length: {len(sent) * given.repeat}",
                *(f"{name}: {value}" for name, value in given.headers.items()),
            ]
            try:
                # In one piece, or the two halves wait for each other's acknowledgement.
                self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + sent)
                for _ in range(given.repeat - 1):
                    self.wfile.write(sent)
            except OSError:
                self.close_connection = True  # the client has had enough

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that is killed leaves without a word."""

    server = Quiet(("127.0.0.1", 0), Connection)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield Server(server.server_port, asked)
    finally:
        server.shutdown()
        server.server_close()
