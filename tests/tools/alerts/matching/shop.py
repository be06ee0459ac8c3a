"""A catalogue of the tests: how the services of a small bookshop are called."""

from incidents.catalogue import Endpoint, LabelNames, Service, ServiceKind
from tools.alerts.matching.names import ServiceNames

SERVICES = (
    Service(
        name="storefront",
        user_facing=True,
        endpoints=(Endpoint(name="home", url="https://books.example.org/"),),
        depends_on=("basket",),
    ),
    Service(
        name="basket",
        aliases=("cart",),
        namespaces=("bookshop",),
        endpoints=(Endpoint(name="alive", url="https://books.example.org/basket/alive"),),
    ),
    Service(name="ledger", workloads=("ledger-*",), otel=("finance/accounts",), namespaces=("finance",)),
    Service(name="ledger-db", kind=ServiceKind.DATABASE, hosts=("db-*.ledger.example.org",), ports=(5499,)),
    Service(
        name="orders-events",
        kind=ServiceKind.QUEUE,
        labels=(
            LabelNames(sender="any", label="squad", values=("order-stream",)),
            LabelNames(sender="datadog", label="tier", values=("stream*",)),
        ),
    ),
)
NAMES = ServiceNames(SERVICES)
