"""The page that says who is on duty: now and next, gaps and what is not known said loudly."""

import re
from pathlib import Path

from nexus.oncall.shifts import Gap
from nexus.service.oncall import DutyShift, OnCallView, ScheduleView
from nexus.service.pages.duty import duty_page
from tests.nexus.sample import at
from tests.nexus.server.rooms import room

DUTY = """oncall:
  - name: first
    services: [checkout]
    kind: rotation
    time_zone: Europe/Berlin
    layers: [{people: [dana, Kim <b>], begins: 2020-01-06, every: day}]
    overrides: [{person: Sam, from: 2020-01-01T00:00:00Z, until: 2999-01-01T00:00:00Z}]
  - {name: silent, services: [web], kind: calendar, time_zone: UTC, url: 'file:/gone'}
"""


def shift(person: str, start: int, end: int | None, known: bool = True) -> DutyShift:
    return DutyShift(person=person, known=known, start=at(start), end=at(end) if end is not None else None)


def view(*schedules: ScheduleView) -> OnCallView:
    return OnCallView(at=at(10), until=at(9_000), schedules=schedules, uncovered=())


def schedule(name: str, *now: DutyShift, services: tuple[str, ...] = (), **more: object) -> ScheduleView:
    values = {
        "name": name, "kind": "rotation", "services": services, "time_zone": "Asia/Kolkata",
        "said": "on duty: x", "now": now, "next": (), "shifts": now, "gaps": (), "unknown": (),
        "stale": None, "read_at": at(9), "overrides": (),
    }  # fmt: skip
    return ScheduleView.model_validate(values | more)


def test_each_service_has_whoever_is_on_duty_by_any_schedule_of_it() -> None:
    first = schedule("first", shift("dana", 0, 600), services=("web",))
    second = schedule("second", shift("kim", 0, None), shift("dana", 0, 600))
    found = duty_page(view(first, second, schedule("third", services=("mail",))), ("web", "mail", "pay"))
    assert [one.people for one in found.services] == [("dana", "kim"), ("kim", "dana"), ("kim", "dana")]
    assert [one.schedules for one in found.services] == [
        ("first", "second"), ("second", "third"), ("second",),
    ]  # fmt: skip
    assert found.uncovered == ()
    assert duty_page(view(first), ("web", "mail")).uncovered == ("mail",)


def test_gaps_stand_among_the_shifts_on_the_wall_clock_of_the_schedule() -> None:
    gap = Gap(start=at(600), end=at(900))
    shifts = (shift("dana", 0, 600), shift("kim", 900, None, known=False))
    one = duty_page(view(schedule("first", shifts=shifts, gaps=(gap,))), ()).schedules[0]
    assert [row.person for row in one.rows] == ["dana", "", "kim"]
    assert [row.now for row in one.rows] == [True, False, False]
    assert one.rows[0].end == one.rows[1].start
    assert one.rows[1].end == one.rows[2].start
    assert one.rows[2].end == ""
    assert (one.rows[2].known, one.gaps, one.uncovered) == (False, 1, True)
    utc = at(0)
    assert one.rows[0].start == f"{utc:%a %Y-%m-%d} {(utc.hour * 60 + utc.minute + 330) // 60 % 24:02}:" + (
        f"{(utc.minute + 30) % 60:02}"
    )


def test_the_page_says_loudly_where_nobody_is_and_what_is_not_known(tmp_path: Path) -> None:
    with room(tmp_path, more=DUTY) as made:
        page = made.browser("viewer").get("/oncall").text
        assert "Nobody is on duty for 1 of 2 services" in page
        assert "On duty: Sam" in page
        assert "times of Europe/Berlin" in page
        assert re.search(r"None of <code>people</code>[^<]*<bdi>Sam", page)
        assert "Who stands in" in page
        assert "it has never answered" in page
        assert "Kim <b>" not in page
        assert 'href="/oncall"' in made.browser("viewer").get("/settings").text
        assert made.browser().get("/oncall", follow_redirects=False).status_code in {302, 303, 401}


def test_without_a_schedule_it_says_what_to_name(tmp_path: Path) -> None:
    with room(tmp_path) as made:
        page = made.browser("viewer").get("/oncall").text
        assert "Who is on duty is not known here" in page
        assert "under oncall of nexus.yaml" in page
