"""The frame of every service of the shop: routes over HTTP, metrics, logs, traces, health and version.

A service is started as `python releases/<service>/current/app.py --inventory FILE --number N`. It resolves
the link once, at start: a process that went through the link later would mix two versions.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, Histogram, Info, generate_latest

from demo.catalogue import read_inventory
from demo.shop.client import BUCKETS, Client, UpstreamError
from demo.shop.flags import Flags
from demo.shop.telemetry import Telemetry, TraceContext

MOST_WORKERS = 64
WORKER_WAIT = 1.0

_REQUESTS = Histogram(
    "http_server_request_duration_seconds",
    "Duration of served requests.",
    ["http_request_method", "http_route", "http_response_status_code"],
    buckets=BUCKETS,
)
_BUILD = Info("build", "Which release runs.")
_BUSY = Gauge("http_server_workers_busy", "Requests that are being worked on.")
_WORKERS = Gauge("http_server_workers_max", "Requests that can be worked on at once.")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a caller asks for."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the caller gets, as JSON."""

    status: int = 200
    body: Mapping[str, object] = field(default_factory=dict)


class Refusal(Exception):
    """The service answers with this status on purpose."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Handler = Callable[[Request], Reply]


class _Route(NamedTuple):
    method: str
    pattern: str
    expression: re.Pattern[str]
    handler: Handler


class Service:
    """One running service: the release it runs from, its routes and its means.

    Attributes:
        name: The service's name in the inventory.
        version: The version of the release this process runs.
        home: The release's real folder.
        config: The release's `config.json`. With `workers` in it, no more requests are worked on at once;
            the others wait for `worker_wait` seconds.
        number: Which instance of its service this is, from 0.
        instance: The instance's name.
        places: Where all instances of all services listen.
        state: The folder for data that outlives a release.
        flags: The feature flags.
        telemetry: Log and spans.
        client: For calls to other services.
    """

    def __init__(self, home: Path, inventory: Path, number: int = 0) -> None:
        self.home = home
        release = json.loads((home / "release.json").read_text())
        self.places = read_inventory(inventory)
        self.name: str = release["service"]
        self.version: str = release["version"]
        self.config: dict[str, Any] = json.loads((home / "config.json").read_text())
        self.number = number
        place = self.places[self.name][number]
        self.instance, self._port = place.instance, place.port
        run = inventory.parent
        self.state = run / "state"
        self.flags = Flags(run / "flags.json")
        self.telemetry = Telemetry(service=self.name, instance=self.instance, folder=run)
        ports = {name: [one.port for one in places] for name, places in self.places.items()}
        self.client = Client(self.telemetry, ports)
        self._target = run / "targets" / f"{self.instance}.json"
        self._routes: list[_Route] = []
        self._workers = threading.Semaphore(self.config.get("workers", MOST_WORKERS))
        _WORKERS.set(self.config.get("workers", MOST_WORKERS))
        _BUILD.info({"service": self.name, "version": self.version})

    @classmethod
    def here(cls, file: str) -> "Service":
        """The service whose release `file` belongs to, as the command line says."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--inventory", type=Path, required=True)
        parser.add_argument("--number", type=int, default=0)
        arguments = parser.parse_args()
        service = cls(Path(file).resolve().parent, arguments.inventory, arguments.number)
        # A process that dies while it starts leaves a line behind, and a target that is down.
        sys.excepthook = service._fell
        service._announce()
        return service

    def route(self, method: str, pattern: str, handler: Handler) -> None:
        """Serves `pattern`, in which `{name}` stands for one path segment."""
        expression = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern))
        self._routes.append(_Route(method, pattern, expression, handler))
        # A series that exists from the start makes "no errors" a measured zero rather than no data.
        _REQUESTS.labels(method, pattern, "500")

    def answer(self, method: str, target: str, payload: bytes, caller: TraceContext | None) -> Reply:
        """Answers one request: finds its route, times it and turns failures into statuses."""
        url = urlsplit(target)
        for route in self._routes:
            match = route.expression.fullmatch(url.path)
            if match and route.method == method:
                parameters = dict(parse_qsl(url.query)) | match.groupdict()
                return self._timed(route, parameters, payload, caller)
        return Reply(status=404, body={"error": "no such page"})

    def _timed(
        self, route: _Route, parameters: Mapping[str, str], payload: bytes, caller: TraceContext | None
    ) -> Reply:
        started = time.perf_counter()
        operation = f"{route.method} {route.pattern}"
        with self.telemetry.span(operation, parent=caller) as span:
            reply = self._guarded(operation, route.handler, parameters, payload)
            span.status = "error" if reply.status >= 500 else "ok"
            seconds = time.perf_counter() - started
            self.telemetry.log("debug", f"{operation} {reply.status} {seconds * 1000:.0f} ms")
        _REQUESTS.labels(route.method, route.pattern, str(reply.status)).observe(seconds)
        return reply

    def _guarded(
        self, operation: str, handler: Handler, parameters: Mapping[str, str], payload: bytes
    ) -> Reply:
        try:
            with self._worker():
                return handler(Request(parameters=parameters, body=json.loads(payload or b"{}")))
        except Refusal as refusal:
            return Reply(status=refusal.status, body={"error": str(refusal)})
        except UpstreamError as error:
            self.telemetry.log("error", f"{operation} failed: {error}")
            return Reply(status=502, body={"error": f"{error.peer} failed"})
        except Exception as error:  # noqa: BLE001 - the edge: whatever went wrong, the caller gets an answer
            # Not the whole traceback: it would carry this machine's paths into recordings.
            what = f"{type(error).__name__}: {error} at {_place(error)}"
            self.telemetry.log("error", f"{operation} failed: {what}")
            return Reply(status=500, body={"error": "internal error"})

    @contextmanager
    def _worker(self) -> Iterator[None]:
        wait = self.config.get("worker_wait", WORKER_WAIT)
        if not self._workers.acquire(timeout=wait):
            self.telemetry.log("error", f"no free worker within {wait:g} s, request refused")
            raise Refusal(503, "no free worker")
        _BUSY.inc()
        try:
            yield
        finally:
            _BUSY.dec()
            self._workers.release()

    def _announce(self) -> None:
        labels = {"service": self.name, "instance": self.instance}
        target = [{"targets": [f"127.0.0.1:{self._port}"], "labels": labels}]
        self._target.parent.mkdir(exist_ok=True)
        fresh = self._target.with_suffix(".next")
        fresh.write_text(json.dumps(target))
        fresh.replace(self._target)

    def _fell(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # Type and message only, as in an answer.
        self.telemetry.log("fatal", f"{self.name} {self.version} cannot start: {kind.__name__}: {error}")
        sys.__excepthook__(kind, error, trace)

    def serve(self) -> None:
        """Serves until SIGTERM or until the launcher is gone; requests under way are finished."""
        server = _Server(("127.0.0.1", self._port), _Connection)
        server.service = self
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_watch_launcher, args=(stop,), daemon=True).start()
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.telemetry.log("info", f"{self.name} {self.version} serves")
        stop.wait()
        self.telemetry.log("info", f"{self.name} {self.version} stops")
        self._target.unlink(missing_ok=True)
        server.shutdown()
        server.server_close()
        self.telemetry.close()


def _place(error: Exception) -> str:
    """Where it was raised, as the sources' repository names the file: `app.py:15 in euros`."""
    deepest = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(deepest.filename).name}:{deepest.lineno} in {deepest.name}"


def _watch_launcher(stop: threading.Event) -> None:
    # The launcher holds the other end of stdin: its death, however sudden, ends the service too.
    # Past Python's buffer: a thread blocked in there upsets the interpreter's exit.
    os.read(0, 1)
    stop.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for requests under way
    request_queue_size = 64
    service: Service


class _Connection(BaseHTTPRequestHandler):
    """One connection; speaks HTTP and leaves the answer to the service."""

    timeout = 30

    def do_GET(self) -> None:
        service = cast("_Server", self.server).service
        match self.path:
            case "/health" | "/version":
                self._send(200, json.dumps({"service": service.name, "version": service.version}).encode())
            case "/metrics":
                self._send(200, generate_latest(), CONTENT_TYPE_LATEST)
            case _:
                self._answer(service)

    def do_POST(self) -> None:
        self._answer(cast("_Server", self.server).service)

    def _answer(self, service: Service) -> None:
        payload = self.rfile.read(int(self.headers.get("content-length") or 0))
        caller = TraceContext.parse(self.headers.get("traceparent"))
        reply = service.answer(self.command, self.path, payload, caller)
        self._send(reply.status, json.dumps(reply.body).encode())

    def _send(self, status: int, body: bytes, content_type: str = "application/json") -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller gave up waiting

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives
        """Nothing: the service writes its own lines."""
