"""The demo: the recording that ships, from alert to post-mortem."""

import json
from pathlib import Path

from tests.nexus.command_line import Terminal


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
    assert not [entry["text"] for entry in body["timeline"] if "clock runs ahead" in entry["text"]]
    folder = Path(body["post_mortem"]).parent
    assert (folder / "charts" / "recovery.png").read_bytes().startswith(b"\x89PNG")
    assert "## 4. What to do" in (folder / "post-mortem.md").read_text()


def test_without_a_person_it_waits_and_says_how_to_go_on_and_a_second_is_opened_beside_it(
    nexus: Terminal,
) -> None:
    first = nexus("demo", "--engine", "playbook")
    assert first.code == 3
    assert "nexus approve INC-" in first.out
    assert "The playbook speaks" in first.out
    second = nexus("demo", "--engine", "playbook", "--json")
    assert second.code == 3
    assert json.loads(second.out)["id"] not in first.out
    assert len(json.loads(nexus("incidents", "--json").out)) == 2
