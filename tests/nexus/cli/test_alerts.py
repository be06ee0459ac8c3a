"""`nexus alerts try` shows how a body would be read."""

import json
from pathlib import Path

import pytest

from tests.conformance.test_topology_port import prometheus
from tests.nexus.command_line import Terminal
from tests.tools.live.fakes.server import serving

BODY = {"title": "Mails wait", "service": "mail", "severity": "page", "fingerprint": "m-1", "noise": [1]}


def test_a_body_is_shown_field_by_field_with_where_it_stands(nexus: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text(json.dumps(BODY))
    done = nexus("alerts", "try", file)
    assert done.code == 0
    assert done.out.startswith("Read as nexus: 1 alert")
    for field in ("title", "service", "severity", "key"):
        assert any(line.split()[0] == field for line in done.out.splitlines() if line.split())
    shown = json.loads(nexus("alerts", "try", file, "--json").out)
    sources = {one["field"]: one["path"] for one in shown["fields"][0]}
    assert (sources["title"], sources["key"]) == ("title", "fingerprint")


def test_forms_of_ones_own_and_headers_are_tried_too(nexus: Terminal, tmp_path: Path) -> None:
    file, site = tmp_path / "body.json", tmp_path / "nexus.yaml"
    file.write_text('{"what": "mails wait", "who": "mail"}')
    site.write_text(
        "services: [{name: mail}]\n"
        "intake: {senders: {probe: {reads: {title: what, service: who, when: 'what != null'}}}}\n"
    )
    shown = json.loads(nexus("alerts", "try", file, "--world", site, "--json").out)
    assert (shown["sender"], shown["alerts"][0]["service"]) == ("probe", "mail")
    file.write_text('{"ref": "main", "repository": {"name": "mail"}}')
    pushed = nexus("alerts", "try", file, "--header", "X-GitHub-Event: push")
    assert "a GitHub push" in pushed.out


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("{", "no JSON"), ('{"colour": "green"}', "a title is missing"), (None, "cannot be read")],
)
def test_what_would_be_refused_is_said(
    nexus: Terminal, tmp_path: Path, content: str | None, sentence: str
) -> None:
    file = tmp_path / "body.json"
    if content is not None:
        file.write_text(content)
    refused = nexus("alerts", "try", file)
    assert refused.code == 2
    assert sentence in refused.err


def test_a_mistake_in_a_mapping_is_named(nexus: Terminal, tmp_path: Path) -> None:
    file, site = tmp_path / "body.json", tmp_path / "nexus.yaml"
    file.write_text("{}")
    site.write_text("services: [{name: mail}]\nintake: {senders: {probe: {reads: {title: 'a['}}}}\n")
    refused = nexus("alerts", "try", file, "--world", site)
    assert refused.code == 2
    assert "intake.senders.probe.reads.title" in refused.err
    assert "JMESPath" in refused.err


def test_a_number_written_as_text_is_a_sentence_not_a_traceback(nexus: Terminal, tmp_path: Path) -> None:
    file, site = tmp_path / "body.json", tmp_path / "nexus.yaml"
    file.write_text('{"checks": [{"name": "disk", "used": "97"}]}')
    site.write_text(
        "services: [{name: mail}]\n"
        "intake: {senders: {probe: {reads: {title: 'checks[?used > `90`].name | [0]'}}}}\n"
    )
    refused = nexus("alerts", "try", file, "--sender", "probe", "--world", site)
    assert refused.code == 2
    assert "compares a text with a number" in refused.err


def test_the_backends_are_asked_where_services_run(nexus: Terminal, tmp_path: Path) -> None:
    file, site = tmp_path / "body.json", tmp_path / "nexus.yaml"
    one = {"labels": {"alertname": "Down", "instance": "10.1.0.9:9121"}, "status": "firing"}
    file.write_text(json.dumps({"version": "4", "groupKey": "{}", "status": "firing", "alerts": [one]}))

    def service(*options: str) -> tuple[str | None, str]:
        done = nexus("alerts", "try", file, "--world", site, "--json", *options)
        assert done.code == 0, done.err
        return json.loads(done.out)["alerts"][0]["service"], done.err

    with serving(prometheus()) as server:
        configured = f"backends: {{metrics: {{kind: prometheus, url: '{server.url}'}}}}\n"
        site.write_text(f"services: [{{name: ledger-db, kind: database}}, {{name: mail}}]\n{configured}")
        assert service() == ("ledger-db", "")
        assert service("--offline") == (None, "")
        said = nexus("alerts", "try", file, "--world", site).out
        assert "by its series as of" in " ".join(said.split())
    found, why = service()
    assert found is None
    assert "where services run is not known, so that names alone decide" in why


def test_a_change_is_shown_with_its_service(nexus: Terminal, tmp_path: Path) -> None:
    file, site = tmp_path / "body.json", tmp_path / "nexus.yaml"
    site.write_text("services: [{name: mail, aliases: [mailer]}]\n")
    body = {
        "deployment_status": {"state": "success", "created_at": "2026-11-29T03:25:00Z"},
        "deployment": {"id": 71, "sha": "abc1234567", "ref": "v7"}, "repository": {"name": "mailer"},
    }  # fmt: skip
    file.write_text(json.dumps(body))
    shown = json.loads(nexus("alerts", "try", file, "--world", site, "--json").out)
    assert shown["changes"][0]["service"] == "mail"
