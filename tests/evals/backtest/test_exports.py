"""Past alerts out of files that other products export, and of files of one's own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from evals.backtest.exports import mapping_of, read_export, shipped_mappings
from incidents.errors import UnknownName, UsageError
from tools.alerts.formats import parse_alerts

NOW = datetime(2026, 12, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")

EXPORTS = {
    "pagerduty": json.dumps(
        {"incidents": [{"id": "Q1", "title": "Checkout fails", "service": {"summary": "checkout"},
                        "created_at": "2026-11-03T09:00:00Z", "resolved_at": "2026-11-03T09:30:00Z"}]}
    ),
    "opsgenie": json.dumps(
        {"data": [{"tinyId": "17", "message": "Checkout fails", "entity": "checkout", "priority": "P2",
                   "createdAt": "2026-11-03T10:00:00+01:00"}]}
    ),
    "incident.io": json.dumps(
        {"incidents": [{"reference": "INC-7", "name": "Checkout fails", "severity": {"name": "Major"},
                        "created_at": "2026-11-03T09:00:00Z", "service": "checkout"}]}
    ),
    "jira": (
        "Issue key,Summary,Created,Resolved,Component/s\n"
        "OPS-1,Checkout fails,03/Nov/26 10:00 AM,,checkout\n"
    ),
}  # fmt: skip


def file(tmp_path: Path, text: str, name: str = "export") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("product", sorted(EXPORTS))
def test_an_export_of_each_product_tells_the_alert(product: str, tmp_path: Path) -> None:
    sent = read_export(file(tmp_path, EXPORTS[product]), mapping_of(product), BERLIN, NOW)
    (alert,) = parse_alerts(sent[0].body, sent[0].at, sent[0].source)
    assert (alert.title, alert.service, alert.firing) == ("Checkout fails", "checkout", True)
    assert alert.starts_at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert set(EXPORTS) == set(shipped_mappings())


def test_the_end_is_a_delivery_of_its_own_that_ends_the_same_alert(tmp_path: Path) -> None:
    sent = read_export(file(tmp_path, EXPORTS["pagerduty"]), mapping_of("pagerduty"), None, NOW)
    began, ended = [parse_alerts(one.body, one.at, one.source)[0] for one in sent]
    assert (began.firing, ended.firing, began.fingerprint) == (True, False, ended.fingerprint)
    assert ended.ends_at == datetime(2026, 11, 3, 9, 30, tzinfo=UTC)


def test_a_time_without_a_zone_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"export, row 1, started: '03/Nov/26 10:00 AM' has no zone.*--zone"):
        read_export(file(tmp_path, EXPORTS["jira"]), mapping_of("jira"), None, NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"title": "x", "created_at": "soon"}]', r"row 1, started: 'soon' is no time"),
        ('[{"title": "x"}]', r"row 1: no time at"),
        ('[{"created_at": "2026-11-03T09:00:00Z"}]', r"row 1: no title at"),
        ('[{"title": "x", "created_at": "2026-11-03T09:00:00Z", "resolved_at": "2026-11-03T08:00:00Z"}]',
         r"it ended at 2026-11-03T08:00:00Z, before it began"),
        ('{"incidents": 3}', "is no list of rows"),
        ("[{", "is no JSON"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_named(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        read_export(file(tmp_path, text), mapping_of("pagerduty"), None, NOW)


def test_a_mapping_of_ones_own_finds_its_places(tmp_path: Path) -> None:
    own = file(
        tmp_path,
        "format: 1\nmappings:\n  ours:\n    rows: pages\n    id: nr\n    title: what\n    started: began\n",
        "ours.yaml",
    )
    export = file(tmp_path, '{"pages": [{"nr": 4, "what": "Queue stands", "began": 1762160400}]}')
    (sent,) = read_export(export, mapping_of(str(own)), None, NOW)
    assert (sent.at, json.loads(sent.body)["title"]) == (
        datetime(2025, 11, 3, 9, 0, tzinfo=UTC),
        "Queue stands",
    )


def test_an_unknown_mapping_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="pagerduty"):
        mapping_of("pagerdutty")
    broken = file(tmp_path, "format: 1\nmappings: {a: {id: a, title: '[', started: b}}\n", "own.yaml")
    with pytest.raises(UsageError, match=r"title.*JMESPath"):
        mapping_of(str(broken))
