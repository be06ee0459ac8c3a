"""What every store keeps of drills: each as it stands last, with the deed of who asked for it."""

from incidents.action import ActionKind
from incidents.drill import Drill, DrillStep, Part
from nexus.store.audit import Deed, DeedKind
from nexus.store.port import IncidentStore
from tests.nexus.sample import at

STEP = DrillStep(
    part=Part.UNDO, service="checkout", kind=ActionKind.ROLLBACK, tried="roll back", passed=True, said="",
    seconds=0.2,
)  # fmt: skip


def drill(number: int, minutes: float, site: str = "default", passed: bool = True) -> Drill:
    step = STEP.model_copy(update={"passed": passed})
    return Drill(id=f"DRILL-{number}", site=site, at=at(minutes), by="kim", services=("web",), steps=(step,))


async def test_drills_come_oldest_first_as_they_stand_last(store: IncidentStore) -> None:
    other = drill(3, 2, site="other")
    for one in (drill(1, 3), drill(2, 1), other, drill(2, 1, passed=False)):
        await store.keep_drill(one)
    assert await store.drills("default", at(0)) == (drill(2, 1, passed=False), drill(1, 3))
    assert await store.drills("default", at(3)) == (drill(1, 3),)
    assert await store.drills(None, at(2)) == (other, drill(1, 3))


async def test_who_asked_for_it_is_in_the_audit(store: IncidentStore) -> None:
    deed = Deed(at=at(1), kind=DeedKind.DRILL, person="kim", about="DRILL-1", said="passed")
    await store.keep_drill(drill(1, 1), deed)
    (row,) = await store.audit()
    assert row.deed == deed
