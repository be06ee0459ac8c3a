"""How one service of the shop asks another: over HTTP, timed, traced, with a named failure."""

import http.client
import json
import time
from collections.abc import Mapping
from typing import Any

from prometheus_client import Histogram

from demo.shop.telemetry import Telemetry

BUCKETS = (
    0.0025, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.035, 0.05, 0.075, 0.1,
    0.15, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10,
)  # fmt: skip

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

    Args:
        telemetry: Where the spans of the calls go.
        ports: The port of each service on this host.
    """

    def __init__(self, telemetry: Telemetry, ports: Mapping[str, int]) -> None:
        self._telemetry = telemetry
        self._ports = ports

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
                status, answer = self._exchange(
                    method, self._ports[peer], path, payload, timeout, span.context.header
                )
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                raise UpstreamError(peer, None, str(error) or type(error).__name__) from error
            finally:
                # No answer at all counts like the 503 that a proxy in between would have given.
                _CALLS.labels(peer, str(status or 503)).observe(time.perf_counter() - started)
            span.status = "error" if status >= 500 else "ok"
        if status >= 400:
            raise UpstreamError(peer, status, str(answer.get("error", "")))
        return answer

    @staticmethod
    def _exchange(
        method: str, port: int, path: str, payload: bytes | None, timeout: float | None, traceparent: str
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            headers = {"traceparent": traceparent, "content-type": "application/json"}
            connection.request(method, path, body=payload, headers=headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()
