"""The real shop: really asked, really broken, really rolled back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.catalogue import DEPLOYED, FIRST_VERSIONS
from demo.launcher import Shop
from demo.processes import wait_for
from demo.releases import UnknownReleaseError
from demo.supervision import ROOT
from tests.demo.needs import SHOP
from tests.demo.shopping import accepted_order, ask, metrics, order, written
from tests.patience import PATIENCE

pytestmark = SHOP


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


def test_every_service_says_which_version_runs(shop: Shop) -> None:
    assert {name: shop.running_version(name) for name in DEPLOYED} == FIRST_VERSIONS


def test_an_order_goes_through_all_services_and_its_trace_joins_up(shop: Shop) -> None:
    number = accepted_order(shop, 3, 8).body["order"]

    (confirmed,) = [
        line for line in written(shop, "logs", "web") if f"order {number} conf" in line["message"]
    ]
    trace = confirmed["trace_id"]

    def whole_trace() -> dict[str, dict[str, str]] | None:
        spans = {
            span["span_id"]: span
            for name in DEPLOYED
            for span in written(shop, "traces", name)
            if span["trace_id"] == trace
        }
        return spans if any(not span["parent_id"] for span in spans.values()) else None

    spans = wait_for("the root span", whole_trace, seconds=PATIENCE)
    roots = [span for span in spans.values() if not span["parent_id"]]
    assert [(root["service"], root["operation"]) for root in roots] == [("web", "POST /checkout")]
    assert {span["service"] for span in spans.values()} == set(DEPLOYED)
    assert {span["parent_id"] for span in spans.values()} - {""} <= set(spans)
    assert confirmed["span_id"] in spans
    assert {line["trace_id"] for line in written(shop, "logs", "payment")} >= {trace}


def test_no_errors_is_a_measured_zero(shop: Shop) -> None:
    ask(shop, "web", "/?page=1")

    served = 'http_request_method="GET",http_response_status_code="500",http_route="/"'
    assert f"http_server_request_duration_seconds_count{{{served}}} 0.0" in metrics(shop, "web")
    called = 'http_response_status_code="500",peer="payment"'
    assert f"http_client_request_duration_seconds_count{{{called}}} 0.0" in metrics(shop, "checkout")


def test_the_shop_counts_its_money(shop: Shop) -> None:
    def revenue() -> float:
        lines = metrics(shop, "web").splitlines()
        return next(float(line.split()[1]) for line in lines if line.startswith("shop_revenue_eur_total "))

    before = revenue()
    total = accepted_order(shop, 11).body["total"]

    assert revenue() == pytest.approx(before + float(total))
    assert 'version="2026.11.1"' in metrics(shop, "checkout")


def test_bad_input_is_refused_not_served(shop: Shop) -> None:
    assert ask(shop, "web", "/product/9999").status == 404
    assert ask(shop, "web", "/nowhere").status == 404
    assert ask(shop, "catalogue", "/products?page=0").status == 422
    assert ask(shop, "payment", "/authorise", {"amount": "much"}).status == 422


def test_the_bad_release_fails_and_the_rollback_heals(shop: Shop) -> None:
    good = shop.running_version("checkout")
    change = shop.deploy("checkout", "2026.11.2")
    assert (change.version_from, change.version_to, change.kind) == (good, "2026.11.2", "deploy")

    assert order(shop, 3, 8).status == 502
    accepted_order(shop, 3)
    lines = written(shop, "logs", "checkout")
    reason = "TypeError: unsupported operand type(s) for *: 'decimal.Decimal' and 'float'"
    (failure,) = [line for line in lines if line["level"] == "error" and reason in line["message"]]
    assert sum("attempt" in line["message"] for line in lines if line["trace_id"] == failure["trace_id"]) == 3

    back = shop.rollback("checkout")
    assert (back.version_to, back.summary) == (good, "Roll back 2026.11.2")
    assert shop.running_version("checkout") == good
    accepted_order(shop, 3, 8)


def test_a_change_of_configuration_only_shares_the_code(shop: Shop) -> None:
    change = shop.deploy("catalogue", "2026.11.4")

    assert change.kind == "config"
    assert len(ask(shop, "web", "/?page=1").body["products"]) == 24


def test_a_release_that_is_not_there_changes_nothing(shop: Shop) -> None:
    before = shop.pids()

    with pytest.raises(UnknownReleaseError, match=r"payment: no release 2027\.1\.1"):
        shop.deploy("payment", "2027.1.1")
    assert shop.pids() == before


def test_a_killed_launcher_leaves_no_service_behind(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from demo.launcher import Shop\n"
        "with Shop(pathlib.Path(sys.argv[1])) as shop:\n"
        "    print(*shop.pids().values(), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    launcher = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", program, tmp_path],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        assert launcher.stdout is not None
        pids = [int(pid) for pid in launcher.stdout.readline().split()]
        launcher.kill()

    assert len(pids) == 1 + sum(entry.started for entry in DEPLOYED.values())
    wait_for("the services' end", lambda: None if any(map(_alive, pids)) else True, seconds=PATIENCE)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
