"""The customers: reproducible, bounded, and the mix that the recordings assume."""

import json
import socket
import time
from collections import Counter
from itertools import islice
from threading import Timer

from demo.load import MOST_AT_ONCE, Load, visits


def test_the_same_seed_gives_the_same_customers() -> None:
    first = list(islice(visits(rate=3, seed=5), 200))
    assert first == list(islice(visits(rate=3, seed=5), 200))
    assert first != list(islice(visits(rate=3, seed=6), 200))


def test_the_mix_and_the_rate() -> None:
    many = list(islice(visits(rate=3, seed=1), 6000))
    carts = [json.loads(visit.body)["lines"] for visit in many if visit.body]
    sizes = Counter(len(cart) for cart in carts)

    assert 0.36 < len(carts) / len(many) < 0.44
    assert 0.54 < (sizes[2] + sizes[3]) / len(carts) < 0.62
    assert set(sizes) == {1, 2, 3}
    assert all(len({line["sku"] for line in cart}) == len(cart) for cart in carts)
    assert 2.7 < len(many) / sum(visit.pause for visit in many) < 3.4


def test_a_shop_that_hangs_does_not_pile_up_customers() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        load = Load(silent.getsockname()[1], rate=400, seed=1)
        started = time.monotonic()
        # Nobody answers; closing the listening socket ends the wait of those who got in.
        Timer(1.0, silent.close).start()
        counted = load.run(0.8)

    assert counted["no answer"] <= MOST_AT_ONCE
    assert counted["turned away"] > 100
    assert time.monotonic() - started < 8
