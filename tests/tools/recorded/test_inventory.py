"""What a recording tells of its flags: a name that is counted because ids are unique is told without."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.changes import Change, ChangeKind
from incidents.inventory import FlagState
from tools.recorded.inventory import RecordedInventory

AT = datetime(2026, 4, 7, 10, 0, tzinfo=UTC)


def switched(identity: str, to: str, minutes: int = 0, summary: str = "", service: str = "cart") -> Change:
    return Change(
        time=AT + timedelta(minutes=minutes), id=identity, service=service, kind=ChangeKind.FLAG,
        version_from="", version_to=to, summary=summary,
    )  # fmt: skip


PHASE = FlagState(name="phase", on=True)
TWICE = (switched("strict", "on"), switched("strict-2", "off", 5))


@pytest.mark.parametrize(
    ("changes", "reactions", "flags"),
    [
        ((), (), None),
        ((switched("strict", "on"),), (), (FlagState(name="strict", on=True),)),
        (
            (switched("strict", "on"), switched("strict-2", "off", 5)),
            (),
            (FlagState(name="strict", on=False),),
        ),
        ((switched("phase-2", "on"),), (), (FlagState(name="phase-2", on=True),)),
        (
            (switched("phase-2", "on"),),
            ("feature_flag-cart-phase-False",),
            (FlagState(name="phase", on=True),),
        ),
        ((switched("a7f1", "new_cart=off"),), (), (FlagState(name="new_cart", on=False),)),
        ((switched("blue", ""),), (), (FlagState(name="blue"),)),
        ((switched("blue", "on", service="web"),), (), None),
    ],
)
async def test_flags_are_told_by_the_names_that_switch_them(
    changes: tuple[Change, ...], reactions: tuple[str, ...], flags: tuple[FlagState, ...] | None
) -> None:
    told = RecordedInventory(so_far=lambda: changes, instances={"cart": 3}.get, reactions=reactions)
    found = await told.inventory("cart")
    assert (found.flags, found.instances) == (flags, 3)
