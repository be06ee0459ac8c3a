"""`nexus files` and `nexus workers` through the door that people use."""

import json
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal


@pytest.fixture
def resolved(nexus: Terminal, ended: Path) -> Terminal:
    nexus.goes_on_from(ended)
    return nexus


def identity(nexus: Terminal) -> str:
    (one,) = json.loads(nexus("incidents", "--json").out)
    return str(one["id"])


def test_what_an_incident_s_steps_wrote_is_listed_and_copied(resolved: Terminal, tmp_path: Path) -> None:
    incident = identity(resolved)
    listed = {one["name"]: one["size"] for one in json.loads(resolved("files", incident, "--json").out)}
    assert {"status-page.md", "channel.md", "post-mortem.md"} <= set(listed)
    assert resolved("files", incident, "--to", tmp_path / "copy").code == 0
    for name, size in listed.items():
        assert (tmp_path / "copy" / name).stat().st_size == size


def test_one_is_written_out_as_it_is(resolved: Terminal) -> None:
    incident = identity(resolved)
    assert resolved("files", incident, "status-page.md").out.startswith("# Resolved")


def test_a_name_that_is_none_says_the_nearest(resolved: Terminal) -> None:
    said = resolved("files", identity(resolved), "post-mortem.txt")
    assert (said.code, "did you mean post-mortem" in said.err) == (2, True)


def test_nobody_works_where_no_server_runs(resolved: Terminal) -> None:
    assert json.loads(resolved("workers", "--json").out) == []
    assert resolved("workers").out == "Nobody drives incidents; `nexus serve` does.\n"
