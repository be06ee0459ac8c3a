"""Customers: a steady mix of browsing, product pages and orders, the same sequence for the same seed."""

import argparse
import http.client
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import NamedTuple

PRODUCTS = 60
MOST_AT_ONCE = 24
PATIENCE = 12.0


class Visit(NamedTuple):
    """One request of one customer."""

    pause: float
    method: str
    path: str
    body: bytes | None


def visits(*, rate: float, seed: int) -> Iterator[Visit]:
    """An endless sequence of requests, on average `rate` per second.

    Four in ten are orders; a cart holds one line (42 %), two (36 %) or three (22 %).
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible mix, not a secret
    while True:
        pause = min(chance.expovariate(rate), 4 / rate)
        what = chance.random()
        if what < 0.35:
            yield Visit(pause, "GET", f"/?page={chance.randint(1, 3)}", None)
        elif what < 0.60:
            yield Visit(pause, "GET", f"/product/{chance.randint(1, PRODUCTS)}", None)
        else:
            (count,) = chance.choices((1, 2, 3), weights=(42, 36, 22))
            skus = chance.sample(range(1, PRODUCTS + 1), count)
            lines = [{"sku": sku, "quantity": chance.choice((1, 1, 1, 2))} for sku in skus]
            yield Visit(pause, "POST", "/checkout", json.dumps({"lines": lines}).encode())


class Load:
    """Sends visits to the front, never more than `MOST_AT_ONCE` at a time; the rest turn away.

    Args:
        port: Where the front listens.
        rate: Requests per second.
        seed: Makes the sequence reproducible.
    """

    def __init__(self, port: int, *, rate: float, seed: int) -> None:
        self._port = port
        self._visits = visits(rate=rate, seed=seed)
        self._places = threading.Semaphore(MOST_AT_ONCE)
        self._stop = threading.Event()
        self._counted = Counter[str]()

    def stop(self) -> None:
        """Ends `run` soon."""
        self._stop.set()

    def run(self, seconds: float) -> Counter[str]:
        """Sends requests for so long; answers how often each status came."""
        due = time.monotonic()
        deadline = due + seconds
        with ThreadPoolExecutor(MOST_AT_ONCE) as customers:
            for visit in self._visits:
                due += visit.pause
                if due > deadline or self._stop.wait(max(0.0, due - time.monotonic())):
                    break
                if self._places.acquire(blocking=False):
                    customers.submit(self._visit, visit)
                else:
                    self._counted["turned away"] += 1
        return self._counted

    def _visit(self, visit: Visit) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request(visit.method, visit.path, visit.body, {"content-type": "application/json"})
            response = connection.getresponse()
            response.read()
            self._counted[str(response.status)] += 1
        except (OSError, http.client.HTTPException):
            self._counted["no answer"] += 1
        finally:
            connection.close()
            self._places.release()


def main() -> None:
    """Runs the load as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--rate", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    load = Load(arguments.port, rate=arguments.rate, seed=arguments.seed)

    def stop(_number: int, _frame: FrameType | None) -> None:
        load.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    load.run(arguments.seconds)


if __name__ == "__main__":
    main()
