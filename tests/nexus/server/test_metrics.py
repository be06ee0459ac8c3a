"""What Prometheus is told of a server, over HTTP, and what is shown for it."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from demo.processes import wait_for
from incidents.faults import ModelFault
from incidents.usage import Usage, UsageLine
from nexus.service.metrics import ServerMetrics
from nexus.store.deliveries import Disposition
from tests import patient
from tests.nexus import sample
from tests.nexus.command_line import Terminal
from tests.nexus.sample import at
from tests.nexus.served import Serving, served
from tests.nexus.server.test_serve import SITE, TOKEN, alert, send
from tests.patience import PATIENCE
from tests.tools.live.real import program

SCRAPER = {"Authorization": "Bearer a-token-of-prometheus"}
PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.fixture
def serving(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    (tmp_path / "nexus.yaml").write_text(f"{SITE}server: {{metrics_token: 'env:SCRAPER'}}\n")
    tokens = {"SHOP_TOKEN": "a-token-of-the-test", "SCRAPER": "a-token-of-prometheus"}
    with served(tmp_path, nexus.home, **tokens) as running:
        yield running
        running.stop()


def scraped(serving: Serving) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, sorted."""
    answer = patient.get(f"{serving.root}/metrics", headers=SCRAPER)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return values(answer.text)


def values(text: str) -> dict[tuple[str, ...], float]:
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_deliveries_alerts_and_incidents_are_counted(serving: Serving) -> None:
    for fingerprint in ("f1", "f1", "f2"):
        send(serving.url, alert("checkout", fingerprint=fingerprint))
    send(f"{serving.root}/alerts/made-up-by-anybody", {"hello": "there"})
    send(serving.url, alert("mail"), headers={})
    told = wait_for("its turn", lambda: _quiet(scraped(serving)), seconds=PATIENCE)
    assert told["nexus_alerts_total", "alertmanager", "opened"] == 1
    assert told["nexus_alerts_total", "alertmanager", "repeated"] == 1
    assert told["nexus_alerts_total", "alertmanager", "joined"] == 1
    assert told["nexus_deliveries_total", "alertmanager", "known"] == 1
    assert told["nexus_deliveries_total", "other", "unreadable"] == 1, "no name of an address becomes a label"
    assert told[("nexus_deliveries_unauthenticated_total",)] == 1
    assert told[("nexus_incident_first_finding_seconds_count",)] == 1
    assert told[("nexus_incident_first_finding_seconds_sum",)] >= 0
    assert sum(many for key, many in told.items() if key[0] == "nexus_incidents_open") == 1
    assert (told[("nexus_hands",)], told[("nexus_alerts_waiting_limit",)]) == (8, 20_000)
    assert told[("process_resident_memory_bytes",)] > 10e6


def _quiet(told: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float] | None:
    found = told[("nexus_incident_first_finding_seconds_count",)] == 1
    return told if found and told[("nexus_alerts_waiting",)] == told[("nexus_turns_running",)] == 0 else None


def test_they_are_for_whoever_shows_their_token(serving: Serving) -> None:
    for headers in ({}, TOKEN, {"Authorization": "Bearer other"}):
        refused = patient.get(f"{serving.root}/metrics", headers=headers)
        assert refused.status_code == 401
        assert "metrics_token" in refused.json()["error"]


def test_without_a_token_there_are_none(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text(SITE)
    with served(tmp_path, nexus.home, SHOP_TOKEN="a-token-of-the-test") as running:
        assert patient.get(f"{running.root}/metrics").status_code == 404
        running.stop()


def test_names_and_units_are_as_prometheus_wants_them(serving: Serving) -> None:
    promtool = program("promtool", "prometheus")
    send(serving.url, alert("checkout"))
    text = patient.get(f"{serving.root}/metrics", headers=SCRAPER).content
    assert asked(promtool, "check", "metrics", stdin=text) == (0, "")


def asked(*words: str, stdin: bytes = b"", folder: Path | None = None) -> tuple[int, str]:
    """What a program answers: its exit code, and all that it says."""
    done = subprocess.run(words, input=stdin, capture_output=True, check=False, cwd=folder)  # noqa: S603
    return done.returncode, (done.stdout + done.stderr).decode()


def metrics() -> ServerMetrics:
    return ServerMetrics({"alertmanager"}, 20_000)


def of(one: ServerMetrics) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in one.registry.collect()
        for sample in family.samples
    }


def test_what_happens_in_an_incident_is_observed_once() -> None:
    one, ended = metrics(), sample.resolved()
    fresh = sample.opened(ended.id).evolve(opened_at=at(1))
    assert ended.mitigated_at is not None
    assert ended.proposals
    known = {"opened_at": at(1), "taken_at": at(2), "triaged_at": at(3)}
    one.began(fresh)
    found = fresh.evolve(**known)
    for now in (fresh, found, found, ended.evolve(**known), ended):
        one.saved(now)
    told = of(one)
    for what in ("acknowledgement", "first_finding", "first_proposal", "approval", "recovery"):
        assert told[(f"nexus_incident_{what}_seconds_count",)] == 1
    assert told[("nexus_incident_acknowledgement_seconds_sum",)] == timedelta(minutes=1).total_seconds()
    assert told[("nexus_incident_first_finding_seconds_sum",)] == timedelta(minutes=2).total_seconds()


def test_what_happened_before_a_turn_was_observed_by_who_drove_it_then() -> None:
    first, second, ended = metrics(), metrics(), sample.resolved()
    fresh = sample.opened(ended.id)
    before = ended.evolve(closed=False, mitigated_at=None, ended_at=None, status="open")
    first.began(fresh)
    first.saved(before)
    for one in (second, first):  # the second drove it on, the first hears of it once more
        one.began(before if one is second else ended)
        one.saved(ended)
    told, more = of(first), of(second)
    assert told[("nexus_incident_first_proposal_seconds_count",)] == 1
    assert told[("nexus_incident_recovery_seconds_count",)] == 0
    assert more[("nexus_incident_first_proposal_seconds_count",)] == 0
    assert more[("nexus_incident_recovery_seconds_count",)] == 1


def test_what_models_did_is_counted_by_the_ledger() -> None:
    usage = Usage(model_calls=2, tokens_in=100, tokens_out=7, cost=0.25)
    line = UsageLine(
        assignment="1", role="r", task="triage", step="triage", engine="llm", model="m", usage=usage
    )
    faults = (ModelFault.RATE_LIMIT, ModelFault.CONNECTION)
    by_hand = line.model_copy(update={"handover": "the endpoint is down", "usage": Usage(), "faults": faults})
    one, known = metrics(), sample.opened().evolve(opened_at=at(1))
    one.began(known)
    one.saved(known.evolve(usage_lines=(line, by_hand)))
    one.saved(known.evolve(usage_lines=(line, by_hand, line)))
    told = of(one)
    assert told["nexus_model_calls_total", "m"] == 4
    assert (told["nexus_model_tokens_total", "in", "m"], told["nexus_model_tokens_total", "m", "out"]) == (
        200,
        14,
    )
    assert told[("nexus_model_handovers_total",)] == 1
    assert told["nexus_model_cost_total", "m"] == 0.5
    assert told["nexus_model_failures_total", "rate_limit"] == 1
    assert told["nexus_model_failures_total", "connection"] == 1
    assert told["nexus_model_failures_total", "timeout"] == 0, (
        "a rate of what never was is 0, and not missing"
    )


def test_deliveries_that_were_sent_away_have_a_counter_of_their_own() -> None:
    one = metrics()
    one.sent_away("alertmanager")
    one.filed("anybody", Disposition.REFUSED, ())
    told = of(one)
    assert told["nexus_deliveries_sent_away_total", "alertmanager"] == 1
    assert told["nexus_deliveries_total", "other", "refused"] == 1


def blocks() -> tuple[str, str]:
    """What the page says for a prometheus.yml, and the rules."""
    told = PAGE.read_text(encoding="utf-8").split("## Watching Nexus")[1].split("\n## ")[0]
    found = [block.split("```")[0].removeprefix("yaml\n") for block in told.split("```")[1::2]]
    config, rules = (block for block in found if block.startswith(("scrape_configs", "groups")))
    return config, rules


def test_the_page_has_a_scrape_configuration_and_rules_that_fire(tmp_path: Path) -> None:
    promtool = program("promtool", "prometheus")
    config, rules = blocks()
    for name, text in (("prometheus.yml", config), ("rules.yml", rules)):
        (tmp_path / name).write_text(text)
    for check in (("config", "--syntax-only", "prometheus.yml"), ("rules", "rules.yml")):
        code, said = asked(promtool, "check", *check, folder=tmp_path)
        assert code == 0, said
    series = {
        "NexusIsDown": 'up{job="nexus", instance="a"}',
        "NexusDrivesNothing": 'nexus_incidents_oldest_due_seconds{job="nexus", instance="a"}',
        "NexusSendsAlertsAway":
            'nexus_deliveries_sent_away_total{job="nexus", instance="a", sender="grafana"}',
    }  # fmt: skip
    named = [rule["alert"] for rule in yaml.safe_load(rules)["groups"][0]["rules"]]
    assert sorted(named) == sorted(series)
    grows = {
        "NexusIsDown": "1 1 1 0x20",
        "NexusDrivesNothing": "0 0 0+60x20",
        "NexusSendsAlertsAway": "0 0 0+1x20",
    }
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(_unit_tests(series, grows)))
    code, said = asked(promtool, "test", "rules", "tests.yml", folder=tmp_path)
    assert code == 0, said


def _unit_tests(series: dict[str, str], grows: dict[str, str]) -> dict[str, object]:
    """Each rule is quiet in the first minute and fires in the fifteenth."""
    return {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series[name], "values": grows[name]}],
                "promql_expr_test": [
                    {
                        "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}}) or vector(0)',
                        "eval_time": moment, "exp_samples": [{"labels": "{}", "value": value}],
                    }
                    for moment, value in (("1m", 0), ("15m", 1))
                ],
            }
            for name in series
        ],
    }  # fmt: skip
