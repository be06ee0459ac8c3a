"""Who is told what, and when: pure rules."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.communications import decision_key
from incidents.severity import Severity
from nexus.config.notify import Notify
from nexus.notify.notice import Audience, Purpose
from nexus.notify.router import URGENT, WAKES, Way, purpose_of, quiet_until, route, urgency_of
from nexus.notify.rules import QuietHours, Rules
from nexus.store.outbox import Outgoing
from nexus.store.records import Message, MessageKind
from tests.nexus.sample import ID, at

ALL = tuple(Way(name=name, carries=frozenset(Purpose)) for name in ("chat", "phone", "mail"))
BERLIN = QuietHours.model_validate({"start": "22:00", "end": "07:00", "zone": "Europe/Berlin"})


def outgoing(
    kind: MessageKind = MessageKind.PAGE, severity: Severity | None = Severity.P2, **more: object
) -> Outgoing:
    message = Message(incident=ID, kind=kind, key=str(more.pop("key", "k")), at=at(0), title="t", text="x")
    values = {"number": 1, "message": message, "severity": severity, "alerted": None, "services": ("web",)}
    return Outgoing.model_validate(values | more)


def told(one: Outgoing, rules: dict[str, object], ways: tuple[Way, ...] = ALL) -> list[str]:
    return [each.destination for each in route(one, Rules.model_validate(rules), ways, at(0)).deliveries]


ROUTES = [
    {"to": ["phone"], "severities": ["P0", "P1"], "events": ["page", "decision"]},
    {"to": ["mail"], "services": ["web"], "audiences": ["executives"]},
    {"to": ["chat"], "events": ["channel"]},
]


SENT = [
    (outgoing(severity=Severity.P1), ["phone"]),
    (outgoing(severity=None), ["phone"]),  # nobody knows yet that it is none
    (outgoing(severity=Severity.P3, alerted=Severity.P0), ["phone"]),
    (outgoing(severity=Severity.P2), ["chat", "phone", "mail"]),  # wakes people and fits no route
    (outgoing(MessageKind.BRIEF), ["mail"]),
    (outgoing(MessageKind.BRIEF, services=("cart",)), []),
    (outgoing(MessageKind.CHANNEL), ["chat"]),
    (outgoing(MessageKind.UPDATE), []),
    (outgoing(MessageKind.ADMIN), ["chat", "phone", "mail"]),
]


@pytest.mark.parametrize(("one", "to"), SENT)
def test_of_a_shadow_it_is_kept_where_it_would_have_gone_and_nothing_is_tried(
    one: Outgoing, to: list[str]
) -> None:
    made = route(
        one.model_copy(update={"shadow": True}), Rules.model_validate({"routes": ROUTES}), ALL, at(0)
    )
    assert [each.destination for each in made.deliveries] == to
    assert {each.next_at for each in made.deliveries} <= {None}
    assert {each.reason for each in made.deliveries} <= {"in shadow: nobody is told"}
    assert (made.asks, made.repeat_at) == (False, None)


@pytest.mark.parametrize(("one", "to"), SENT)
def test_routes_say_where_something_goes(one: Outgoing, to: list[str]) -> None:
    assert told(one, {"routes": ROUTES}) == to


def test_without_routes_what_a_destination_carries_goes_there() -> None:
    ways = (*ALL[:1], Way(name="pager", carries=frozenset({Purpose.PAGE})))
    assert told(outgoing(), {}, ways) == ["chat", "pager"]
    assert told(outgoing(MessageKind.CHANNEL), {}, ways) == ["chat"]


def test_a_route_that_leads_to_disabled_ones_alone_leads_everywhere() -> None:
    ways = (ALL[0], ALL[1].model_copy(update={"disabled": "it answered 401"}))
    assert told(outgoing(severity=Severity.P0), {"routes": ROUTES}, ways) == ["chat", "phone"]


def test_a_page_to_decide_is_for_approvers() -> None:
    one = outgoing(key=decision_key("A1"))
    assert purpose_of(one.message) == (Purpose.DECISION, Audience.APPROVERS)


@given(st.sampled_from([*Purpose]), st.sampled_from([None, *Severity]), st.sampled_from([*Purpose]))
def test_nothing_comes_before_a_page_of_a_p0(
    purpose: Purpose, severity: Severity | None, other: Purpose
) -> None:
    first = urgency_of(Purpose.PAGE, Severity.P0)
    assert first <= urgency_of(purpose, severity)
    if purpose not in WAKES:
        assert urgency_of(purpose, severity) > URGENT
        assert urgency_of(other, Severity.P0) <= urgency_of(purpose, Severity.P3) or other not in WAKES


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ("2026-11-30T21:30", "2026-12-01T06:00"),  # 22:30 in winter
        ("2026-11-30T05:59", "2026-11-30T06:00"),
        ("2026-11-30T06:00", None),
        ("2026-07-01T20:30", "2026-07-02T05:00"),  # 22:30 in summer
        ("2026-10-24T20:00", "2026-10-25T06:00"),  # the night in which an hour comes twice
        ("2026-03-28T21:00", "2026-03-29T05:00"),  # the night that lacks one
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(when: str, until: str | None) -> None:
    moment = datetime.fromisoformat(when).replace(tzinfo=UTC)
    over = BERLIN.until(moment)
    assert over == (datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None)


def test_quiet_hours_of_a_weekend_begin_on_its_days() -> None:
    weekend = BERLIN.model_copy(update={"days": ("fri",)})
    friday = datetime(2026, 12, 4, 23, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert weekend.until(friday) is not None
    assert weekend.until(friday + timedelta(hours=7)) is not None
    assert weekend.until(friday + timedelta(days=1)) is None


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_no_quiet_hour_holds_back_what_is_severe_or_lasts_longer_than_a_night(moment: datetime) -> None:
    for severity in (Severity.P0, Severity.P1, None):
        assert quiet_until((BERLIN,), "chat", severity, moment) is None
    until = quiet_until((BERLIN,), "chat", Severity.P2, moment)
    assert until is None or timedelta() < until - moment <= timedelta(hours=10)


def test_what_is_held_back_says_until_when() -> None:
    night = {"start": "00:00", "end": "23:59", "zone": "UTC"}
    (one,) = route(outgoing(), Rules.model_validate({"quiet": [night]}), ALL[:1], at(0)).deliveries
    assert one.reason == "held back until 2026-11-23 23:59 UTC: quiet hours"
    said = {"quiet": [night | {"severities": ["P0"]}]}
    (one,) = route(outgoing(severity=Severity.P0), Rules.model_validate(said), ALL[:1], at(0)).deliveries
    assert one.next_at == datetime(2026, 11, 23, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"routes": [{"to": ["chatt"]}]}, "did you mean chat"),
        ({"quiet": [{"start": "22:00", "end": "7", "zone": "UTC"}]}, "quotation marks"),
        ({"quiet": [{"start": "22:00", "end": "07:00", "zone": "Europe/Berlinn"}]}, "no time zone"),
        ({"destinations": [{"kind": "file", "name": "chat", "path": "a"}] * 2}, "stands twice"),
    ],
)
def test_a_mistake_in_notify_is_named(wrong: dict[str, object], says: str) -> None:
    known = {"destinations": [{"kind": "file", "name": "chat", "path": "a"}]}
    with pytest.raises(ValidationError, match=says):
        Notify.model_validate(known | wrong)
