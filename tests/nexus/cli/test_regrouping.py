"""`nexus split` and `nexus merge`: what is printed, what scripts read, what is refused."""

import asyncio
import json

from nexus.store.records import WorldKind, WorldRef
from nexus.store.sqlite.store import Store
from tests.conformance.test_regrouping import alert, driven, opened
from tests.nexus.command_line import Terminal

WHY = ("--by", "ana", "--reason", "two teams")


def home_with(nexus: Terminal, *services: tuple[str, ...]) -> list[str]:
    """A home with one live incident for each group of services."""
    nexus.home.mkdir()
    configuration = nexus.home / "nexus.yaml"
    configuration.write_text("services: [{name: checkout}, {name: mail}]\n")
    world = WorldRef(kind=WorldKind.LIVE, path=str(configuration))
    with Store.open(nexus.home) as store:
        return [
            asyncio.run(opened(store, *(alert(name) for name in names), world=world)) for names in services
        ]


def heard(nexus: Terminal, *incidents: str) -> None:
    """What is in the inboxes is taken in, as by a worker."""
    with Store.open(nexus.home) as store:
        for identity in incidents:
            asyncio.run(driven(store, identity))


def test_a_split_and_its_undoing(nexus: Terminal) -> None:
    (one,) = home_with(nexus, ("checkout", "mail"))
    typed = nexus("split", one, "mail", *WHY, "--json")
    done = json.loads(typed.out)
    new = done["split_into"]
    assert (done["incident"], done["alerts"], done["merged"], done["lessons"]) == (
        one, ["mail-1234567"], None, 1,
    )  # fmt: skip
    heard(nexus, one, new)
    assert json.loads(nexus("show", new, "--json").out)["split_from"] == one
    merged = nexus("merge", one, new, *WHY)
    assert f"{new} is merged into {one}, which goes on with 1 alert more" in merged.out
    assert f"`nexus split {one} {new}` undoes it" in merged.out
    heard(nexus, one, new)
    body = json.loads(nexus("show", new, "--json").out)
    assert (body["status"], body["merged_into"]) == ("merged", one)


def test_what_is_refused_says_why(nexus: Terminal) -> None:
    one, _ = home_with(nexus, ("checkout",), ("mail",))
    typed = nexus("split", one, "checkout", *WHY)
    assert (typed.code, f"nothing would be left of {one}" in typed.err) == (1, True)
    typed = nexus("split", one, "chekout", *WHY)
    assert "checkout" in typed.err
    assert nexus("merge", one, one, *WHY).code == 2
    assert "--reason" in nexus("merge", one, "x", "--by", "ana").err
