"""What the command line shows of a restricted incident to whoever's token it is, verb by verb."""

import asyncio

import pytest

from nexus.store.sqlite.store import Store
from tests.nexus import sample
from tests.nexus.cli.test_signing import DANA, HASHES, KIM, keep
from tests.nexus.command_line import Terminal
from tests.nexus.sample import ID

SAM = "the-token-of-sam"
PEOPLE = (
    f"[{{name: Dana Lee, id: u1, token_hash: {HASHES[DANA]!r}}}, "
    "{name: kim, token: 'env:KIM', roles: [responder]}, {name: sam, token: 'env:SAM', roles: [admin]}]"
)
GONE = f"nexus: There is no incident {ID!r}; known: none\n"
#: What is typed, and whether it is about this incident: then it is not there; else it is left out.
TYPED: dict[tuple[str, ...], bool] = {
    ("incidents",): False, ("approvals",): False, ("verdicts",): False, ("backlog",): False,
    ("alerts",): False, ("audit", "list"): False,
    ("show", ID): True, ("trace", ID): True, ("ask", ID, "why?"): True, ("watch", ID, "--json"): True,
    ("status", "updates", ID): True, ("note", ID, "look"): True, ("take", ID): True,
    ("approve", ID): True, ("restrict", ID, "--why", "people", "--to", "sam"): True,
}  # fmt: skip


@pytest.fixture
def world(nexus: Terminal) -> Terminal:
    """A home whose incident only kim and commanders see."""
    keep(nexus.home, PEOPLE)
    nexus.set("NEXUS_CONFIG", str(nexus.home / "nexus.yaml"))
    nexus.set("KIM", KIM)
    nexus.set("SAM", SAM)
    with Store.existing(nexus.home) as store:
        for entry in sample.ENTRIES:
            asyncio.run(store.write(entry))
    nexus.set("NEXUS_TOKEN", DANA)
    said = nexus("restrict", ID, "--why", "misuse", "--to", "kim", "--json")
    assert said.code == 0, said.err
    return nexus


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_it_is_not_there_for_whoever_is_not_named(world: Terminal, words: tuple[str, ...]) -> None:
    world.set("NEXUS_TOKEN", SAM)
    typed = world(*words)
    if TYPED[words]:
        assert (typed.code, typed.err) == (2, GONE), typed.err
        assert typed.out == ""
    else:
        assert (typed.code, ID in typed.out) == (0, False), typed


@pytest.mark.parametrize("token", [KIM, DANA, ""], ids=["named", "commander", "nobody in particular"])
def test_it_is_there_for_those_who_are_named_for_commanders_and_for_who_has_the_home(
    world: Terminal, token: str
) -> None:
    world.set("NEXUS_TOKEN", token)
    assert ID in world("incidents").out
    assert world("show", ID).code == 0


def test_it_is_lifted_with_a_reason(world: Terminal) -> None:
    world.set("NEXUS_TOKEN", KIM)
    assert "--note" in world("restrict", ID, "--lift").err
    assert "Say --why" in world("restrict", ID).err
    assert "leave --to and --why out" in world("restrict", ID, "--lift", "--to", "kim").err
    lifted = world("restrict", ID, "--lift", "--note", "it was a drill")
    assert (lifted.code, "everybody sees it again" in lifted.out) == (0, True), lifted.err
    world.set("NEXUS_TOKEN", SAM)
    assert world("show", ID).code == 0
