"""What happens to systems that nobody changed: locks, load, leaks, broken disks, data, other companies."""

from demo import failover, provider
from demo.launcher import Shop
from demo.repository import BUG
from demo.scenarios.model import (
    LARGER_PAGES,
    Line,
    Scenario,
    Sign,
    Truth,
    failing,
    flag,
    healthy,
    restart,
    rollback,
    scale,
    simply,
    slow,
)
from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Category


def _forget_a_transaction(shop: Shop) -> None:
    statements = ["UPDATE products SET price = '9.95' WHERE sku = 1"]
    shop.ask("database", "/sessions", {"user": "aiko (console)", "statements": statements})


DATABASE_LOCK = Scenario(
    id="shop-database-lock",
    title="Orders cannot be saved",
    alert="HighErrorRate",
    fault=_forget_a_transaction,
    remedy=restart("database"),
    signs=(
        failing("database", above=0.05),
        Sign(says="a transaction is open", query="max(db_oldest_transaction_seconds)", above=4),
        Sign(
            says="others wait",
            query="max_over_time(sum(db_sessions_waiting_for_lock)[@{window}:1s])",
            above=0,
        ),
        Line(service="database", pattern="database is locked"),
        healthy("payment"),
    ),
    truth=Truth(
        severity="P1",
        service="database",
        category=Category.INFRASTRUCTURE,
        metric="sessions_waiting",
        note=(
            "Somebody began a transaction in a console and left it open. It holds SQLite's only write"
            " lock: every order waits a second for it and fails. A restart of the database ends the"
            " session."
        ),
        right=(restart("database"),),
        harmless=(simply(ActionKind.FAILOVER, "database"),),
        wrong=(restart("checkout"), restart("payment")),
    ),
)

CARD_NETWORK_DOWN = Scenario(
    id="shop-card-network-down",
    title="No card payment goes through",
    alert="HighErrorRate",
    prelude=lambda shop: shop.deploy("catalogue", "2026.11.4"),
    fault=lambda shop: provider.set_down(shop.folder, True),
    remedy=simply(ActionKind.FALLBACK, "payment"),
    signs=(
        failing("payment", above=0.8),
        Sign(
            says="calls of card-network fail",
            query=(
                'sum(rate(http_client_request_duration_seconds_count{peer="card-network",'
                'http_response_status_code=~"5.."}[@{window}]))'
            ),
            above=0.5,
        ),
        Line(service="payment", pattern="card-network answered 503"),
        healthy("catalogue"),
    ),
    truth=Truth(
        severity="P1",
        service="card-network",
        category=Category.DEPENDENCY,
        metric="error_ratio",
        note=(
            "The card network, which is not ours, refuses every authorisation, and its status page says"
            " so. The fallback of payment accepts orders and authorises them later."
        ),
        right=(
            simply(ActionKind.FALLBACK, "payment"),
            simply(ActionKind.FALLBACK, "card-network"),
            flag("payment", "payment_fallback", True),
        ),
        harmless=(restart("payment"),),
        wrong=(rollback("catalogue", "2026.11.3"), restart("database")),
        red_herrings=(LARGER_PAGES,),
    ),
)

TRAFFIC_SURGE = Scenario(
    id="shop-traffic-surge",
    title="The shop is slow and turns visitors away",
    alert="HighErrorRate",
    fault=lambda shop: shop.crowd("visitors", "browsers", rate=16),
    remedy=scale("catalogue", 3),
    signs=(
        failing("catalogue", above=0.05),
        Sign(
            says="requests per second of catalogue above 15",
            query='sum(rate(http_server_request_duration_seconds_count{service="catalogue"}[@{window}]))',
            above=15,
        ),
        Sign(
            says="the workers of catalogue are busy",
            query=(
                'avg_over_time(http_server_workers_busy{service="catalogue"}[@{window}])'
                " / http_server_workers_max"
            ),
            above=0.8,
        ),
        Line(service="catalogue", pattern="no free worker within"),
        healthy("database"),
    ),
    truth=Truth(
        severity="P1",
        service="catalogue",
        category=Category.INFRASTRUCTURE,
        metric="workers_busy",
        note=(
            "Six times as many visitors as usual browse. The three workers of the only instance of"
            " catalogue are always busy; who waits longer than a second is refused. Nothing was changed,"
            " nothing is broken."
        ),
        right=(scale("catalogue", 3), scale("catalogue", 2), scale("catalogue", 4)),
        wrong=(restart("catalogue"), restart("database")),
    ),
)

MEMORY_LEAK = Scenario(
    id="shop-memory-leak",
    title="Product pages take more than a second",
    alert="HighLatency",
    fault=lambda shop: shop.crowd("newsletter", "newsletter", rate=14, seconds=25),
    remedy=restart("web"),
    signs=(
        Sign(
            says="web uses most of its memory",
            query='max(process_resident_memory_bytes{service="web"} / process_memory_limit_bytes)',
            above=0.8,
        ),
        slow("web", above=1),
        slow("catalogue", below=0.8),
        healthy("web"),
    ),
    truth=Truth(
        severity="P1",
        service="web",
        category=Category.INFRASTRUCTURE,
        metric="memory",
        note=(
            "The front keeps a rendered page for every link that anybody follows, and forgets none. The"
            " links of a newsletter are all different: within half a minute its memory is nearly used up,"
            " and every product page waits for more. It stays so after the readers are gone. Nothing was"
            " deployed."
        ),
        right=(restart("web"),),
        harmless=(scale("catalogue", 2),),
        wrong=(restart("catalogue"), restart("database")),
    ),
)


def _break_the_primarys_disk(shop: Shop) -> None:
    instance = failover.primary_of(shop.folder)
    file = shop.folder / "state" / instance / "shop.sqlite"
    for part in file.parent.iterdir():
        part.unlink()
    file.write_bytes(b"\x00" * 4096 + b"bad sector" * 400)
    shop.kill("database", 0)


DATABASE_FAILOVER = Scenario(
    id="shop-database-failover",
    title="The database is gone, and with it the shop",
    alert="HighErrorRate",
    fault=_break_the_primarys_disk,
    remedy=simply(ActionKind.FAILOVER, "database"),
    signs=(
        Sign(says="the primary is down", query='max(up{instance="database-1"})', below=0.5),
        Sign(says="the replica is up", query='min(up{instance="database-2"})', above=0.5),
        failing("web", above=0.8),
        Line(service="database", pattern="cannot start: DatabaseError: file is not a database"),
    ),
    truth=Truth(
        severity="P0",
        service="database",
        category=Category.INFRASTRUCTURE,
        metric="up",
        note=(
            "The disk of the primary is broken: its file is no database any more, and the process dies"
            " whenever it starts. The replica has every order up to then and has to take over."
        ),
        right=(simply(ActionKind.FAILOVER, "database"),),
        harmless=(restart("checkout"),),
        wrong=(restart("database"), restart("web")),
    ),
)


def _import_prices(shop: Shop) -> None:
    prices = {61: "1.299,00", 62: "1.049,00", 63: "2.199,00"}
    statements = [
        {
            "sql": "INSERT INTO products (sku, name, price, sold) VALUES (?, ?, ?, 100000)",
            "parameters": [sku, f"oak table {sku}", price],
        }
        for sku, price in prices.items()
    ]
    shop.ask("database", "/transaction", {"statements": statements, "by": "the supplier feed"})


OLD_BUG = Scenario(
    id="shop-old-bug-new-data",
    title="The first page of the shop fails",
    alert="HighErrorRate",
    fault=_import_prices,
    remedy=Action(kind=ActionKind.HOTFIX, service="catalogue", arguments=Arguments(commit=BUG)),
    signs=(
        failing("catalogue", above=0.05),
        Line(service="catalogue", pattern="InvalidOperation"),
        Line(service="database", pattern="transaction of the supplier feed"),
        healthy("checkout"),
    ),
    truth=Truth(
        severity="P2",
        service="catalogue",
        category=Category.CODE,
        metric="error_ratio",
        note=(
            "Since a commit of long ago the catalogue reads only prices written as 1299.00. A supplier's"
            " feed brought new best sellers with prices like 1.299,00: the first page of the list fails,"
            " the others and all orders work. No release can be taken back that would help; reverting the"
            " commit does."
        ),
        right=(Action(kind=ActionKind.HOTFIX, service="catalogue", arguments=Arguments(commit=BUG)),),
        wrong=(restart("catalogue"), simply(ActionKind.FAILOVER, "database")),
    ),
)
