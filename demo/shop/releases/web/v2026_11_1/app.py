"""The front: what customers see. Browsing asks the catalogue, ordering asks the checkout."""

from prometheus_client import Counter

from demo.shop.client import UpstreamError
from demo.shop.pages import Pages
from demo.shop.service import Refusal, Reply, Request, Service

ORDERS = Counter("shop_orders", "Orders that customers got confirmed.")
REVENUE = Counter("shop_revenue_eur", "Money from confirmed orders, in EUR.")
LOST = Counter("shop_campaign_orders_lost", "Orders of an advertising campaign that failed.", ["campaign"])
EXPORTS = Counter("audit_customer_exports", "Pages of customer data that were handed out.", ["actor"])
EXPORT_PAGE = 50


class Web:
    """The pages of the shop."""

    def __init__(self, service: Service) -> None:
        self._client = service.client
        self._flags = service.flags
        self._log = service.telemetry.log
        self._pages = Pages(limit=service.config["memory_limit"], page_bytes=service.config["page_bytes"])
        self._stylesheets: list[str] = service.config["stylesheets"]
        self._catalogue_timeout: float = service.config["catalogue_timeout"]
        self._checkout_timeout: float = service.config["checkout_timeout"]

    def browse(self, request: Request) -> Reply:
        """One page of the catalogue."""
        page = int(request.parameters.get("page", "1"))
        listing = self._client.get("catalogue", f"/products?page={page}", timeout=self._catalogue_timeout)
        return Reply(body={"page": page, "products": listing["products"]})

    def product(self, request: Request) -> Reply:
        """One product with its price; the page is kept for whoever follows the same link."""
        sku = int(request.parameters["sku"])
        link = f"{sku}?{request.parameters.get('ref', '')}"
        self._pages.make_room()
        found = self._client.get("catalogue", f"/prices?skus={sku}", timeout=self._catalogue_timeout)
        if not found["products"]:
            raise Refusal(404, f"there is no product {sku}")
        self._pages.keep(link)
        return Reply(body={"product": found["products"][0]})

    def checkout(self, request: Request) -> Reply:
        """Orders a cart; a declined card is the customer's to solve, everything else is ours."""
        campaign = request.parameters.get("utm_campaign", "")
        cart = {"lines": request.body["lines"]}
        try:
            order = self._client.post("checkout", "/orders", cart, timeout=self._checkout_timeout)
        except UpstreamError as error:
            if error.status == 402:
                self._log("info", "customer was asked for another card")
                raise Refusal(402, "the card was declined") from error
            if campaign:
                LOST.labels(campaign).inc()
                self._log("warn", f"order of campaign {campaign!r} failed")
            raise
        ORDERS.inc()
        REVENUE.inc(float(order["total"]))
        self._log("info", f"order {order['order']} confirmed, {order['total']} EUR")
        return Reply(status=201, body={"order": order["order"], "total": order["total"]})

    def asset(self, request: Request) -> Reply:
        """A stylesheet."""
        name = request.parameters["name"]
        if name not in self._stylesheets:
            self._log("warn", f"asset {name} is missing")
            raise Refusal(404, f"there is no {name}")
        return Reply(body={"name": name})

    def export(self, request: Request) -> Reply:
        """A page of customers, for the support's spreadsheets; every page is audited."""
        if not self._flags.on("customer_export"):
            raise Refusal(403, "the export of customers is switched off")
        page, actor = int(request.parameters["page"]), request.parameters["actor"]
        address = request.parameters.get("address", "unknown")
        EXPORTS.labels(actor).inc()
        self._log(
            "info", f"GET /customers/export page {page} by {actor} from {address}: {EXPORT_PAGE} customers"
        )
        first = (page - 1) * EXPORT_PAGE + 1
        rows = [
            {"customer": number, "mail": f"customer-{number}@shop.example"}
            for number in range(first, first + EXPORT_PAGE)
        ]
        return Reply(body={"page": page, "customers": rows})


def main() -> None:
    """Starts the front."""
    service = Service.here(__file__)
    service.client.expect("catalogue", "checkout")
    web = Web(service)
    service.route("GET", "/", web.browse)
    service.route("GET", "/product/{sku}", web.product)
    service.route("POST", "/checkout", web.checkout)
    service.route("GET", "/assets/{name}", web.asset)
    service.route("GET", "/customers/export", web.export)
    service.serve()


if __name__ == "__main__":
    main()
