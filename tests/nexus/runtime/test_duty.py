"""Who is on duty stands in a page, by the schedules that answered last; no page waits long for one."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nexus.config.site import Site
from nexus.runtime.duty import OnDuty
from tests.tools.live.fakes.server import Answer, Asked, serving
from tools.live.secrets import Secrets

NOW = datetime(2026, 10, 14, 22, 0, tzinfo=UTC)
ROTATION: dict[str, object] = {
    "name": "first",
    "kind": "rotation",
    "time_zone": "Europe/Berlin",
    "layers": [{"people": ["dana", "Kim"], "begins": "2026-10-12", "handover": "09:00"}],
}


def site(*schedules: dict[str, object]) -> Site:
    return Site.model_validate(
        {
            "services": [{"name": "web"}, {"name": "db"}],
            "people": [{"name": "Dana Lee", "id": "dana"}],
            "oncall": list(schedules),
        }
    )


def asking(of: Site, folder: Path, now: Callable[[], datetime] = lambda: NOW, key: str = "") -> OnDuty:
    return OnDuty(lambda: of, Secrets({"KEY": key}), folder, now)


async def test_it_says_who_until_when_by_the_names_of_people(tmp_path: Path) -> None:
    duty = asking(site(ROTATION), tmp_path)
    assert await duty(["web"]) == "Dana Lee until Mon 2026-10-19 09:00 Europe/Berlin"
    await duty.aclose()


async def test_who_has_duty_for_longer_than_was_asked_for_has_no_end_made_up(tmp_path: Path) -> None:
    alone: dict[str, object] = {"layers": [{"people": ["dana"], "begins": "2026-10-12", "handover": "09:00"}]}
    duty = asking(site(ROTATION | alone), tmp_path)
    assert await duty(["web"]) == "Dana Lee"
    await duty.aclose()


async def test_only_schedules_of_the_services_are_asked(tmp_path: Path) -> None:
    of = site(ROTATION | {"services": ["db"]}, ROTATION | {"name": "second", "services": ["db"]})
    duty = asking(of, tmp_path)
    assert await duty(["web"]) is None
    assert await duty(["web", "db"]) == "Dana Lee until Mon 2026-10-19 09:00 Europe/Berlin"
    await duty.aclose()


@pytest.mark.parametrize("silent", ["refuses", "was never there"])
async def test_a_schedule_that_falls_silent_is_said_as_it_was_known_with_its_time(
    tmp_path: Path, silent: str
) -> None:
    shift = {"start": "2026-10-14T18:00:00Z", "end": "2026-10-15T06:00:00Z"}
    answers: list[Answer] = []

    def answer(_asked: Asked) -> Answer:
        return answers[-1]

    def entries(name: str) -> Answer:
        on = {"start": shift["start"], "end": shift["end"], "user": {"summary": name, "id": "P1"}}
        return Answer(json.dumps({"oncalls": [on], "more": False}))

    moments = [NOW]
    with serving(answer) as server:
        api = {"url": server.url, "auth": {"headers": {"Authorization": "env:KEY"}}}
        of = site({"name": "first", "kind": "pagerduty", "schedule": "PS", "api": api})
        duty = asking(of, tmp_path, lambda: moments[-1], "Token token=k")
        answers.append(entries("Dana Lee") if silent == "refuses" else Answer("", 500))
        first = await duty(["web"])
        answers.append(Answer("", 403))
        moments.append(NOW + timedelta(hours=1))
        later = await duty(["web"])
        await duty.aclose()
    if silent == "refuses":
        assert first == "Dana Lee until Thu 2026-10-15 06:00 UTC"
        assert later == f"{first} (as known at 2026-10-14 22:00 UTC)"
    else:
        assert first == later == "not known, the schedule has never answered"


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie", "goalert", "grafana"])
async def test_a_schedule_whose_secret_is_not_there_holds_no_page_up(tmp_path: Path, kind: str) -> None:
    api = {"url": "http://127.0.0.1:9", "auth": {"headers": {"Authorization": "env:ELSEWHERE"}}}
    duty = asking(site({"name": "first", "kind": kind, "schedule": "PS", "api": api}), tmp_path)
    assert await duty(["web"]) == "not known, the schedule has never answered"
    await duty.aclose()
