"""The card network: somebody else's system that the shop's payment depends on.

It runs outside of the deploy target. `POST /authorisations` answers like a bank; `GET /api/v2/summary.json`
is its status page (https://www.atlassian.com/software/statuspage, the public API's summary). What happens to
it is said by `state/card-network.json` in the run's folder: `{"down": true}`.
"""

import argparse
import json
import math
import random
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

from demo.catalogue import read_inventory

NAME = "card-network"
BUSY, DECLINED = 0.008, 0.02
SECONDS, SPREAD = 0.045, 0.35


def set_down(run: Path, down: bool) -> None:
    """Breaks the card network, or mends it; it looks with every request."""
    file = _state(run)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"down": down}))


class Network(ThreadingHTTPServer):
    """The card network on a port of the loopback interface."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, run: Path) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self._run = run
        self._random = random.Random()  # noqa: S311 - weather of a simulated network, not a secret

    @property
    def down(self) -> bool:
        """Whether it refuses everything."""
        file = _state(self._run)
        return file.exists() and json.loads(file.read_text())["down"] is True

    def authorise(self) -> tuple[int, Mapping[str, object]]:
        """The answer to one request for money."""
        if self.down:
            return 503, {"error": "authorisations are unavailable"}
        time.sleep(self._random.lognormvariate(math.log(SECONDS), SPREAD))
        mood = self._random.random()
        if mood < BUSY:
            return 429, {"error": "card network is busy"}
        if mood < BUSY + DECLINED:
            return 402, {"error": "card declined"}
        return 201, {"authorisation": secrets.token_hex(4)}

    def summary(self) -> Mapping[str, object]:
        """What the status page says."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        indicator, description = (
            ("critical", "Major Service Outage") if self.down else ("none", "All Systems Operational")
        )
        state = "major_outage" if self.down else "operational"
        return {
            "page": {"id": NAME, "name": "Card Network", "updated_at": now},
            "status": {"indicator": indicator, "description": description},
            "components": [{"id": "auth", "name": "Authorisations", "status": state, "updated_at": now}],
            "incidents": [],
            "scheduled_maintenances": [],
        }


class _Connection(BaseHTTPRequestHandler):
    timeout = 30

    def do_GET(self) -> None:
        found = self.path == "/api/v2/summary.json"
        self._send(200 if found else 404, self._network.summary() if found else {"error": "no such page"})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self._send(*self._network.authorise())

    @property
    def _network(self) -> Network:
        return cast("Network", self.server)

    def _send(self, status: int, body: Mapping[str, object]) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives
        """Nothing: the payment service tells what it was answered."""


def _state(run: Path) -> Path:
    return run / "state" / f"{NAME}.json"


def main() -> None:
    """Runs the card network until it is killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    run = parser.parse_args().run
    (place,) = read_inventory(run / "inventory.json")[NAME]
    Network(place.port, run).serve_forever()


if __name__ == "__main__":
    main()
