"""`nexus files` and `nexus workers` through the door that people use."""

import json
from pathlib import Path

import pytest
import yaml

from tests.nexus.command_line import Terminal
from tests.s3 import BUCKET, s3_options, s3_server


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


def test_files_lie_in_a_bucket_where_nexus_yaml_says_so(nexus: Terminal, case: Path, tmp_path: Path) -> None:
    with s3_server() as address:
        options = s3_options(address) | {"secret": "env:BUCKET_SECRET"}
        store = {"files": f"s3://{BUCKET}/nexus", "files_options": options | {"key": "env:BUCKET_KEY"}}
        site = {"services": [{"name": "checkout"}], "store": store}
        (tmp_path / "nexus.yaml").write_text(yaml.safe_dump(site))
        for name, value in (("CONFIG", str(tmp_path / "nexus.yaml")), ("RETENTION_DAYS", "1")):
            nexus.set(f"NEXUS_{name}", value)
        nexus.set("BUCKET_KEY", options["key"])
        nexus.set("BUCKET_SECRET", "a-secret-of-the-bucket")
        found = {check["part"]: check for check in json.loads(nexus("doctor", "--json").out)}
        assert (found["Files"]["state"], found["Files"]["found"]) == ("ok", f"s3://{BUCKET}/nexus")
        run = nexus("run", "--world", case, "--approve", "all", "--engine", "playbook", "--json")
        assert run.code == 0, run.err
        assert json.loads(run.out)["post_mortem"] == f"s3://{BUCKET}/nexus/{identity(nexus)}/post-mortem.md"
        listed = {one["name"] for one in json.loads(nexus("files", identity(nexus), "--json").out)}
        assert {"status-page.md", "channel.md", "post-mortem.md"} <= listed
        assert nexus("files", identity(nexus), "status-page.md").out.startswith("# Resolved")
        here = {path.name for path in (nexus.home / "incidents" / identity(nexus)).rglob("*")}
        assert here <= {"world.jsonl", "world.lock"}, "nothing else is on this machine"
    gone = nexus("files", identity(nexus))
    assert (gone.code, "cannot be listed" in gone.err) == (1, True)
    assert "a-secret-of-the-bucket" not in gone.err


def test_a_bucket_s_secret_that_is_written_out_is_refused(nexus: Terminal, tmp_path: Path) -> None:
    store = {"files": "s3://bucket/nexus", "files_options": {"secret": "hunter2hunter2"}}
    (tmp_path / "nexus.yaml").write_text(yaml.safe_dump({"services": [{"name": "a"}], "store": store}))
    nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
    refused = nexus("files", "INC-2026-11-23-001")
    assert (refused.code, "store.files_options" in refused.err, "is named" in refused.err) == (2, True, True)
    assert "hunter2" not in refused.err
    store["files"] = "ftp://bucket"
    (tmp_path / "nexus.yaml").write_text(yaml.safe_dump({"services": [{"name": "a"}], "store": store}))
    assert "store.files" in nexus("files", "INC-2026-11-23-001").err
