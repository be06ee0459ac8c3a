"""Incidents of databases through the whole graph: no proposal harms, and in most one helps."""

from pathlib import Path
from typing import Any

import pytest

from evals.case import open_eval_case
from evals.run import listed, run_case
from incidents.action import ActionKind
from nexus.config.settings import Settings
from tests.agents.playbook.database_cases import incidents, write

TOLD = {one["id"]: one for one in incidents("database_incidents.yaml")}
AFTER = {one["id"]: one for one in incidents("database_incidents_after.yaml")}
#: Where what would help is not proposed: who holds the transaction, and that the secret was set at the
#: server, stands in no sign of the service that is blamed.
_MISSED = {"long-transaction", "password-rotated"}


def test_there_are_at_least_fifteen_and_most_can_be_helped() -> None:
    helped = [one for one in TOLD.values() if one["right"] and one["id"] not in _MISSED]
    assert len(TOLD) >= 15
    assert 2 * len(helped) >= len(TOLD)


@pytest.mark.parametrize(
    "told",
    [
        *(pytest.param(one, id=name) for name, one in TOLD.items()),
        *(pytest.param(one, id=name, marks=pytest.mark.long) for name, one in AFTER.items()),
    ],
)
async def test_a_remedy_is_proposed_where_it_helps_this_cause(told: dict[str, Any], tmp_path: Path) -> None:
    case = open_eval_case(write(told, tmp_path))
    ran = await run_case(case, Settings(log_level="error"), "playbook")
    assert ran.record is not None, ran.error
    assert [one.text for one in ran.record.entries if "failed:" in one.text] == []
    assert case.truth.actions is not None
    proposed = [one.action for one in ran.record.incident.proposals]
    assert [one.title for one in proposed if listed(one, case.truth.actions.wrong)] == []
    if told["right"] and told["id"] not in _MISSED:
        assert any(listed(one, case.truth.actions.right) for one in proposed), proposed
    may = {one.split()[0] for one in told["right"]}
    assert ActionKind.FAILOVER not in {one.kind for one in proposed} or "failover" in may
