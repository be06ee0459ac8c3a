"""How one service of the shop asks another: over HTTP, timed, traced, with a named failure."""

import http.client
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import Histogram

from demo.shop.telemetry import Telemetry

BUCKETS = (
    0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.035, 0.05, 0.075, 0.1,
    0.15, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10,
)  # fmt: skip

#: How long an instance that does not listen, or is a replica, is asked only when no other answers.
AVOID_SECONDS, REPLICA_SECONDS = 1.0, 10.0
#: What a replica answers (RFC 9110, section 15.5.20).
MISDIRECTED = 421

_CALLS = Histogram(
    "http_client_request_duration_seconds",
    "Duration of requests to another service.",
    ["peer", "http_response_status_code"],
    buckets=BUCKETS,
)


class UpstreamError(Exception):
    """Another service refused, failed or did not answer in time; `status` is None without an answer."""

    def __init__(self, peer: str, status: int | None, message: str) -> None:
        outcome = f"answered {status}" if status else "did not answer"
        super().__init__(f"{peer} {outcome}: {message}")
        self.peer = peer
        self.status = status
        self.message = message


class Client:
    """Calls the other services by name.

    Instances of a service take turns. One that refuses the connection, or says that it is a replica, is left
    alone for a while.

    Args:
        telemetry: Where the spans of the calls go.
        ports: The ports of each service's instances on this host; not all of them need to run.
    """

    def __init__(self, telemetry: Telemetry, ports: Mapping[str, Sequence[int]]) -> None:
        self._telemetry = telemetry
        self._ports = ports
        self._turn = itertools.count()
        self._avoided: dict[int, float] = {}

    def expect(self, *peers: str) -> None:
        """Names the services that will be called, so that their error series start at a measured zero."""
        for peer in peers:
            _CALLS.labels(peer, "500")

    def get(self, peer: str, path: str, *, timeout: float | None) -> Any:
        """Reads `path` of `peer`; the query string is not part of the span's name."""
        return self._call("GET", peer, path, None, timeout)

    def post(self, peer: str, path: str, body: Mapping[str, object], *, timeout: float | None) -> Any:
        """Sends `body` to `peer` as JSON.

        Raises:
            UpstreamError: The answer was not a success, or there was none.
        """
        return self._call("POST", peer, path, json.dumps(body).encode(), timeout)

    def _call(self, method: str, peer: str, path: str, payload: bytes | None, timeout: float | None) -> Any:
        with self._telemetry.span(f"{method} {peer}{path.partition('?')[0]}") as span:
            started = time.perf_counter()
            status: int | None = None
            try:
                status, answer = self._ask_one(peer, method, path, payload, timeout, span.context.header)
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                raise UpstreamError(peer, None, str(error) or type(error).__name__) from error
            finally:
                # No answer at all counts like the 503 that a proxy in between would have given.
                _CALLS.labels(peer, str(status or 503)).observe(time.perf_counter() - started)
            span.status = "error" if status >= 500 else "ok"
        if status >= 400:
            raise UpstreamError(peer, status, str(answer.get("error", "")))
        return answer

    def _ask_one(self, peer: str, *request: Any) -> tuple[int, Any]:
        refusal = ConnectionRefusedError("nobody listens")
        for port in self._in_turn(peer):
            try:
                status, answer = self._exchange(port, *request)
            except ConnectionRefusedError as error:
                refusal = error
                self._avoid(port, AVOID_SECONDS)
                continue
            if status != MISDIRECTED:
                return status, answer
            self._avoid(port, REPLICA_SECONDS)
        raise refusal

    def _in_turn(self, peer: str) -> list[int]:
        now, ports = time.monotonic(), self._ports[peer]
        good = [port for port in ports if self._avoided.get(port, 0.0) < now]
        first = next(self._turn) % len(good) if good else 0
        return good[first:] + good[:first] + [port for port in ports if port not in good]

    def _avoid(self, port: int, seconds: float) -> None:
        self._avoided[port] = time.monotonic() + seconds

    @staticmethod
    def _exchange(
        port: int, method: str, path: str, payload: bytes | None, timeout: float | None, traceparent: str
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            headers = {"traceparent": traceparent, "content-type": "application/json"}
            connection.request(method, path, body=payload, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()
