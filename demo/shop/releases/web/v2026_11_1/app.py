"""The front: what customers see. Browsing asks the catalogue, ordering asks the checkout."""

from prometheus_client import Counter

from demo.shop.client import UpstreamError
from demo.shop.service import Refusal, Reply, Request, Service

ORDERS = Counter("shop_orders", "Orders that customers got confirmed.")
REVENUE = Counter("shop_revenue_eur", "Money from confirmed orders, in EUR.")


class Web:
    """The pages of the shop."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._log = service.telemetry.log
        self._catalogue_timeout: float = service.config["catalogue_timeout"]
        self._checkout_timeout: float = service.config["checkout_timeout"]

    def browse(self, request: Request) -> Reply:
        """One page of the catalogue."""
        page = int(request.parameters.get("page", "1"))
        listing = self._client.get("catalogue", f"/products?page={page}", timeout=self._catalogue_timeout)
        return Reply(body={"page": page, "products": listing["products"]})

    def product(self, request: Request) -> Reply:
        """One product with its price."""
        sku = int(request.parameters["sku"])
        found = self._client.get("catalogue", f"/prices?skus={sku}", timeout=self._catalogue_timeout)
        if not found["products"]:
            raise Refusal(404, f"there is no product {sku}")
        return Reply(body={"product": found["products"][0]})

    def checkout(self, request: Request) -> Reply:
        """Orders a cart; a declined card is the customer's to solve, everything else is ours."""
        lines = request.body["lines"]
        try:
            order = self._client.post("checkout", "/orders", {"lines": lines}, timeout=self._checkout_timeout)
        except UpstreamError as error:
            if error.status == 402:
                self._log("info", "customer was asked for another card")
                raise Refusal(402, "the card was declined") from error
            raise
        ORDERS.inc()
        REVENUE.inc(float(order["total"]))
        self._log("info", f"order {order['order']} confirmed, {order['total']} EUR")
        return Reply(status=201, body={"order": order["order"], "total": order["total"]})


def main() -> None:
    """Starts the front."""
    service = Service.here(__file__)
    service.client.expect("catalogue", "checkout")
    web = Web(service)
    service.route("GET", "/", web.browse)
    service.route("GET", "/product/{sku}", web.product)
    service.route("POST", "/checkout", web.checkout)
    service.serve()


if __name__ == "__main__":
    main()
