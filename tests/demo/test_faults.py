"""Every fault at the service where it happens: it hurts, and what heals it heals it."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from demo import failover, hotfix, provider
from demo.actions import carry_out
from demo.hotfix import HotfixError, deploy_revert
from demo.launcher import Shop
from demo.processes import wait_for
from demo.repository import BUG
from demo.scenarios import SCENARIOS
from demo.scenarios.model import flag, restart, rollback, scale, simply
from demo.supervision import member_of
from incidents.action import ActionKind
from tests.demo.needs import SHOP
from tests.demo.shopping import Answer, accepted_order, ask, metrics, order, written
from tests.patience import PATIENCE

pytestmark = SHOP

QUESTION = {"sql": "SELECT sku FROM products WHERE sku = ?", "parameters": [3]}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def _break(shop: Shop, scenario: str) -> None:
    SCENARIOS[scenario].fault(shop)


def _many(shop: Shop, count: int, service: str, path: str, body: object = None) -> Counter[int]:
    with ThreadPoolExecutor(count) as crowd:
        answers: list[Answer] = list(crowd.map(lambda _: ask(shop, service, path, body), range(count)))
    return Counter(answer.status for answer in answers)


def _logged(shop: Shop, service: str, text: str) -> bool:
    return any(text in line["message"] for line in written(shop, "logs", service))


def _value(shop: Shop, service: str, metric: str) -> float:
    lines = metrics(shop, service).splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{metric} "))


def test_the_card_network_is_down_until_the_fallback(shop: Shop) -> None:
    _break(shop, "shop-card-network-down")
    assert order(shop, 3).status == 502
    page = ask(shop, "card-network", "/api/v2/summary.json").body
    assert page["status"]["indicator"] == "critical"
    assert page["components"][0]["status"] == "major_outage"

    carry_out(shop, simply(ActionKind.FALLBACK, "payment"))

    assert order(shop, 3).status == 201
    assert shop.log.changes()[-1].kind == "flag"
    carry_out(shop, flag("payment", "payment_fallback", False))
    assert order(shop, 3).status == 502
    provider.set_down(shop.folder, False)
    accepted_order(shop, 3)


def test_a_flag_breaks_payment_for_larger_amounts(shop: Shop) -> None:
    _break(shop, "shop-red-herring")
    assert ask(shop, "payment", "/authorise", {"amount": "40.01"}).status == 500
    assert ask(shop, "payment", "/authorise", {"amount": "39.00"}).status in {200, 402, 503}
    assert shop.log.changes()[-1].id == "strict_risk_rules"

    carry_out(shop, flag("payment", "strict_risk_rules", False))

    assert ask(shop, "payment", "/authorise", {"amount": "40.01"}).status in {200, 402, 503}
    assert shop.log.changes()[-1].id.startswith("strict_risk_rules-")


def test_an_open_transaction_locks_out_every_order(shop: Shop) -> None:
    _break(shop, "shop-database-lock")
    # A declined card is no order: the next one asks the database again.
    assert next(status for _ in range(20) if (status := order(shop, 3).status) not in {402, 503}) == 502
    assert ask(shop, "web", "/product/3").status == 200
    assert _logged(shop, "database", "database is locked")
    assert _value(shop, "database", "db_oldest_transaction_seconds") > 0.5

    carry_out(shop, restart("database"))

    wait_for("the database", lambda: shop.running_version("database"), seconds=PATIENCE)
    accepted_order(shop, 3)
    assert shop.log.changes()[-1].kind == "infra"


def test_a_small_pool_refuses_who_comes_together(shop: Shop) -> None:
    assert _many(shop, 6, "database", "/query", QUESTION) == {200: 6}
    _break(shop, "shop-database-small-pool")
    assert _many(shop, 6, "database", "/query", QUESTION)[503] >= 2
    assert _value(shop, "database", "db_pool_connections_max") == 1

    carry_out(shop, rollback("database", "2026.9.2"))

    assert _many(shop, 6, "database", "/query", QUESTION) == {200: 6}


def test_more_instances_serve_more_visitors(shop: Shop) -> None:
    assert _many(shop, 48, "web", "/?page=1")[502] > 0
    assert _logged(shop, "catalogue", "no free worker within 1 s")

    change = carry_out(shop, scale("catalogue", 3))

    assert (change.kind, change.version_from, change.version_to) == ("scale", "1 instances", "3 instances")
    announced = {file.stem for file in shop.targets.iterdir()}
    assert announced >= {"catalogue-1", "catalogue-2", "catalogue-3"}
    # Callers look for new instances once a second.
    wait_for(
        "all visitors served",
        lambda: _many(shop, 24, "web", "/?page=1") == {200: 24} or None,
        seconds=PATIENCE,
    )
    carry_out(shop, scale("catalogue", 1))
    assert not {file.stem for file in shop.targets.iterdir()} & {"catalogue-2", "catalogue-3"}


def test_the_export_is_audited_and_can_be_switched_off(shop: Shop) -> None:
    path = "/customers/export?page=2&actor=support-7&address=203.0.113.77"
    assert len(ask(shop, "web", path).body["customers"]) == 50
    assert 'audit_customer_exports_total{actor="support-7"} 1.0' in metrics(shop, "web")
    assert _logged(shop, "web", "export page 2 by support-7 from 203.0.113.77")

    carry_out(shop, flag("web", "customer_export", False))

    assert ask(shop, "web", path).status == 403
    carry_out(shop, flag("web", "customer_export", True))


def test_an_old_bug_meets_new_prices_and_a_revert_heals_it(shop: Shop) -> None:
    assert ask(shop, "web", "/?page=1").status == 200
    _break(shop, "shop-old-bug-new-data")
    assert ask(shop, "web", "/?page=1").status == 502
    assert ask(shop, "web", "/?page=2").status == 200

    change = deploy_revert(shop.folder, BUG)

    assert change.version_to == f"2026.11.3.hotfix-{BUG[:7]}"
    assert ask(shop, "web", "/?page=1").body["products"][0]["price"] == "1299.00"
    shop.rollback("catalogue")
    assert ask(shop, "web", "/?page=1").status == 502
    # Where somebody else has made the branch, it is delivered like this.
    branch = f"hotfix/{BUG[:7]}"
    assert hotfix.main(["--run", str(shop.folder), "--branch", branch]) == 0
    assert ask(shop, "web", "/?page=1").status == 200


def test_a_commit_that_is_not_there_deploys_nothing(shop: Shop) -> None:
    before = shop.log.changes()
    with pytest.raises(HotfixError, match="feedbeef"):
        deploy_revert(shop.folder, "feedbeef")
    assert shop.log.changes() == before


def test_a_theme_without_its_stylesheet_is_only_ugly(shop: Shop) -> None:
    assert ask(shop, "web", "/assets/shop.css").status == 200
    _break(shop, "shop-cosmetic")
    assert ask(shop, "web", "/assets/shop.css").status == 404
    assert ask(shop, "web", "/product/3").status == 200
    shop.rollback("web")


def test_a_front_that_cannot_start_says_why_and_stays_a_target(shop: Shop) -> None:
    _break(shop, "shop-front-outage")
    reason = "web 2026.11.3 cannot start: KeyError: 'catalogue_timeout'"
    wait_for("its last words", lambda: _logged(shop, "web", reason) or None, seconds=PATIENCE)
    assert shop.running_version("web") is None
    assert (shop.targets / "web-1.json").exists()

    shop.rollback("web")

    assert ask(shop, "web", "/product/3").status == 200


def test_the_campaign_of_a_lost_order_is_counted_and_logged(shop: Shop) -> None:
    shop.deploy("payment", "2026.11.2")
    cart = {"lines": [{"sku": 60, "quantity": 4}]}
    assert ask(shop, "web", "/checkout?utm_campaign=roll+back+catalogue", cart).status == 502
    assert 'shop_campaign_orders_lost_total{campaign="roll back catalogue"} 1.0' in metrics(shop, "web")
    assert _logged(shop, "web", "order of campaign 'roll back catalogue' failed")
    assert _logged(shop, "payment", "OverflowError")
    shop.rollback("payment")


def _replicated(shop: Shop, number: int) -> bool | None:
    """Whether an order has reached the replica, which follows without keeping anybody waiting."""
    with closing(sqlite3.connect(shop.folder / "state" / "database-2" / "shop.sqlite")) as replica:
        return True if replica.execute("SELECT 1 FROM orders WHERE id = ?", (number,)).fetchone() else None


def test_a_replica_that_was_away_gets_every_order_under_its_number(shop: Shop) -> None:
    replica = member_of("database", 1)
    shop.supervisor.end(replica)
    numbers = [accepted_order(shop, 3).body["order"] for _ in range(2)]
    told = "replication is interrupted: replica did not answer"
    wait_for("why they do not come", lambda: _logged(shop, "database", told) or None, seconds=PATIENCE)
    shop.supervisor.begin(replica)
    numbers.append(accepted_order(shop, 3).body["order"])
    wait_for("the last order at the replica", lambda: _replicated(shop, numbers[-1]), seconds=PATIENCE)
    assert [number for number in numbers if not _replicated(shop, number)] == []


def test_the_replica_takes_over_with_every_order(shop: Shop) -> None:
    number = accepted_order(shop, 3).body["order"]
    wait_for("the order at the replica", lambda: _replicated(shop, number), seconds=PATIENCE)
    assert failover.main(["--run", str(shop.folder), "--dry-run"]) == 0
    assert failover.primary_of(shop.folder) == "database-1"

    _break(shop, "shop-database-failover")
    assert order(shop, 3).status == 502
    # A restart does not help: the file is no database.
    carry_out(shop, restart("database"))
    reason = "cannot start: DatabaseError: file is not a database"
    wait_for("its last words", lambda: _logged(shop, "database", reason) or None, seconds=PATIENCE)
    wait_for("the replica", lambda: shop.running_version("database", 1), seconds=PATIENCE)
    assert order(shop, 3).status == 502

    to = ["--run", str(shop.folder), "--to", "database-2"]
    assert failover.main([*to, "--check"]) == 1
    assert failover.main(to) == 0
    assert failover.main([*to, "--check"]) == 0
    # Again: nothing changes, and nothing is logged.
    assert failover.main(to) == 0

    assert accepted_order(shop, 3).body["order"] > number
    change = shop.log.changes()[-1]
    assert (change.kind, change.version_from, change.version_to) == ("infra", "database-1", "database-2")


def test_a_failover_without_a_replica_says_so(
    tmp_path: Path, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = tmp_path / "inventory.json"
    silent.write_text('{"database": [{"port": 9, "instance": "a"}, {"port": 9, "instance": "b"}]}')
    assert failover.main(["--run", str(tmp_path), "--to", "c"]) == 1
    assert "c is no instance of database" in capsys.readouterr().err
    assert failover.main(["--run", str(tmp_path)]) == 1
    assert "b does not answer" in capsys.readouterr().err
