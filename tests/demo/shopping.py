"""A customer of the running shop, and a reader of what it writes."""

import http.client
import json
from typing import Any, NamedTuple

from demo.launcher import Shop
from tests.patience import PATIENCE


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


def order(shop: Shop, *skus: int) -> Answer:
    cart = {"lines": [{"sku": sku, "quantity": 1} for sku in skus]}
    return ask(shop, "web", "/checkout", cart)


def ask(shop: Shop, service: str, path: str, body: object = None) -> Answer:
    status, text = _exchange(shop, service, path, body)
    return Answer(status, json.loads(text))


def accepted_order(shop: Shop, *skus: int) -> Answer:
    """Orders until the simulated bank neither declines the card nor is busy; both are rare."""
    for _ in range(20):
        answer = order(shop, *skus)
        if answer.status == 201:
            return answer
    raise AssertionError(f"twenty orders failed, the last with {answer}")


def metrics(shop: Shop, service: str) -> str:
    return _exchange(shop, service, "/metrics", None)[1]


def written(shop: Shop, kind: str, service: str) -> list[dict[str, Any]]:
    """The lines of `logs` or `traces` that a service has written so far."""
    file = shop.folder / kind / f"{service}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def _exchange(shop: Shop, service: str, path: str, body: object) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", shop.places[service].port, timeout=PATIENCE)
    try:
        if body is None:
            connection.request("GET", path)
        else:
            connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()
