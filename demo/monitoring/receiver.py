"""Receives Alertmanager's webhooks and keeps each body exactly as it came."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

from demo.processes import wait_for


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One delivery."""

    at: datetime
    payload: dict[str, Any]

    @property
    def status(self) -> str:
        """`firing` or `resolved`."""
        return str(self.payload["status"])

    @property
    def alert(self) -> str:
        """The name of the alerts in it; they are grouped by it."""
        return str(self.payload["groupLabels"]["alertname"])


class Receiver:
    """An HTTP server on a free port of the loopback interface."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Connection)
        self._server.received = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    @property
    def received(self) -> Sequence[Webhook]:
        """Every delivery so far, in order; Alertmanager may deliver one twice."""
        return tuple(self._server.received)

    def wait_for(self, status: str, *, after: datetime, seconds: float, alert: str | None = None) -> Webhook:
        """Waits for the first delivery with this status that came later than `after`.

        Args:
            status: `firing` or `resolved`.
            after: Earlier ones do not count.
            seconds: How long at most.
            alert: The alert's name, if only that one counts.
        """

        def look() -> Webhook | None:
            return next((hook for hook in self.received if fits(hook)), None)

        def fits(hook: Webhook) -> bool:
            return hook.status == status and hook.at > after and alert in (None, hook.alert)

        return wait_for(f"{alert or 'an'} alert {status}", look, seconds=seconds, pause=0.2)


class _Server(ThreadingHTTPServer):
    received: list[Webhook]


class _Connection(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        at = datetime.now(UTC)
        payload = json.loads(self.rfile.read(int(self.headers["content-length"])))
        cast("_Server", self.server).received.append(Webhook(at=at, payload=payload))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives
        """Nothing: what arrives is kept, not printed."""
