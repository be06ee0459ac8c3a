"""Catalogue: what the shop sells and for how much."""

from typing import Any

from demo.shop.service import Refusal, Reply, Request, Service

MOST_PRICES = 20


class Catalogue:
    """Reads products from the database."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._log = service.telemetry.log
        self._page_size: int = service.config["page_size"]
        self._timeout: float = service.config["database_timeout"]

    def products(self, request: Request) -> Reply:
        """One page of products, best sellers first."""
        page = int(request.parameters.get("page", "1"))
        if page < 1:
            raise Refusal(422, f"there is no page {page}")
        products = self._rows(
            "SELECT sku, name, price FROM products ORDER BY sold DESC, sku LIMIT ? OFFSET ?",
            [self._page_size, (page - 1) * self._page_size],
        )
        self._log("info", f"listed page {page}, {len(products)} products")
        return Reply(body={"products": products})

    def prices(self, request: Request) -> Reply:
        """Name and price of the products asked for; those that are not sold are left out."""
        skus = [int(sku) for sku in request.parameters["skus"].split(",")]
        if len(skus) > MOST_PRICES:
            raise Refusal(422, f"at most {MOST_PRICES} products at once")
        products = [
            product
            for sku in skus
            for product in self._rows("SELECT sku, name, price FROM products WHERE sku = ?", [sku])
        ]
        return Reply(body={"products": products})

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
