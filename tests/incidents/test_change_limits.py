"""Freezes, the lock of a service and the limit per hour: properties of pure rules."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents.action import ActionKind
from incidents.change_limits import Begun, Day, Freeze, Limits, conflict, frozen
from incidents.errors import ActionRefused
from incidents.policy import ApprovalPolicy, Rule, decide, permit
from incidents.severity import Severity
from tests.incidents.test_policy import NOW, proposal, says

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
BEGUN = st.builds(
    Begun,
    incident=st.sampled_from(["INC-1", "INC-2", "INC-3"]),
    service=st.sampled_from(["checkout", "payment"]),
    at=st.integers(0, 180).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    open=st.booleans(),
)


@given(st.lists(BEGUN, max_size=8), st.integers(1, 8))
def test_a_change_begins_only_alone_on_its_service_and_within_the_hours_limit(
    earlier: list[Begun], limit: int
) -> None:
    held = conflict("INC-1", "checkout", NOW, Limits(changes_per_hour=limit), earlier)
    others = [b for b in earlier if b.open and b.incident != "INC-1" and b.service == "checkout"]
    lately = [b for b in earlier if b.at > NOW - timedelta(hours=1)]
    assert (held is not None) == (bool(others) or len(lately) >= limit)


@given(MOMENTS)
def test_a_weekly_freeze_holds_on_its_days_in_its_zone(now: datetime) -> None:
    berlin = timedelta(hours=2 if datetime(2026, 3, 29, 1, tzinfo=UTC) <= now < datetime(2026, 10, 25, 1, tzinfo=UTC) else 1)  # fmt: skip  # noqa: E501
    local = now + berlin
    freeze = Freeze(reason="weekend", days=(Day.SAT, Day.SUN), zone="Europe/Berlin", opens=time(8), unless=())
    assert freeze.holds("checkout", Severity.P0, now) == (local.weekday() >= 5 and local.time() >= time(8))


def test_a_freeze_names_its_reason_and_lets_a_p0_through() -> None:
    freeze = Freeze(reason="Black Friday", start=NOW, end=NOW + timedelta(hours=1), services=("checkout",))
    assert frozen([freeze], "checkout", Severity.P1, NOW) == (
        "checkout is frozen until 2026-03-12 11:00 UTC: Black Friday"
    )
    assert frozen([freeze], "checkout", Severity.P0, NOW) is None
    assert frozen([freeze], "payment", Severity.P1, NOW) is None
    assert frozen([freeze], "checkout", Severity.P1, NOW + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("wrong", "says_so"),
    [
        ({}, "either start and end, or days"),
        ({"start": NOW, "end": NOW, "days": ("sat",)}, "either start and end, or days"),
        ({"start": NOW, "end": NOW - timedelta(hours=1)}, "start before it ends"),
        ({"days": ("sat",), "zone": "Mars/Base"}, "no time zone"),
        ({"days": ("sat",), "opens": "10:00", "closes": "09:00"}, "one for each day"),
    ],
)
def test_a_freeze_that_makes_no_sense_is_refused(wrong: dict[str, object], says_so: str) -> None:
    with pytest.raises(ValidationError, match=says_so):
        Freeze.model_validate({"reason": "r", **wrong})


def test_an_approved_change_does_not_run_within_a_freeze() -> None:
    policy = ApprovalPolicy(
        freezes=(Freeze(reason="year end", start=NOW, end=NOW + timedelta(hours=1)),), people=("ana",)
    )
    approved = decide(proposal(), says("ana"), policy)
    with pytest.raises(ActionRefused, match="year end"):
        permit(approved, policy, NOW + timedelta(minutes=2), Severity.P1)
    permit(approved, policy, NOW + timedelta(minutes=2), Severity.P0)


@given(
    st.lists(
        st.builds(
            Rule,
            approvers=st.integers(1, 4),
            kinds=st.sampled_from([(), (ActionKind.ROLLBACK,), (ActionKind.FAILOVER,)]),
            severities=st.sampled_from([(), (Severity.P0,), (Severity.P1, Severity.P2)]),
            environments=st.sampled_from([(), ("production",), ("staging",)]),
        ),
        max_size=5,
    ),
    st.sampled_from(Severity),
)
def test_the_strictest_rule_that_covers_a_change_counts(rules: list[Rule], severity: Severity) -> None:
    policy = ApprovalPolicy(rules=tuple(rules))
    covering = [
        r.approvers
        for r in rules
        if (not r.kinds or ActionKind.ROLLBACK in r.kinds)
        and (not r.severities or severity in r.severities)
        and (not r.environments or "production" in r.environments)
    ]
    assert policy.needed(ActionKind.ROLLBACK, severity) == max(covering, default=1)


def test_a_person_decides_only_on_what_is_in_their_rights() -> None:
    policy = ApprovalPolicy(people=("ana", "ben"), rights={"ben": (ActionKind.RESTART,)})
    with pytest.raises(Exception, match="'ben' may not decide on a rollback"):
        decide(proposal(), says("ben"), policy)
    assert decide(proposal(), says("ana"), policy).state == "approved"
