"""How a recorded change would be taken back, and what drills say in the end."""

import pytest

from incidents.action import ActionKind, Arguments
from incidents.changes import Change, ChangeKind
from incidents.drill import Drill, DrillStep, Part, Rehearsed, last_of, rehearsed, taking_back
from incidents.proofs import Proof
from incidents.trust import with_drills
from incidents.verification import Recovery
from tests.nexus import sample
from tests.nexus.sample import at


def change(kind: ChangeKind, before: str, after: str, minutes: float = 0, service: str = "shop") -> Change:
    return Change(
        time=at(minutes), id="c1", service=service, kind=kind, version_from=before, version_to=after
    )


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (change(ChangeKind.DEPLOY, "1.0", "2.0"), Arguments(version="1.0")),
        (change(ChangeKind.CONFIG, "a", "b"), Arguments(version="a")),
        (change(ChangeKind.DEPLOY, "", "2.0"), None),
        (change(ChangeKind.DEPLOY, "2.0", "2.0"), None),
        (change(ChangeKind.FLAG, "", "a=b=on"), Arguments(flag="a=b", enabled=False)),
        (change(ChangeKind.FLAG, "", "new=Off"), Arguments(flag="new", enabled=True)),
        (change(ChangeKind.FLAG, "", "new"), None),
        (change(ChangeKind.SCALE, "2", "3"), None),
    ],
)
def test_what_was_before_is_taken_from_the_record_and_never_guessed(
    made: Change, wanted: Arguments | None
) -> None:
    action = taking_back(made)
    assert (action.arguments if action is not None else None) == wanted


def test_the_last_change_is_that_of_the_service_and_the_kind() -> None:
    deploy = change(ChangeKind.DEPLOY, "1", "2", 1)
    flag = change(ChangeKind.FLAG, "", "a=on", 2)
    changes = (flag, deploy, change(ChangeKind.DEPLOY, "1", "2", 3, "web"))
    assert last_of(changes, "shop") == flag
    assert last_of(changes, "shop", ChangeKind.DEPLOY) == deploy
    assert last_of(changes, "db") is None


def drill(minutes: float, passed: bool | None) -> Drill:
    step = DrillStep(
        part=Part.UNDO, service="shop", kind=ActionKind.ROLLBACK, tried="", passed=passed, said="", seconds=0
    )
    return Drill(id="D", site="default", at=at(minutes), by="kim", services=("shop",), steps=(step,))


def test_the_latest_drill_that_tried_it_counts() -> None:
    place = {"service": "shop", "kind": ActionKind.ROLLBACK}
    drills = [drill(3, None), drill(2, passed=False), drill(1, passed=True)]
    assert rehearsed(drills) == (Rehearsed.model_validate({**place, "at": at(2), "plannable": False}),)


def test_a_drill_makes_plannable_and_never_proven() -> None:
    (line,) = with_drills([], rehearsed([drill(1, passed=True)]), [])
    assert (line.proposed, line.plannable, line.proof) == (0, True, None)
    proof = Proof(
        service="shop", kind=ActionKind.ROLLBACK, undo=sample.REDEPLOY, at=at(5), seen=Recovery.RECOVERED,
        source=sample.ID, proposal="A2",
    )  # fmt: skip
    (line,) = with_drills([line], [], [proof.model_copy(update={"at": at(4)}), proof])
    assert (line.plannable, line.proof) == (True, proof)
