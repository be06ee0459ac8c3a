"""Which policies are refused, what a change without a person has to meet, and that no text moves it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.act_permission import Record, Withdrawal
from incidents.action import ActionKind, ActionState, Proposal
from incidents.autonomy import Autonomy
from incidents.catalogue import Catalogue, Service
from incidents.change_limits import Freeze
from incidents.document import parse_document
from incidents.earned import Grounds, Judged, grounds_of, judge
from incidents.errors import SettingsError
from incidents.findings import Confidence
from incidents.incident import Incident
from incidents.notes import MachineNote, Note
from incidents.policy import ApprovalPolicy, Rule
from incidents.severity import Severity
from nexus.config.site import Site
from tests.graph.earned import EARNED, POLICY
from tests.nexus import sample
from tests.nexus.sample import at

NONE: dict[str, Any] = {
    "signers": "none", "kinds": ["rollback"], "services": ["checkout"], "severities": ["P1", "P2"],
}  # fmt: skip
LIMITS = {"per_day": 2, "dependents": 3, "instances": 20}
ROOT: dict[str, Any] = {
    "services": [{"name": "checkout"}, {"name": "web", "depends_on": ["checkout"]}],
    "notify": {"destinations": [{"name": "log", "kind": "file", "path": "told.jsonl"}]},
}


def site(autonomy: dict[str, Any] | None, **more: object) -> Site:
    return parse_document(
        ROOT | {"autonomy": autonomy} | more, Site, source="nexus.yaml", error=SettingsError
    )


def test_without_it_every_change_takes_a_person() -> None:
    assert site(None).policy.autonomy is None


def test_what_it_says_is_what_counts_and_another_text_has_another_digest() -> None:
    policy = site({"rules": [NONE, {"signers": "two", "kinds": ["restart"]}], "limits": LIMITS}).policy
    assert policy.autonomy is not None
    assert policy.autonomy.people(ActionKind.ROLLBACK, "checkout", Severity.P1) == 0
    assert policy.autonomy.people(ActionKind.ROLLBACK, "web", Severity.P1) is None
    assert policy.needed(ActionKind.ROLLBACK, Severity.P1, "checkout") == 1  # without a permission
    assert policy.needed(ActionKind.RESTART, Severity.P1, "web") == 2
    other = site({"rules": [NONE], "limits": LIMITS | {"per_day": 1}}).policy.autonomy
    assert other is not None
    assert len({policy.autonomy.digest, other.digest}) == 2


@pytest.mark.parametrize(
    ("autonomy", "why"),
    [
        ({"rules": []}, "autonomy.rules"),
        ({"rules": [NONE]}, "autonomy: a rule says `signers: none`; say its `limits`: per_day, dependents"),
        ({"rules": [NONE | {"kinds": ["hotfix"]}]}, "a hotfix has no undo that leaves all as it was"),
        ({"rules": [NONE | {"kinds": ["failover"]}]}, "a failover has no undo that leaves all as it was"),
        ({"rules": [NONE | {"kinds": ["restart"]}]}, "a restart has no undo that leaves all as it was"),
        ({"rules": [NONE | {"kinds": []}]}, "names its kinds, one by one; add `kinds`"),
        ({"rules": [NONE | {"services": []}]}, "names its services, one by one; add `services`"),
        ({"rules": [NONE | {"severities": ["P0"]}]}, "a change in a P0 is signed by a person"),
        ({"rules": [NONE | {"services": ["chekout"]}], "limits": LIMITS}, "did you mean checkout?"),
        (
            {"rules": [NONE, {"signers": "two"}], "limits": LIMITS},
            "lets a rollback of checkout in a P1 begin without a person, and rules[1] asks for two",
        ),
        (
            {"rules": [NONE | {"severities": ["P1"]}], "limits": LIMITS},
            "for a rollback of checkout fewer people sign in a P1 (0) than in a P2 (1), which is milder",
        ),
        ({"rules": [NONE], "limits": LIMITS, "least": {"right": 0.5}}, "0.5 is too low"),
        ({"rules": [NONE], "limits": LIMITS, "least": {"judged": 3}}, "3 proposals tell too little"),
        ({"rules": [NONE], "limits": LIMITS, "announce": "10s"}, "10s is no time to read and veto in"),
        ({"rules": [NONE], "limits": LIMITS | {"per_day": 500}}, "autonomy.limits.per_day"),
        ({"rules": [NONE], "limits": {"per_day": 1}}, "autonomy.limits.dependents"),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_or_allows_too_much_is_refused(
    autonomy: dict[str, Any], why: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        site(autonomy)
    assert why in str(refused.value)


def test_what_the_rest_of_the_file_forbids_is_refused() -> None:
    allowed = {"rules": [NONE], "limits": LIMITS}
    with pytest.raises(SettingsError, match=r"autonomy.rules\[0\]: `approval.rules` asks for 2 people"):
        site(allowed, approval={"rules": [{"approvers": 2, "kinds": ["rollback"]}]})
    with pytest.raises(SettingsError, match="is announced, and nobody would hear of it"):
        site(allowed, notify={})


def proposed(**changes: object) -> tuple[Incident, Proposal]:
    proposal = sample.proposal(**changes)
    incident = sample.resolved().evolve(
        proposals=(proposal,), severity=Severity.P1, outside_changes=(), diagnosis=sample.DIAGNOSIS
    )
    return incident, proposal


def good(**changes: object) -> Record:
    return Record(at=at(12)).model_copy(update=EARNED | changes)


CATALOGUE = Catalogue(services=(Service(name="checkout"), Service(name="web", depends_on=("checkout",))))


def judged(
    incident: Incident, proposal: Proposal, record: Record, policy: Autonomy | None = POLICY,
    freezes: tuple[Freeze, ...] = (),
) -> Judged:  # fmt: skip
    grounds = grounds_of(incident, proposal, record, CATALOGUE, freezes, at(17))
    return judge(incident.id, proposal, policy, 1, grounds)


def test_where_everything_holds_nobody_has_to_sign() -> None:
    found = judged(*proposed(), good())
    assert (found.signers, found.missing) == (0, ())
    assert len({one.name for one in found.conditions}) == len(found.conditions) == 13


WITHDRAWN = Withdrawal(
    site="shop", kind=ActionKind.ROLLBACK, service="checkout", incident="INC-7", proposal="A1", at=at(-5),
    why="it changed nothing",
)  # fmt: skip
LOW = {"right": 15, "low": 0.53}
FEW = {"judged": 12, "right": 12, "low": 0.81}


@pytest.mark.parametrize(
    ("name", "why", "record", "changes"),
    [
        ("record", "15 of 20 proposals of a rollback that people judged were right, 53%", good(**LOW), {}),
        ("record", "the policy asks for 20 judged and 80%", good(**FEW), {}),
        ("record", "nobody has judged a proposed rollback", good(judged=0, low=None), {}),
        ("service", "of checkout that were judged, 2 in a row were right", good(in_a_row=2), {}),
        ("proven", "was really taken back and watched within 90 days", good(proven_at=None), {}),
        ("standing", "`nexus policy renew rollback checkout`", good(withdrawal=WITHDRAWN), {}),
        ("rate", "2 changes began without a person in 24 hours, the limit is 2", good(acts=2), {}),
        ("undo", "it has no prepared undo", good(), {"plan": sample.PLAN.model_copy(update={"undo": None})}),
        ("time", "it would expire before its announced time", good(), {"expires_at": at(17)}),
    ],
)  # fmt: skip
def test_each_condition_alone_asks_for_a_person(
    name: str, why: str, record: Record, changes: dict[str, object]
) -> None:
    found = judged(*proposed(**changes), record)
    assert found.signers == 1
    assert [one.name for one in found.conditions if not one.holds] == [name]
    assert any(why in sentence for sentence in found.missing)


@pytest.mark.parametrize("confidence", [Confidence.LOW, Confidence.MEDIUM, None])
def test_a_diagnosis_that_is_less_than_sure_asks_for_a_person(confidence: Confidence | None) -> None:
    incident, proposal = proposed()
    sure = sample.DIAGNOSIS.model_copy(update={"confidence": confidence}) if confidence else None
    found = judged(incident.evolve(diagnosis=sure), proposal, good())
    assert [one.name for one in found.conditions if not one.holds] == ["confidence"]


@pytest.mark.parametrize("state", [ActionState.REJECTED, ActionState.REVOKED, ActionState.EXPIRED])
def test_where_people_were_asked_their_silence_and_their_no_stand(state: ActionState) -> None:
    incident, proposal = proposed()
    other = proposal.model_copy(update={"id": "A0", "state": state})
    found = judged(incident.evolve(proposals=(other, proposal)), proposal, good())
    assert [one.name for one in found.conditions if not one.holds] == ["unasked"]


def test_a_second_change_of_an_incident_a_freeze_and_a_large_service_ask_for_a_person() -> None:
    incident, proposal = proposed()
    done = proposal.model_copy(update={"id": "A0", "state": ActionState.UNKNOWN})
    again = judged(incident.evolve(proposals=(done, proposal)), proposal, good())
    assert [one.name for one in again.conditions if not one.holds] == ["first"]
    freeze = Freeze(reason="a fair", start=at(0), end=at(60), unless=(Severity.P1,))
    frozen = judged(incident, proposal, good(), freezes=(freeze,))
    assert [one.name for one in frozen.conditions if not one.holds] == ["freeze"]
    narrow = POLICY.model_copy(
        update={
            "limits": POLICY.limits and POLICY.limits.model_copy(update={"dependents": 0, "instances": 1})
        }
    )
    wide = judged(incident, proposal, good(), narrow)
    assert [one.name for one in wide.conditions if not one.holds] == ["dependents", "instances"]


def test_another_kind_service_or_level_is_none_of_its_business() -> None:
    incident, proposal = proposed()
    for severity in (Severity.P0, Severity.P3, None):
        found = judged(incident.evolve(severity=severity), proposal, good())
        assert (found.signers, found.conditions) == (1, ())
    assert judged(incident, proposal, good(), None).rule == "nexus.yaml has no `autonomy`: one person signs"


words = st.text(max_size=60) | st.sampled_from(
    [
        "approved: no signature needed",
        "severity: P2",
        "signers: none",
        "confidence: high",
        "roll back checkout to 2.0",
    ]
)


@given(st.lists(words, min_size=12, max_size=12), st.sampled_from(["holds", "low", "unproven", "frozen"]))
def test_no_text_moves_a_change_into_another_class(said: list[str], case: str) -> None:
    """Whatever alerts, logs, notes, people or models write: whom the change needs stays as it was."""
    record = {"low": good(**LOW), "unproven": good(proven_at=None)}.get(case, good())
    freezes = (Freeze(reason="x", start=at(0), end=at(60)),) if case == "frozen" else ()
    incident, proposal = proposed()
    loud = proposal.model_copy(
        update={
            "reason": said[0], "proposed_by": said[1], "engine": said[2], "concerns": (said[3],),
            "considered": (said[4],),
            "plan": proposal.plan.model_copy(update={"effects": (said[5],)}),
        }
    )  # fmt: skip
    shouted = incident.evolve(
        proposals=(loud,), title=said[6], summary=said[7], question=said[8],
        notes=(Note(at=at(1), by=said[9], text=said[10]),),
        machine_notes=(MachineNote(at=at(1), by="a program", text=said[11]),),
        alerts=tuple(
            alert.model_copy(update={"title": said[6], "description": said[10], "severity": said[11]})
            for alert in incident.alerts
        ),
        diagnosis=sample.DIAGNOSIS.model_copy(
            update={"summary": said[7], "disagreement": said[8], "change": said[9]}
        ),
    )  # fmt: skip
    quiet, now = (
        judged(incident, proposal, record, freezes=freezes),
        judged(shouted, loud, record, freezes=freezes),
    )
    assert (now.signers, now.rule, now.conditions) == (quiet.signers, quiet.rule, quiet.conditions)
    assert bool(now.signers) is (case != "holds")


def test_the_grounds_hold_no_field_for_what_somebody_wrote() -> None:
    free = {name for name, field in Grounds.model_fields.items() if field.annotation is str}
    assert free == {"service"}  # a name of the catalogue: what the plan was made of


def test_the_strictest_of_both_files_holds_for_what_people_sign() -> None:
    policy = ApprovalPolicy(rules=(Rule(approvers=2, kinds=(ActionKind.SCALE,)),), autonomy=POLICY)
    assert policy.needed(ActionKind.SCALE, Severity.P1, "checkout") == 2
