"""Whether people did what was proposed: told by the change feed, for each kind of change."""

from datetime import UTC, datetime

import pytest

from incidents.action import Action, ActionKind, Arguments
from incidents.changes import Change, ChangeKind
from incidents.people_did import is_same

WHEN = datetime(2026, 3, 2, 3, 18, tzinfo=UTC)


def _change(kind: ChangeKind, **told: str) -> Change:
    return Change.model_validate({"time": WHEN, "id": "c-1", "service": "pay", "kind": kind, **told})


SAME = {
    ActionKind.ROLLBACK: (Arguments(version="7"), _change(ChangeKind.DEPLOY, version_to="7")),
    ActionKind.HOTFIX: (Arguments(commit="abc12"), _change(ChangeKind.DEPLOY, commit="abc12345")),
    ActionKind.SCALE: (Arguments(replicas=3), _change(ChangeKind.SCALE, version_to="3")),
    ActionKind.FEATURE_FLAG: (
        Arguments(flag="Rules", enabled=False),
        _change(ChangeKind.FLAG, summary="rules: off"),
    ),
    ActionKind.FALLBACK: (Arguments(), _change(ChangeKind.FLAG, id="flag-2-pay-pay_fallback")),
    ActionKind.RESTART: (Arguments(), _change(ChangeKind.INFRA, summary="Restarted by hand")),
    ActionKind.FAILOVER: (Arguments(), _change(ChangeKind.INFRA, summary="Failover to the standby")),
}


@pytest.mark.parametrize("kind", ActionKind)
def test_each_kind_is_known_again_in_what_the_feed_tells(kind: ActionKind) -> None:
    arguments, change = SAME[kind]
    assert is_same(change, Action(kind=kind, service="pay", arguments=arguments))
    assert not is_same(change, Action(kind=kind, service="shop", arguments=arguments))


@pytest.mark.parametrize("kind", ActionKind)
def test_another_change_of_the_same_service_is_another(kind: ActionKind) -> None:
    arguments, change = SAME[kind]
    other = change.model_copy(update={"id": "c-2", "summary": "else", "version_to": "9", "commit": "fff"})
    assert not is_same(other, Action(kind=kind, service="pay", arguments=arguments))


def test_the_flag_of_a_fallback_is_compared_where_it_is_named() -> None:
    change = _change(ChangeKind.FLAG, summary="pay_fallback on")
    for flag, same in {"pay_fallback": True, "bank_fallback": False}.items():
        action = Action(kind=ActionKind.FALLBACK, service="pay", arguments=Arguments(flag=flag))
        assert is_same(change, action) is same
