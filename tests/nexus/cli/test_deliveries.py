"""`nexus alerts`: what the monitoring sent, what became of it, and reading it again."""

import asyncio
import io
import json
import re
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from incidents.errors import AlertError
from nexus.cli.live import intake_of, site_of
from nexus.config.settings import Settings
from nexus.home import open_home
from nexus.runtime.periodic import PeriodicJob
from nexus.service.intake import AlertIntake
from nexus.service.watches import watches
from tests.nexus.command_line import Terminal
from tests.nexus.server.test_serve import alert

SITE = "services: [{name: web}, {name: mail}]\n"
#: A form of one's own, as it is mended later.
MENDED = "intake: {senders: {ours: {reads: {title: what, service: which, state: how}}}}\n"
OURS = {"what": "mails wait", "which": "mail", "how": "firing"}


def sent(nexus: Terminal, config: Path, *bodies: tuple[dict[str, Any], str | None]) -> None:
    """Deliver bodies as senders do."""

    async def deliver() -> None:
        for body, form in bodies:
            try:
                await intake.receive(json.dumps(body).encode(), form)
            except AlertError:
                continue

    home = open_home(Settings(home=nexus.home), create=True)
    path, site = site_of(config)
    intake = intake_of(home, site, path, "playbook")
    with redirect_stdout(io.StringIO()):  # the log
        asyncio.run(deliver())
    home.store.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(SITE)
    return path


async def _done(job: PeriodicJob) -> None:
    await job.run()


def numbers(nexus: Terminal, *options: str) -> list[int]:
    return [one["number"] for one in json.loads(nexus("alerts", "--json", *options).out)]


def test_what_was_sent_is_listed_with_what_became_of_it(nexus: Terminal, config: Path) -> None:
    sent(nexus, config, (alert("web"), None), (alert("web"), None), ({"hello": "there"}, "grafana"))
    listed = nexus("alerts").out
    assert "opened" in listed
    assert "repeated" in listed
    assert "unreadable" in listed
    assert numbers(nexus) == [3, 2, 1]
    assert numbers(nexus, "--limit", "1", "--before", "3") == [2]
    assert numbers(nexus, "--sender", "grafana") == [3]
    assert numbers(nexus, "--disposition", "repeated") == [2]
    incident = json.loads(nexus("incidents", "--json").out)[0]["id"]
    assert numbers(nexus, "--incident", incident) == [2, 1]


def test_what_waits_for_long_is_told(nexus: Terminal, config: Path) -> None:
    class Earlier:
        def now(self) -> datetime:
            return datetime.now(UTC) - timedelta(seconds=40)

    with open_home(Settings(home=nexus.home), create=True) as home, redirect_stdout(io.StringIO()):
        path, site = site_of(config)
        intake = AlertIntake(home, site, path, "playbook", Earlier())
        asyncio.run(intake.receive(json.dumps(alert("web")).encode()))
        with capture_logs() as logs:
            asyncio.run(_done(next(job for job in watches(intake).jobs if job.name == "what waits")))
    assert re.fullmatch(r"1 alerts wait, oldest \d+ s", logs[0]["event"])
    assert re.search(r"1 alerts wait, oldest \d+ s", nexus("alerts").err)


def test_one_is_shown_whole(nexus: Terminal, config: Path) -> None:
    sent(nexus, config, (alert("web"), None), (alert("web"), None))
    first = json.loads(nexus("alerts", "show", "1", "--json").out)
    (outcome,) = first["alerts"]
    assert (outcome["disposition"], outcome["incident"]) == ("opened", first["incident"])
    assert json.loads(first["body"])["receiver"] == "nexus"
    assert "The body is not kept" in nexus("alerts", "show", "2").out
    missing = nexus("alerts", "show", "9")
    assert missing.code == 2
    assert "delivery" in missing.err


def test_after_a_form_is_mended_a_delivery_is_read_again(nexus: Terminal, config: Path) -> None:
    sent(nexus, config, (OURS, "ours"))
    assert json.loads(nexus("alerts", "--json").out)[0]["disposition"] == "unreadable"
    config.write_text(SITE + MENDED)
    again = nexus("alerts", "replay", "1", "--config", config, "--json")
    assert again.code == 0, again.err
    said = json.loads(again.out)
    assert (said["number"], said["replay_of"], said["disposition"]) == (2, 1, "opened")
    assert said["alerts"][0]["service"] == "mail"
    twice = json.loads(nexus("alerts", "replay", "1", "--config", config, "--json").out)
    assert (twice["disposition"], twice["incident"]) == ("known", said["incident"])


def test_a_body_that_is_not_kept_cannot_be_read_again(nexus: Terminal, config: Path) -> None:
    sent(nexus, config, (alert("web"), None), (alert("web"), None))
    refused = nexus("alerts", "replay", "2", "--config", config)
    assert refused.code != 0
    assert "the body of delivery 2 is not kept" in refused.err


def test_an_incident_tells_what_became_of_its_alerts(nexus: Terminal, config: Path) -> None:
    other = alert("web", fingerprint="f2")
    sent(nexus, config, *((body, None) for body in (alert("web"), other, alert("web"), alert("web"))))
    (incident,) = (one["id"] for one in json.loads(nexus("incidents", "--json").out))
    shown = " ".join(nexus("show", incident).out.split())
    assert "repeated" in shown
    assert "[delivery 3, 2 times]" in shown
    told = json.loads(nexus("show", incident, "--json").out)["dispositions"]
    assert [(one["disposition"], one["fingerprint"], one["delivery"], one["times"]) for one in told] == [
        ("opened", "f1", 1, 1), ("joined", "f2", 2, 1), ("repeated", "f1", 3, 2),
    ]  # fmt: skip
    assert told[1]["reason"].startswith("same alert: ")
