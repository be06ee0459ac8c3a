"""`nexus doctor` on a live world: each backend is asked for real, and says how it is."""

import json
from pathlib import Path

from tests.nexus.command_line import Terminal
from tests.nexus.network import Cut
from tests.nexus.rig import BAD, rig


def test_every_backend_of_the_configuration_is_asked(nexus: Terminal, tmp_path: Path) -> None:
    with rig(tmp_path) as made:
        nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
        found = {row["part"]: row for row in json.loads(nexus("doctor", "--json").out)}
        assert found["Live world"]["found"].startswith("3 services in ")
        assert found["metrics (prometheus)"]["state"] == "ok"
        assert "holds 2 changes" in found["changes 1 (releases)"]["found"]
        assert "shop 2.0 (1 instance)" in found["actions 1 (releases)"]["found"]
        assert "the dry run to restart payment ended with 0" in found["actions 2 (command)"]["found"]
        assert made.version == BAD
        made.networks["metrics"].cut(Cut.REFUSED)
        silent = nexus("doctor")
    assert silent.code == 1
    assert "cannot be reached" in " ".join(silent.out.split())


def test_a_broken_configuration_is_a_broken_part(nexus: Terminal, tmp_path: Path) -> None:
    (tmp_path / "nexus.yaml").write_text("services: [{name: web, depend_on: [x]}]\n")
    nexus.set("NEXUS_CONFIG", str(tmp_path / "nexus.yaml"))
    told = nexus("doctor")
    assert told.code == 1
    assert "did you mean depends_on?" in " ".join(told.out.split())
