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

#: As the vendors document them, cut to what is read and to what is near it.
EXPORTS = {
    ("pagerduty", "incidents.json"): json.dumps(
        {"incidents": [{"id": "PT4KHLK", "incident_number": 1234, "title": "Checkout fails",
                        "status": "resolved",
                        "created_at": "2026-11-03T09:00:00Z", "last_status_change_at": "2026-11-03T09:30:00Z",
                        "service": {"id": "PIJ90N7", "type": "service_reference", "summary": "checkout"},
                        "priority": None, "urgency": "high"}],
         "limit": 25, "offset": 0, "more": False}
    ),
    ("pagerduty", "analytics.json"): json.dumps(
        {"data": [{"id": "PT4KHLK", "title": None, "description": "Checkout fails",
                   "service_name": "checkout",
                   "created_at": "2026-11-03T10:00:00", "resolved_at": "2026-11-03T10:30:00"}]}
    ),
    ("pagerduty", "report.csv"): (
        "\ufeffid,incident_number,description,service_id,service_name,created_on,resolved_on,urgency\r\n"
        'PT4KHLK,1234,"Checkout fails",PIJ90N7,checkout,2026-11-03T01:00:00-08:00,'
        "2026-11-03T01:30:00-08:00,high\r\n"
    ),
    ("opsgenie", "alerts.json"): json.dumps(
        {"data": [{"id": "70413a06", "tinyId": "1791", "message": "Checkout fails", "status": "closed",
                   "createdAt": "2026-11-03T09:00:00.000Z", "updatedAt": "2026-11-03T09:40:00.000Z",
                   "entity": "checkout", "priority": "P3",
                   "report": {"ackTime": 15702, "closeTime": 1800000, "closedBy": "neo@example.com"}}],
         "paging": {}}
    ),
    ("opsgenie", "alerts.csv"): (
        "AlertId,TinyId,Message,Status,CreatedAt,ClosedAt,Entity,Priority\n"
        "70413a06,1791,Checkout fails,closed,1793696400000,1793698200000,checkout,P3\n"
    ),
    ("incident.io", "incidents.json"): json.dumps(
        {"incidents": [{"id": "01FDAG4SAP5TYPT98WGR2N7W91", "reference": "INC-123", "name": "Checkout fails",
                        "created_at": "2026-11-03T09:00:00.000000Z", "severity": {"name": "Major"},
                        "custom_field_entries": [
                            {"custom_field": {"name": "Region"},
                             "values": [{"value_option": {"value": "eu"}}]},
                            {"custom_field": {"name": "Affected services"},
                             "values": [{"value_catalog_entry": {"name": "checkout"}}]}],
                        "incident_timestamp_values": [
                            {"incident_timestamp": {"name": "Fixed at"}},
                            {"incident_timestamp": {"name": "Resolved at"},
                             "value": {"value": "2026-11-03T09:30:00Z"}}]}]}
    ),
    ("incident.io", "incidents.csv"): (
        "ID,Name,Severity,Service,Created at,Resolved at\n"
        'INC-123,Checkout fails,Major,checkout,"2026-11-03 09:00:00 UTC","2026-11-03 09:30:00 UTC"\n'
    ),
    ("jira", "search.json"): json.dumps(
        {"issues": [{"key": "OPS-1", "fields": {
            "summary": "Checkout fails", "created": "2026-11-03T10:00:00.000+0100",
            "resolutiondate": "2026-11-03T10:30:00.000+0100", "components": [{"name": "checkout"}]}}]}
    ),
    ("jira", "issues.csv"): (
        "Summary;Issue key;Component/s;Component/s;Created;Resolved;Description\n"
        'Checkout fails;OPS-1;checkout;;03/Nov/26 10:00 AM;03/Nov/26 10:30 AM;"It said ""no"";\nand again"\n'
    ),
}  # fmt: skip


def file(tmp_path: Path, text: str, name: str = "export") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("product", "name"), sorted(EXPORTS))
def test_an_export_of_each_product_tells_the_alert_and_its_end(
    product: str, name: str, tmp_path: Path
) -> None:
    export = file(tmp_path, EXPORTS[product, name], name)
    sent = read_export(export, mapping_of(product), BERLIN, NOW)
    began, ended = [parse_alerts(one.body, one.at, one.source)[0] for one in sent]
    assert (began.title, began.service, began.firing) == ("Checkout fails", "checkout", True)
    assert began.starts_at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert (ended.firing, ended.fingerprint) == (False, began.fingerprint)
    assert ended.ends_at == datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
    assert {one for one, _ in EXPORTS} == set(shipped_mappings())


def test_what_has_not_ended_has_no_end(tmp_path: Path) -> None:
    running = json.loads(EXPORTS["pagerduty", "incidents.json"])
    running["incidents"][0]["status"] = "acknowledged"
    (began,) = read_export(file(tmp_path, json.dumps(running)), mapping_of("pagerduty"), None, NOW)
    assert json.loads(began.body)["status"] == "firing"


ROW = "id,title,service_name,created_on\nP1,Checkout fails,checkout,{}\n"
OWN = (
    "mappings: {ours: {id: id, title: title, started: created_on, time: '%d/%m/%Y %H:%M', "
    "zone: Europe/Berlin}}"
)


@pytest.mark.parametrize(
    "written",
    [
        "1793696400", "1793696400000", "2026-11-03T09:00:00Z", "2026-11-03 10:00:00+01:00",
        "2026-11-03T10:00",
        "2026-11-03 10:00:00", '"Tue, 03 Nov 2026 09:00:00 +0000"', "\"Nov 3, 2026 10:00 AM\"",
        "03.11.2026 10:00",
        "03/Nov/26 10:00 AM", "2026-11-03 09:00:00 UTC",
    ],
)  # fmt: skip
def test_times_have_many_forms_and_one_meaning(written: str, tmp_path: Path) -> None:
    (sent,) = read_export(file(tmp_path, ROW.format(written)), mapping_of("pagerduty"), BERLIN, NOW)
    assert sent.at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_spreadsheets_write_csv_in_their_own_ways(between: str, coding: str, tmp_path: Path) -> None:
    text = 'id;title;created_on;note\r\nP1;"Größe; ""x""";2026-11-03T09:00:00Z;"a\r\nb"\r\n\r\n'
    export = tmp_path / "export.csv"
    export.write_bytes(text.replace(";", between).encode(coding))
    (sent,) = read_export(export, mapping_of("pagerduty"), None, NOW)
    assert json.loads(sent.body)["title"] == f'Größe{between} "x"'


def test_objects_one_a_line_are_rows(tmp_path: Path) -> None:
    row = '{"id": "P1", "title": "x", "created_at": "2026-11-03T09:00:00Z"}\n'
    sent = read_export(
        file(tmp_path, row + "\n" + row.replace("P1", "P2")), mapping_of("pagerduty"), None, NOW
    )
    assert len(sent) == 2


def test_a_mapping_says_how_its_times_are_written_and_in_which_zone(tmp_path: Path) -> None:
    own = mapping_of(str(file(tmp_path, OWN, "ours.yaml")))
    export = file(tmp_path, ROW.format("03/11/2026 10:00"))
    assert read_export(export, own, None, NOW)[0].at == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert read_export(export, own, ZoneInfo("UTC"), NOW)[0].at == datetime(2026, 11, 3, 10, 0, tzinfo=UTC)
    wrong = file(tmp_path, OWN.replace("Europe/Berlin", "Mars/Base"), "wrong.yaml")
    with pytest.raises(UsageError, match=r"zone.*write it as Europe/Berlin or UTC"):
        mapping_of(str(wrong))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (
            "03/11/2026 10:00",
            r"row 1, started: '03/11/2026 10:00' may have its day or its month first.*`time:",
        ),
        ("2026-10-25T02:30:00", r"row 1, started: '2026-10-25T02:30:00' was there twice that night"),
        ("2026-03-29T02:30:00", r"'2026-03-29T02:30:00' was never there .* went ahead by 1 h"),
    ],
)
def test_a_time_that_could_be_two_is_not_guessed(written: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        read_export(file(tmp_path, ROW.format(written)), mapping_of("pagerduty"), BERLIN, NOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "id,title,created_on\nP1,Checkout, fails,2026-11-03\n",
            "line 2: 4 cells, where the first line names 3",
        ),
        ('id,title,created_on\nP1,"Checkout fails,2026-11-03\n', "line 2: unexpected end of data"),
        ("id,what,when\nP1,Checkout fails,2026-11-03\n", "row 1: no title at .*; it holds id, what, when;"),
    ],
)
def test_a_broken_line_is_named(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=why):
        read_export(file(tmp_path, text), mapping_of("pagerduty"), None, NOW)


def test_a_time_without_a_zone_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"export, row 1, started: '03/Nov/26 10:00 AM' has no zone.*--zone"):
        read_export(file(tmp_path, EXPORTS["jira", "issues.csv"]), mapping_of("jira"), None, NOW)


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
