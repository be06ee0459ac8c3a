"""The demo: the recording that ships, from alert to post-mortem."""

import json
from pathlib import Path

from tests.nexus.cli import Terminal


def test_the_demo_resolves_a_real_incident(nexus: Terminal) -> None:
    typed = nexus("demo", "--yes", "--engine", "playbook", "--json")
    assert typed.code == 0, typed.err
    body = json.loads(typed.out)
    assert (body["status"], body["severity"]) == ("resolved", "P1")
    assert (body["diagnosis"]["service"], body["diagnosis"]["category"]) == ("checkout", "deployment")
    (action,) = body["actions"]
    assert (action["kind"], action["target"], action["arguments"]) == (
        "rollback", "checkout", {"version": "2026.11.1"},
    )  # fmt: skip
    assert body["verification"]["verdict"] == "recovered"
    assert not [entry["text"] for entry in body["timeline"] if entry["kind"] == "gap"]
    folder = Path(body["post_mortem"]).parent
    assert (folder / "charts" / "recovery.png").read_bytes().startswith(b"\x89PNG")
    assert "Action items" in (folder / "post-mortem.md").read_text()


def test_without_a_person_the_demo_waits_and_says_how_to_go_on(nexus: Terminal) -> None:
    typed = nexus("demo", "--engine", "playbook")
    assert typed.code == 3
    assert "nexus approve INC-" in typed.out
    assert "The playbook speaks" in typed.out


def test_a_second_demo_is_an_incident_of_its_own(nexus: Terminal) -> None:
    """Two that wait: the second is opened beside the first, and both can be decided on."""
    first, second = (nexus("demo", "--engine", "playbook", "--json") for _ in range(2))
    assert (first.code, second.code) == (3, 3)
    assert json.loads(first.out)["id"] != json.loads(second.out)["id"]
    assert len(json.loads(nexus("incidents", "--json").out)) == 2
