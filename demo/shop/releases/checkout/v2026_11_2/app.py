"""Checkout: prices a cart, takes the money, writes the order."""

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.shop.client import UpstreamError
from demo.shop.service import Refusal, Reply, Request, Service

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A product in the cart."""

    sku: int
    quantity: int
    price: Decimal


def total(lines: Sequence[Line], discount: Decimal) -> Decimal:
    """What the cart costs: every line after the first is discounted, and rounded as the invoice shows it."""
    first, *others = (line.price * line.quantity for line in lines)
    return sum(((amount * (1 - discount)).quantize(CENT) for amount in others), first.quantize(CENT))


class Checkout:
    """Turns carts into orders."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._log = service.telemetry.log
        self._catalogue_timeout: float = service.config["catalogue_timeout"]
        self._database_timeout: float = service.config["database_timeout"]
        self._discount: Decimal = service.config["bundle_discount"]
        self._attempts: int = service.config["payment_attempts"]
        self._pause: float = service.config["payment_pause"]

    def place(self, request: Request) -> Reply:
        """Places an order."""
        lines = self._price(request.body["lines"])
        amount, authorisation = self._charge(lines)
        order = self._save(lines, amount, authorisation)
        self._log("info", f"order {order} placed, {len(lines)} lines, {amount} EUR")
        return Reply(status=201, body={"order": order, "total": str(amount)})

    def _price(self, cart: list[dict[str, Any]]) -> list[Line]:
        skus = ",".join(str(line["sku"]) for line in cart)
        found = self._client.get("catalogue", f"/prices?skus={skus}", timeout=self._catalogue_timeout)
        prices = {product["sku"]: Decimal(product["price"]) for product in found["products"]}
        if unknown := [line["sku"] for line in cart if line["sku"] not in prices]:
            raise Refusal(422, f"not sold here: {unknown}")
        return [Line(sku=line["sku"], quantity=line["quantity"], price=prices[line["sku"]]) for line in cart]

    def _charge(self, lines: Sequence[Line]) -> tuple[Decimal, str]:
        # A busy card network answers if it is asked again; a lost order costs more than a slow one.
        for attempt in itertools.count(1):
            try:
                amount = total(lines, self._discount)
                return amount, self._ask_payment(amount)
            except Refusal:
                raise
            except Exception as error:
                if attempt == self._attempts:
                    raise
                reason = f"{type(error).__name__}: {error}"
                tries = f"attempt {attempt} of {self._attempts}"
                self._log("warn", f"charging the card failed, {tries}: {reason}")
                time.sleep(self._pause * 2 ** (attempt - 1))
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _ask_payment(self, amount: Decimal) -> str:
        try:
            answer = self._client.post("payment", "/authorise", {"amount": str(amount)}, timeout=None)
        except UpstreamError as error:
            if error.status == 402:
                raise Refusal(402, error.message) from error
            raise
        return str(answer["authorisation"])

    def _save(self, lines: Sequence[Line], amount: Decimal, authorisation: str) -> int:
        statements: list[dict[str, object]] = [
            {
                "sql": "INSERT INTO orders (total, authorisation) VALUES (?, ?)",
                "parameters": [str(amount), authorisation],
            }
        ]
        for line in lines:
            statements.append(
                {
                    "sql": "INSERT INTO order_lines (order_id, sku, quantity, price)"
                    " VALUES ((SELECT max(id) FROM orders), ?, ?, ?)",
                    "parameters": [line.sku, line.quantity, str(line.price)],
                }
            )
            statements.append(
                {
                    "sql": "UPDATE products SET sold = sold + ? WHERE sku = ?",
                    "parameters": [line.quantity, line.sku],
                }
            )
        written = self._client.post(
            "database", "/transaction", {"statements": statements}, timeout=self._database_timeout
        )
        return int(written["ids"][0])


def main() -> None:
    """Starts the checkout."""
    service = Service.here(__file__)
    service.client.expect("catalogue", "payment", "database")
    service.route("POST", "/orders", Checkout(service).place)
    service.serve()


if __name__ == "__main__":
    main()
