"""The closed loop in small: real Prometheus, real Alertmanager, the real bad release."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest

from demo.catalogue import DEPLOYED
from demo.launcher import Shop
from demo.load import Load
from demo.monitoring import stack
from demo.monitoring.receiver import Receiver
from demo.monitoring.stack import Monitoring, MonitoringMissingError, Settings
from demo.processes import wait_for
from tests.demo.needs import MONITORING, SHOP
from tests.patience import PATIENCE

QUICK = Settings(scrape=1, window=4, hold=0)


@SHOP
@MONITORING
def test_the_alert_fires_on_the_front_and_the_series_show_the_culprit(tmp_path: Path) -> None:
    began = datetime.now(UTC)
    shop = Shop(tmp_path / "shop")
    with (
        Receiver() as receiver,
        # First, because Prometheus takes five seconds to look at its targets at all.
        Monitoring(
            tmp_path / "m", targets=shop.targets, receiver_port=receiver.port, settings=QUICK
        ) as monitoring,
        shop,
    ):
        shop.deploy("checkout", "2026.11.2")
        load = Load(shop.places["web"].port, rate=12, seed=3)
        customers = threading.Thread(target=load.run, args=(120,))
        customers.start()
        hook = receiver.wait_for("firing", after=began, seconds=PATIENCE, alert="HighErrorRate")
        worst = wait_for(
            "the culprit in the series", lambda: _worst(monitoring, shop, began), seconds=PATIENCE
        )
        load.stop()
    customers.join()

    labels = hook.payload["alerts"][0]["labels"]
    assert (labels["alertname"], labels["service"], labels["http_route"]) == (
        "HighErrorRate",
        "web",
        "/checkout",
    )
    assert "127.0.0.1" not in str(hook.payload)
    assert worst["catalogue"] == worst["database"] == 0


def _worst(monitoring: Monitoring, shop: Shop, began: datetime) -> dict[str, float] | None:
    (query,) = [one for one in monitoring.queries()["service"] if one.metric == "error_ratio"]
    samples = monitoring.range(query.query, began, datetime.now(UTC), timedelta(seconds=1))
    worst: dict[str, float] = {}
    for sample in samples:
        service = sample.labels["service"]
        worst[service] = max(worst.get(service, 0.0), sample.value)
    return worst if set(worst) == set(DEPLOYED) and worst["checkout"] > 0.3 else None


@MONITORING
def test_every_query_of_a_recording_is_one_that_prometheus_understands(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with Monitoring(tmp_path / "m", targets=tmp_path, receiver_port=9, settings=QUICK) as monitoring:
        asked = [query.query for queries in monitoring.queries().values() for query in queries]
        assert len(asked) > 10
        for query in asked:  # nothing is scraped: what is understood answers without a sample
            assert monitoring.range(query, now - timedelta(seconds=10), now, timedelta(seconds=5)) == []
        with pytest.raises(HTTPError, match="400"):
            monitoring.range("sum by (", now - timedelta(seconds=10), now, timedelta(seconds=5))


def test_missing_programs_are_named_with_the_way_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MonitoringMissingError, match="apt-get install prometheus prometheus-alertmanager"):
        stack.require_programs()
