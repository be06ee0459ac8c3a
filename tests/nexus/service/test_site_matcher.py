"""How a live world's alerts find their services, through the doors: one failing service is one incident."""

from pathlib import Path

import pytest

from incidents.alert import Alert
from incidents.catalogue import Service
from tests.nexus.command_line import Terminal
from tests.nexus.server.test_dispositions import Door

BODY = {"version": "4", "groupKey": "{}", "status": "firing", "truncatedAlerts": 0}
SITE = """
services:
  - {name: web, depends_on: [checkout]}
  - {name: checkout, aliases: [kasse], namespaces: [shop]}
  - {name: mail, labels: {any: {squad: letters}}}
"""
#: All of checkout, as public rules leave them.
OF_CHECKOUT = [
    {"job": "checkout", "instance": "10.1.1.1:8080"},
    {"deployment": "checkout", "namespace": "shop", "job": "kube-state-metrics"},
    {"pod": "checkout-6c8d9f7b5-x2x4z", "namespace": "shop", "service": "ksm-kube-state-metrics"},
    {"instance": "https://checkout.example.org/alive", "job": "blackbox"},
    {"name": "checkout.service", "instance": "10.1.1.2:9100", "job": "node"},
    {"destination_service": "checkout.shop.svc.cluster.local", "job": "istio-mesh"},
    {"service": "Checkout"},
    {"envoy_cluster_name": "outbound|80||checkout.shop.svc.cluster.local"},
    {"instance": "checkout-2.prod.example.org:9100", "job": "node-exporter"},
]


def firing(labels: dict[str, str], name: str) -> dict[str, object]:
    one = {
        "status": "firing",
        "labels": {"alertname": name, **labels},
        "annotations": {},
        "fingerprint": name,
    }
    return {**BODY, "alerts": [one | {"startsAt": "2026-11-29T03:30:00Z", "endsAt": "0001-01-01T00:00:00Z"}]}


async def posted(door: Door, labels: dict[str, str], name: str) -> tuple[str, Alert]:
    """Send one alert; the incident that it reached, and the alert as it was kept there."""
    answer = await door.send(firing(labels, name))
    assert answer.status_code == 202, answer.text
    reached: str = answer.json()["incident"]
    incident = await door.store.load(reached)
    assert incident is not None
    events = await door.store.events(reached)
    joined = [alert for event in events if event.kind == "alerts" for alert in event.alerts]
    return reached, next(one for one in (*incident.alerts, *joined) if one.label("alertname") == name)


async def test_one_service_under_many_alerts_is_one_incident(tmp_path: Path) -> None:
    door = Door(tmp_path)
    taken = [await posted(door, labels, f"A{number}") for number, labels in enumerate(OF_CHECKOUT)]
    assert len({incident for incident, _ in taken}) == 1
    assert {alert.service for _, alert in taken} == {"checkout"}
    assert all(
        alert.matched_by and alert.matched_by.sentence.startswith("checkout: by ") for _, alert in taken
    )


async def test_what_is_unknown_is_kept_and_a_name_is_confirmed_once(tmp_path: Path, nexus: Terminal) -> None:
    door, labels = Door(tmp_path), {"deployment": "kasse-neu", "job": "kube-state-metrics"}
    _, first = await posted(door, labels, "first")
    assert (first.service, first.matched_by and first.matched_by.named) == (None, "kasse-neu")
    site = tmp_path / "nexus.yaml"
    said = nexus("services", "alias", "kasse-neu", "--is", "checkout", "--by", "Ann", "--config", site)
    assert "kasse-neu is checkout from the next alert on; a running server" in said.out
    _, second = await posted(door, labels, "second")
    assert second.service == "checkout"
    assert "kasse-neu (by Ann)" in nexus("services", "--config", site).out


def test_names_of_services_are_listed(tmp_path: Path, nexus: Terminal) -> None:
    site = tmp_path / "nexus.yaml"
    site.write_text(SITE)
    assert nexus("services", "--config", site).out.splitlines() == [
        "web",
        "checkout in shop: also kasse",
        "mail: also squad=letters",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("kasse2", "--is", "chekout"), "there is no service 'chekout'; did you mean checkout?"),
        (("Mail", "--is", "checkout"), "'Mail' is the service 'mail' itself"),
    ],
)
def test_an_alias_that_cannot_be_is_refused(
    tmp_path: Path, nexus: Terminal, words: tuple[str, ...], sentence: str
) -> None:
    site = tmp_path / "nexus.yaml"
    site.write_text(SITE)
    refused = nexus("services", "alias", *words, "--by", "Ann", "--config", site)
    assert refused.code != 0
    assert sentence in refused.err
    assert not (tmp_path / "service-aliases.yaml").exists()


def test_a_name_of_two_services_is_refused_with_both(tmp_path: Path, nexus: Terminal) -> None:
    site = tmp_path / "nexus.yaml"
    site.write_text("services: [{name: web, aliases: [shop]}, {name: mail, aliases: [Shop]}]\n")
    refused = nexus("services", "--config", site)
    assert refused.code != 0
    assert "services[1].aliases: 'shop' is also a name of 'web'; 'mail' needs one of its own" in refused.err


def test_how_a_body_would_be_matched_is_shown(tmp_path: Path, nexus: Terminal) -> None:
    site, body = tmp_path / "nexus.yaml", tmp_path / "body.json"
    site.write_text(SITE)
    body.write_text(
        '{"title": "slow", "status": "firing", "labels": {"deployment": "kasse"}, "service": "x"}'
    )
    shown = nexus("alerts", "try", body, "--world", site)
    assert "slow: checkout: by the label deployment, 'kasse'" in shown.out


def test_a_service_with_every_name_is_hashed_and_read_again() -> None:
    """What is asked is remembered by the catalogue it was asked of."""
    labels = {"any": {"squad": "letters"}, "datadog": {"tier": ["mail*", "post"]}}
    service = Service.model_validate({"name": "mail", "labels": labels, "ports": [25], "aliases": "post"})
    assert hash(service) == hash(Service.model_validate_json(service.model_dump_json()))
    assert service.labels[1].values == ("mail*", "post")
