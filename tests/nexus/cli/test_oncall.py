"""`nexus oncall`: who is on duty in words, the days ahead with gaps, and what is not known said loudly."""

import json
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal
from tests.tools.live.fakes.server import Answer, serving

SITE = """
services: [{name: web}, {name: checkout}]
people:
  - {name: Dana Lee, id: dana@shop.example.org, token: 'env:DANA'}
oncall:
  - name: first
    services: [checkout]
    kind: rotation
    time_zone: Europe/Berlin
    layers:
      - {people: [dana@shop.example.org, Kim], begins: 2026-10-12, handover: '08:00'}
    overrides:
      - {person: Kim, from: 2026-10-21T18:00:00+02:00, until: 2026-10-21T20:00:00+02:00}
"""
AT = ("--at", "2026-10-24T22:00:00Z")


@pytest.fixture
def site(nexus: Terminal, tmp_path: Path) -> Path:
    path = tmp_path / "nexus.yaml"
    path.write_text(SITE)
    nexus.set("NEXUS_CONFIG", str(path))
    return path


def test_it_says_who_until_when_and_what_is_not_covered(nexus: Terminal, site: Path) -> None:
    said = nexus("oncall", *AT, "--days", "3")
    assert said.code == 0
    assert "on duty: Kim until Mon 2026-10-26 08:00 Europe/Berlin" in said.out
    assert "Dana Lee" in said.out, "by the name of `people`, not the id that the schedule has"
    assert "first: 'Kim' is none of `people` in nexus.yaml" in said.err
    assert "nobody is on duty at 2026-10-24 22:00 UTC for web" in said.err
    body = json.loads(nexus("oncall", *AT, "--days", "3", "--json").out)
    (one,) = body["schedules"]
    assert [(shift["person"], shift["known"]) for shift in one["now"]] == [("Kim", False)]
    assert [shift["person"] for shift in one["next"]] == ["Dana Lee"]
    assert one["next"][0]["start"] == "2026-10-26T07:00:00Z", "the clock went back the day before"
    assert (one["unknown"], one["gaps"], body["uncovered"]) == (["Kim"], [], ["web"])


def test_a_configuration_that_is_named_is_asked_whatever_server_is_usual(nexus: Terminal, site: Path) -> None:
    nexus.set("NEXUS_SERVER", "http://127.0.0.1:9")
    assert nexus("oncall", *AT).code != 0, "nothing answers there"
    assert "on duty: Kim" in nexus("oncall", *AT, "--config", site).out


def test_where_nobody_is_on_duty_it_says_so(nexus: Terminal, site: Path) -> None:
    said = nexus("oncall", "--at", "2026-10-11T20:00:00Z", "--days", "2")
    assert "on duty: nobody; from Mon 2026-10-12 08:00 Europe/Berlin Dana Lee" in said.out
    assert "nobody" in said.out.rpartition("On duty")[2]


def test_a_site_without_schedules_is_told_so(nexus: Terminal, site: Path) -> None:
    site.write_text("services: [{name: web}]\n")
    said = nexus("oncall")
    assert (said.code, "names no schedule" in said.out, said.err) == (0, True, "")


def test_a_source_that_is_silent_is_shown_with_the_age_of_its_answer(nexus: Terminal, site: Path) -> None:
    shifts = [{"user_email": "dana@shop.example.org", "user_username": "dana", "shift_start":
               "2020-01-01T00:00:00Z", "shift_end": "2099-01-01T00:00:00Z"}]  # fmt: skip
    good = Answer(json.dumps({"results": shifts, "next": None}))
    answers = [good]
    with serving(lambda asked: answers[-1]) as server:
        site.write_text(
            SITE.partition("oncall:")[0]
            + f"""
oncall:
  - {{name: second, kind: grafana, schedule: S1, api: {{url: "{server.url}"}}}}
  - {{name: third, kind: grafana, schedule: S1, api: {{url: "{server.url}/none"}}}}
"""
        )
        assert "on duty: Dana Lee until" in nexus("oncall").out
        answers.append(Answer("", 404))
        said = nexus("oncall")
        assert said.out.count("on duty: Dana Lee until") == 2
        assert "second: as known 0 min ago, at " in said.err
        assert "404" in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--at", "tomorrow"), "with its zone"), (("--at", "2026-10-24T22:00:00"), "with its zone"),
        (("--at", "1990-01-01T00:00:00Z"), "five years away"), (("--days", "1000"), "at most 90"),
        (("--server", "https://nexus.example.org", "--config", "other.yaml"), "leave out --config"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    nexus: Terminal, site: Path, words: tuple[str, ...], says: str
) -> None:
    said = nexus("oncall", *words)
    assert (said.code, says in said.err) == (2, True), said.err


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("services: [checkout]", "services: [chekout]", "did you mean checkout"),
        ("Europe/Berlin", "Berlin", "no time zone"), ("kind: rotation", "kind: rotaton", "rotation"),
        ("handover: '08:00'", "handover: 8:00", "in quotes"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_schedule_is_named(
    nexus: Terminal, site: Path, right: str, wrong: str, says: str
) -> None:
    site.write_text(SITE.replace(right, wrong))
    said = nexus("oncall")
    assert (said.code, says in said.err) == (2, True), said.err
