"""Catalogue: what the shop sells and for how much."""

import time
from decimal import Decimal
from typing import Any

from demo.shop.service import Refusal, Reply, Request, Service

MOST_PRICES = 20
BANDS = (10, 25, 50, 100)


def euros(price: str) -> Decimal:
    """The amount that a price says."""
    return Decimal(price)


def band(price: Decimal) -> str:
    """The price filter that a product falls under."""
    return next((f"up to {most} EUR" for most in BANDS if price <= most), "more")


class Catalogue:
    """Reads products from the database."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._log = service.telemetry.log
        self._page_size: int = service.config["page_size"]
        self._timeout: float = service.config["database_timeout"]
        self._render: float = service.config["render_seconds"]

    def products(self, request: Request) -> Reply:
        """One page of products, best sellers first."""
        page = int(request.parameters.get("page", "1"))
        if page < 1:
            raise Refusal(422, f"there is no page {page}")
        rows = self._rows(
            "SELECT sku, name, price FROM products ORDER BY sold DESC, sku LIMIT ? OFFSET ?",
            [self._page_size, (page - 1) * self._page_size],
        )
        products = [
            row | {"price": str(euros(row["price"])), "band": band(euros(row["price"]))} for row in rows
        ]
        time.sleep(self._render)
        self._log("info", f"listed page {page}, {len(products)} products")
        return Reply(body={"products": products})

    def prices(self, request: Request) -> Reply:
        """Name and price of the products asked for; those that are not sold are left out."""
        skus = [int(sku) for sku in request.parameters["skus"].split(",")]
        if len(skus) > MOST_PRICES:
            raise Refusal(422, f"at most {MOST_PRICES} products at once")
        rows = [
            row
            for sku in skus
            for row in self._rows("SELECT sku, name, price FROM products WHERE sku = ?", [sku])
        ]
        return Reply(body={"products": [row | {"price": str(euros(row["price"]))} for row in rows]})

    def _rows(self, sql: str, parameters: list[int]) -> list[dict[str, Any]]:
        answer = self._client.post(
            "database", "/query", {"sql": sql, "parameters": parameters}, timeout=self._timeout
        )
        rows: list[dict[str, Any]] = answer["rows"]
        return rows


def main() -> None:
    """Starts the catalogue."""
    service = Service.here(__file__)
    service.client.expect("database")
    catalogue = Catalogue(service)
    service.route("GET", "/products", catalogue.products)
    service.route("GET", "/prices", catalogue.prices)
    service.serve()


if __name__ == "__main__":
    main()
