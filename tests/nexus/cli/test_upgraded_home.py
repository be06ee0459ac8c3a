"""What waited for a person under an earlier release goes on under this one, and ends well."""

import json
from pathlib import Path

from tests.homes import RECORDED, unpacked
from tests.nexus.command_line import Terminal


def test_an_approval_that_0_1_0_asked_for_is_given_and_ends_resolved(nexus: Terminal, tmp_path: Path) -> None:
    nexus.goes_on_from(unpacked("0.1.0", tmp_path / "old"))
    assert "1 to approve" in nexus("incidents").out
    approved = nexus("approve", RECORDED, "--by", "dana")
    assert (approved.code, "A1 (roll back database to 2026.9.2): approved" in approved.out) == (0, True)
    nexus("resume")
    shown = json.loads(nexus("show", RECORDED, "--json").out)
    assert shown["status"] == "resolved"
    assert [proposal["state"] for proposal in shown["actions"]] == ["done"]
    assert (nexus.home / "incidents" / RECORDED / "post-mortem.md").is_file()


def test_what_0_1_0_kept_is_found_by_its_words(nexus: Terminal, tmp_path: Path) -> None:
    nexus.goes_on_from(unpacked("0.1.0", tmp_path / "old"))
    (line,) = json.loads(nexus("incidents", "--words", "connections database-1", "--json").out)
    assert line["id"] == RECORDED
    assert {hit["kind"] for hit in line["found"]} >= {"incident"}
    refused = nexus("incidents", "--words", "%")
    assert (refused.code, "give letters or digits" in refused.err) == (2, True)
