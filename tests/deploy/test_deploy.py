"""What `deploy/` says of Nexus is so: manifests fit the schemas of the API, containers run what there is."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest
import yaml

from tests.nexus.command_line import typed_before

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = "1.37"


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        if file.name != "kustomization.yaml":
            for one in yaml.safe_load_all(file.read_text()):
                yield f"{one['kind']} {one['metadata']['name']}", one


def commands() -> Iterator[tuple[str, list[str]]]:
    for name, one in objects():
        for container in (
            one["spec"].get("template", {}).get("spec", {}).get("containers", ()) if "spec" in one else ()
        ):
            yield name, container["args"]
    for name, service in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].items():
        if "command" in service:
            yield f"compose {name}", service["command"]


@pytest.mark.parametrize("manifest", [pytest.param(one, id=name) for name, one in objects()])
def test_a_manifest_fits_the_schema_of_its_kind(manifest: dict[str, Any]) -> None:
    # it takes an older schema without a word where it has not got this one, and says which it took
    assert kubernetes_validate.validate(manifest, KUBERNETES, strict=True) == KUBERNETES


@pytest.mark.parametrize("command", [pytest.param(words, id=name) for name, words in commands()])
def test_what_a_container_runs_is_a_verb_with_these_options(command: list[str], tmp_path: Path) -> None:
    said = typed_before(tmp_path, command[0], "--help")
    for option in (word for word in command if word.startswith("--")):
        assert option in said


def test_kustomization_names_every_manifest() -> None:
    folder = DEPLOY / "kubernetes"
    named = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(named) == sorted({file.name for file in folder.glob("*.yaml")} - {"kustomization.yaml"})


def test_the_image_holds_every_package_and_the_version_is_this_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = (DEPLOY / "Containerfile").read_text()
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {package} {package}\n" in copied
    image = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())["images"][0]
    assert image["newTag"] == project["project"]["version"]


def test_a_worker_may_end_its_change_before_it_is_killed() -> None:
    grace = {name: one["spec"]["template"]["spec"] for name, one in objects() if one["kind"] == "Deployment"}
    assert (
        grace["Deployment nexus-worker"]["terminationGracePeriodSeconds"] > 20 + 180
    )  # drain_for, and patience


def test_a_database_that_is_away_restarts_no_pod() -> None:
    """A change may be under way: liveness asks the process alone, readiness the database too."""
    for name, one in objects():
        if one["kind"] == "Deployment":
            (container,) = one["spec"]["template"]["spec"]["containers"]
            asked = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("liveness", "readiness")}
            assert asked["liveness"] == {"path": "/livez", "port": "http"}, name
            assert asked["readiness"] == {"path": "/readyz", "port": "http"}, name
            ports = {port["name"]: port["containerPort"] for port in container["ports"]}
            verb = container["args"][0]
            assert ports["http"] == {"serve": 8477, "worker": 8478}[verb]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_in_the_unit(tmp_path: Path) -> None:
    """Program and user are those of an installation: in their place stand ones that every machine has."""
    text = (DEPLOY / "nexus.service").read_text()
    program = "/opt/nexus/.venv/bin/nexus"
    assert f"ExecStart={program} serve" in text
    unit = tmp_path / "nexus.service"
    unit.write_text(text.replace(program, "/bin/true").replace("=nexus\n", "=root\n"))
    said = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", unit],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, "")


def test_what_the_unit_runs_is_a_verb_with_these_options(tmp_path: Path) -> None:
    (words,) = re.findall(r"ExecStart=\S+ (.+)", (DEPLOY / "nexus.service").read_text())
    said = typed_before(tmp_path, words.split()[0], "--help")
    assert all(word in said for word in words.split() if word.startswith("--"))


def test_the_security_review_lists_every_dependency_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(one for name in extras if name not in {"build", "dev"} for one in extras[name]),
    ]
    names = {re.split(r"[\[<>=!~;]", one)[0] for one in wanted}
    told = (ROOT / "docs" / "security.md").read_text().partition("| Package | For |")[2]
    assert set(re.findall(r"^\| ([\w-]+) \| \S", told, re.MULTILINE)) == names
