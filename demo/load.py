"""Customers, and others: each mix is the same sequence of requests for the same seed."""

import argparse
import http.client
import itertools
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
from urllib.parse import urlencode

PRODUCTS = 60
MOST_AT_ONCE = 24
REQUEST_TIMEOUT = 12.0
#: Seconds between two stock reports at rate 1.
REPORT_EVERY = 12.0


class Visit(NamedTuple):
    """One request of one customer."""

    pause: float
    method: str
    path: str
    body: bytes | None


def visits(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """Customers: an endless sequence of requests, on average `rate` per second.

    Four in ten are orders; a cart holds one line (42 %), two (36 %) or three (22 %). Now and then the support
    exports a page of customers.
    """
    chance = random.Random(seed)  # noqa: S311 - a reproducible mix, not a secret
    while True:
        pause = _pause(chance, rate)
        what = chance.random()
        if what < 0.30:
            yield Visit(pause, "GET", f"/?page={chance.randint(1, 3)}", None)
        elif what < 0.55:
            yield Visit(pause, "GET", f"/product/{chance.randint(1, PRODUCTS)}", None)
        elif what < 0.598:
            yield Visit(pause, "GET", "/assets/shop.css", None)
        elif what < 0.60:
            yield Visit(pause, "GET", "/customers/export?page=1&actor=support-3&address=10.20.0.14", None)
        else:
            yield Visit(pause, "POST", "/checkout", _cart(chance))


def browsers(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """Visitors who only look at lists."""
    chance = random.Random(seed)  # noqa: S311
    while True:
        yield Visit(_pause(chance, rate), "GET", f"/?page={chance.randint(1, 3)}", None)


def newsletter(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """Readers who follow a link each of their own."""
    chance = random.Random(seed)  # noqa: S311
    while True:
        path = f"/product/{chance.randint(1, PRODUCTS)}?ref=nl-{chance.getrandbits(40):010x}"
        yield Visit(_pause(chance, rate), "GET", path, None)


def campaign(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """Customers who come from an advertisement, and carry its name with them."""
    chance = random.Random(seed)  # noqa: S311
    path = f"/checkout?{urlencode({'utm_campaign': text})}"
    while True:
        yield Visit(_pause(chance, rate), "POST", path, _cart(chance))


def intruder(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """Somebody who takes the customers, page after page."""
    for page in itertools.count(1):
        path = f"/customers/export?page={page}&actor=support-7&address=203.0.113.77"
        yield Visit(1 / rate, "GET", path, None)


def report(*, rate: float, seed: int, text: str = "") -> Iterator[Visit]:
    """A job that asks many questions at once, every so often, each long enough to meet the others."""
    sold = "SELECT sku, sold FROM products"
    body = json.dumps({"sql": f"{sold} UNION ALL {sold}", "parameters": []}).encode()
    while True:
        for number in range(MOST_AT_ONCE):
            yield Visit(0.0 if number else REPORT_EVERY / rate, "POST", "/query", body)


MIXES = {"customers": visits} | {
    mix.__name__: mix for mix in (browsers, newsletter, campaign, intruder, report)
}


def _pause(chance: random.Random, rate: float) -> float:
    return min(chance.expovariate(rate), 4 / rate)


def _cart(chance: random.Random) -> bytes:
    (count,) = chance.choices((1, 2, 3), weights=(42, 36, 22))
    skus = chance.sample(range(1, PRODUCTS + 1), count)
    lines = [{"sku": sku, "quantity": chance.choice((1, 1, 1, 2))} for sku in skus]
    return json.dumps({"lines": lines}).encode()


class Load:
    """Sends visits to the front, never more than `MOST_AT_ONCE` at a time; the rest turn away.

    Args:
        port: Where the front listens.
        rate: Requests per second.
        seed: Makes the sequence reproducible.
        sequence: The requests, if they are not those of customers.
    """

    def __init__(self, port: int, *, rate: float, seed: int, sequence: Iterator[Visit] | None = None) -> None:
        self._port = port
        self._visits = sequence or visits(rate=rate, seed=seed)
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
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_TIMEOUT)
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
    parser.add_argument("--mix", choices=sorted(MIXES), default="customers")
    parser.add_argument("--text", default="", help="what a campaign is called")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    rate, seed = arguments.rate, arguments.seed
    sequence = MIXES[arguments.mix](rate=rate, seed=seed, text=arguments.text)
    load = Load(arguments.port, rate=rate, seed=seed, sequence=sequence)

    def stop(_number: int, _frame: FrameType | None) -> None:
        load.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    load.run(arguments.seconds)


if __name__ == "__main__":
    main()
