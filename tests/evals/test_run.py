"""One case through the real graph, decided by people who know the truth."""

from datetime import UTC, datetime

from evals.case import EvalCase
from evals.run import Record, Run, TruthApprover, listed, run_case
from incidents.action import Action, ActionKind, ActionState, Arguments, Verdict
from incidents.policy import ApprovalPolicy
from incidents.severity import Status
from nexus.config.settings import Settings
from tests.evals.bend import truth_of
from tools.recorded.document import ActionTruth

NOW = datetime(2026, 3, 12, 10, 20, tzinfo=UTC)
RIGHT = {"right": [{"kind": "rollback", "service": "checkout", "to": "1.0"}]}
WRONG = {"wrong": [{"kind": "rollback", "service": "checkout", "to": "1.0"}]}


def test_what_is_right_is_approved_and_runs(run: Run, record: Record) -> None:
    assert record.incident.status is Status.RESOLVED
    assert [deed.action.key for deed in record.executed] == ["rollback-checkout-1.0"]
    assert record.entries
    assert record.evidence
    assert run.seconds > 0
    assert Run.model_validate_json(run.model_dump_json()) == run


async def test_without_known_actions_nobody_approves(case: EvalCase, hasty: Settings) -> None:
    silent = case.model_copy(update={"truth": truth_of(cause={"service": "checkout"})})
    record = (await run_case(silent, hasty, "playbook")).record
    assert record is not None
    assert record.executed == ()
    assert record.incident.status is Status.HANDED_OVER
    assert {one.state for one in record.incident.proposals} <= {ActionState.EXPIRED, ActionState.REVOKED}


async def test_the_jury_approves_rejects_or_is_silent(record: Record) -> None:
    proposal, incident = record.incident.proposals[0], record.incident
    for actions, verdict in ((RIGHT, Verdict.APPROVE), (WRONG, Verdict.REJECT), ({}, None)):
        answer = await TruthApprover(truth_of(actions=actions), ApprovalPolicy())(incident, proposal, NOW)
        assert (answer.verdict if answer else None) is verdict
    assert await TruthApprover(truth_of(), ApprovalPolicy())(incident, proposal, NOW) is None


async def test_the_jury_signs_with_the_names_that_the_policy_allows(record: Record) -> None:
    jury = TruthApprover(truth_of(actions=RIGHT), ApprovalPolicy(people=("ana", "ben")))
    answer = await jury(
        record.incident, record.incident.proposals[0].model_copy(update={"approvals": ()}), NOW
    )
    assert answer is not None
    assert answer.by == "ana"


def test_an_action_is_listed_by_kind_service_and_argument() -> None:
    action = Action(kind=ActionKind.SCALE, service="web", arguments=Arguments(replicas=3))
    assert listed(action, (ActionTruth(kind="scale", service="web", to=3),))
    assert listed(action, (ActionTruth(kind="scale", service="web"),))
    assert not listed(action, (ActionTruth(kind="scale", service="web", to=4),))
    assert not listed(action, (ActionTruth(kind="restart", service="web"),))
    assert not listed(action, (ActionTruth(kind="scale", service="db", to=3),))
