"""One suite over every source of duty, each asked at a local server that answers as documents say.

None of the services was at hand: what stands here is what their documents say of their answers.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from incidents.errors import ToolFailed
from nexus.oncall.remembered import Remembered
from nexus.oncall.settings import AnySchedule
from nexus.oncall.shifts import OnCall, next_on_duty, on_duty
from nexus.oncall.sources import schedule_of
from tests.tools.live.fakes.server import Answer, Asked, Server, serving, told
from tools.extras import missing_extras
from tools.live.secrets import Secrets

START = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
HANDOVER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
END = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
SECRET = "a-key-of-the-test"


def iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def key_of(asked: Asked) -> str:
    return {name.lower(): value for name, value in asked.headers.items()}["authorization"]


def pagerduty(asked: Asked) -> Answer:
    assert key_of(asked) == f"Token token={SECRET}"
    assert asked.one("schedule_ids[]") == "PSCHED"
    user = {"type": "user", "summary": "Ann Bell", "name": "Ann Bell", "email": "ann@shop.example.org"}
    kim = {"type": "user", "summary": "Kim Lee", "name": "Kim Lee", "email": "kim@shop.example.org"}
    pages = [
        [{"user": user, "start": iso(START), "end": iso(HANDOVER), "escalation_level": 1,
          "schedule": {"id": "PSCHED"}, "escalation_policy": {"id": "P1"}}],
        [{"user": user, "start": iso(START), "end": iso(HANDOVER), "escalation_level": 2,
          "schedule": {"id": "PSCHED"}, "escalation_policy": {"id": "P2"}},
         {"user": kim, "start": iso(HANDOVER), "end": iso(END), "escalation_level": 1}],
    ]  # fmt: skip
    offset = int(asked.one("offset", "0"))
    return told({"oncalls": pages[bool(offset)], "more": not offset, "offset": offset, "limit": 100})


def opsgenie(asked: Asked) -> Answer:
    assert key_of(asked) == f"GenieKey {SECRET}"
    assert asked.path == "/v2/schedules/s-1/timeline"
    periods = [
        {"startDate": iso(START), "endDate": iso(HANDOVER), "type": "default",
         "recipient": {"type": "user", "id": "u1", "name": "ann@shop.example.org"}},
        {"startDate": iso(HANDOVER), "endDate": iso(END), "type": "override",
         "recipient": {"type": "user", "id": "u2", "name": "kim@shop.example.org"}},
        {"startDate": iso(END), "endDate": iso(END + timedelta(days=1)), "type": "default",
         "recipient": {"type": "none"}},
    ]  # fmt: skip
    timeline = {"rotations": [{"id": "r", "name": "first", "order": 1.0, "periods": periods}]}
    return told({"data": {"_parent": {"id": "s-1"}, "finalTimeline": timeline}, "took": 0.1})


def goalert(asked: Asked) -> Answer:
    assert (asked.method, asked.path) == ("POST", "/api/graphql")
    assert key_of(asked) == f"Bearer {SECRET}"
    assert json.loads(asked.body)["variables"]["id"] == "sched"
    shifts = [
        {"user": {"name": "Ann Bell", "email": "ann@shop.example.org"}, "start": iso(START),
         "end": iso(HANDOVER)},
        {"user": {"name": "Kim Lee", "email": ""}, "start": iso(HANDOVER), "end": iso(END)},
        {"user": None, "start": iso(END), "end": iso(END + timedelta(hours=1))},
    ]  # fmt: skip
    return told({"data": {"schedule": {"shifts": shifts}}})


def grafana(asked: Asked) -> Answer:
    assert key_of(asked) == SECRET
    assert asked.path == "/api/v1/schedules/SBM7/final_shifts"
    second = asked.one("page") == "2"
    rows = [("kim@shop.example.org", "Kim Lee", HANDOVER, END)] if second else [
        ("ann@shop.example.org", "Ann Bell", START, HANDOVER)
    ]  # fmt: skip
    results = [
        {
            "user_pk": "U1",
            "user_email": mail,
            "user_username": name,
            "shift_start": iso(a),
            "shift_end": iso(b),
        }
        for mail, name, a, b in rows
    ]
    return told({"count": 2, "next": None if second else "http://elsewhere.example.org/?page=2",
                 "results": results})  # fmt: skip


def feed(asked: Asked) -> Answer:
    assert asked.path == f"/{SECRET}.ics"
    event = (
        "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTART:{1:%Y%m%dT%H%M%SZ}\r\nDTEND:{2:%Y%m%dT%H%M%SZ}\r\nSUMMARY:{0}\r\n"
    )
    events = "".join(
        event.format(name, a, b) + "END:VEVENT\r\n"
        for name, a, b in (("Ann Bell", START, HANDOVER), ("Kim Lee", HANDOVER, END))
    )
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    return Answer(f"{head}{events}END:VCALENDAR\r\n", headers={"Content-Type": "text/calendar"})


@dataclass(frozen=True)
class Kind:
    handler: Callable[[Asked], Answer]
    settings: dict[str, Any]
    environment: str


def asked_at(kind: str, schedule: str, auth: dict[str, Any], api: str = "") -> dict[str, Any]:
    return {"name": "first", "kind": kind, "schedule": schedule, "api": {"url": f"URL{api}", "auth": auth}}


KEY = {"headers": {"Authorization": "env:KEY"}}
KINDS = {
    "pagerduty": Kind(pagerduty, asked_at("pagerduty", "PSCHED", KEY), f"Token token={SECRET}"),
    "opsgenie": Kind(opsgenie, asked_at("opsgenie", "s-1", KEY), f"GenieKey {SECRET}"),
    "goalert": Kind(goalert, asked_at("goalert", "sched", {"bearer": "env:KEY"}), SECRET),
    "grafana": Kind(grafana, asked_at("grafana", "SBM7", KEY), SECRET),
    "calendar": Kind(feed, {"name": "first", "kind": "calendar", "url": "env:KEY"}, f"URL/{SECRET}.ics"),
}


class At:
    """A source at its server, which can be told to do something else."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.instead: Answer | None = None
        self.opened = list[OnCall]()
        self.server: Server

    def answer(self, asked: Asked) -> Answer:
        return self.instead or self.kind.handler(asked)

    @property
    def source(self) -> OnCall:
        text = json.dumps(self.kind.settings).replace("URL", self.server.url)
        settings: AnySchedule = TypeAdapter(AnySchedule).validate_json(text)
        secrets = Secrets({"KEY": self.kind.environment.replace("URL", self.server.url)})
        self.opened.append(schedule_of(settings, secrets))
        return self.opened[-1]


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest) -> AsyncIterator[At]:
    if request.param == "calendar" and missing_extras(("calendar",)):
        pytest.skip("the extra `calendar` is not installed")
    made = At(KINDS[request.param])
    with serving(made.answer) as made.server:
        yield made
        for source in made.opened:
            await source.aclose()


async def test_who_is_on_duty_until_when_and_who_follows(place: At) -> None:
    source = place.source
    shifts = await source.shifts(START - timedelta(hours=1), END + timedelta(days=2))
    (now,), (then,) = on_duty(shifts, NOW), next_on_duty(shifts, NOW)
    assert "ann" in now.person.casefold()
    assert (now.start, now.end) == (START, HANDOVER)
    assert "kim" in then.person.casefold()
    assert (then.start, then.end) == (HANDOVER, END)
    assert on_duty(shifts, END) == ()
    assert len(shifts) == 2


@pytest.mark.parametrize(
    "instead",
    [
        Answer(f"no such key: {SECRET}", 401), Answer("", 404), Answer("<html>log in</html>"),
        Answer('{"data": null, "errors": [{"message": "no"}]}'), Answer("{}"), Answer("null"),
        Answer("", 302),
    ],
    ids=["refused", "not there", "a page", "an error", "nothing", "null", "elsewhere"],
)  # fmt: skip
async def test_what_is_no_schedule_fails_without_the_secret(place: At, instead: Answer) -> None:
    place.instead, source = instead, place.source
    with pytest.raises(ToolFailed) as failed:
        await source.shifts(START, END)
    assert SECRET not in str(failed.value)


async def test_a_source_that_is_silent_is_as_it_was_known_last(place: At, tmp_path: Path) -> None:
    kept = Remembered(place.source, tmp_path)
    fresh = await kept.plan(NOW)
    assert fresh is not None
    assert fresh.problem == ""
    place.instead = Answer("", 404)
    later = await Remembered(place.source, tmp_path).plan(NOW + timedelta(hours=3))
    assert later is not None
    assert (later.shifts, later.asked_at) == (fresh.shifts, NOW)
    assert later.problem
    assert SECRET not in fresh.model_dump_json()


async def test_one_that_never_answered_is_not_made_up(place: At, tmp_path: Path) -> None:
    place.instead = Answer("", 404)
    assert await Remembered(place.source, tmp_path).plan(NOW) is None
