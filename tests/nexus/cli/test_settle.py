"""A person says what became of a change of which nobody else can tell."""

import asyncio

from incidents.action import ActionState
from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.nexus.command_line import Terminal
from tests.nexus.leasing import begun
from tests.nexus.sample import ID, at, opened, proposal


def unknown(nexus: Terminal) -> None:
    """A home in which a change was begun, and nobody can say whether it was done."""
    signed, site = proposal(state=ActionState.APPROVED), nexus.home / "nexus.yaml"

    async def keep(store: Store) -> None:
        incident = opened().evolve(proposals=(signed.model_copy(update={"state": ActionState.UNKNOWN}),))
        await store.register(incident, WorldRef(kind=WorldKind.LIVE, path=str(site)), at(12))
        await begun(store, signed, at(12))

    with Store.open(nexus.home) as store:
        site.write_text("services: [{name: checkout}]\n")
        asyncio.run(keep(store))


def test_what_is_unknown_is_shown_with_what_a_person_can_say(nexus: Terminal) -> None:
    unknown(nexus)
    for shown in (nexus("show", ID), nexus("approvals")):
        words = " ".join(shown.out.split())
        assert "unknown" in words
        assert f"nexus settle {ID} A1 --done (or --not-done) --by NAME" in words


def test_it_is_settled_once(nexus: Terminal) -> None:
    unknown(nexus)
    first = nexus("settle", ID, "A1", "--not-done", "--by", "Dana Lee", "--note", "the old version runs")
    assert (first.code, first.out) == (
        0, "A1: Dana Lee has looked: it was not done: the old version runs.\n",
    )  # fmt: skip
    again = nexus("settle", ID, "A1", "--done", "--by", "Kim Ito")
    assert again.code == 1
    assert "was said already" in again.err
    with Store.existing(nexus.home) as store:
        kept = asyncio.run(store.finished(proposal().execution_key))
    assert kept is not None
    assert not kept.done


def test_one_says_whether_it_was_done(nexus: Terminal) -> None:
    unknown(nexus)
    assert nexus("settle", ID, "A1", "--by", "Dana Lee").code == 2
    refused = nexus("settle", ID, "A7", "--done", "--by", "Dana Lee")
    assert refused.code == 2
    assert "There is no action 'A7'" in refused.err
