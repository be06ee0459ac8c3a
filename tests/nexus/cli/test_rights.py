"""`nexus rights kubernetes`: what is printed fits the API, and is what `deploy/` shows."""

from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest
import yaml

from tests.nexus.command_line import Terminal

EXAMPLES = Path(__file__).parents[3] / "deploy" / "kubernetes" / "examples"


@pytest.mark.parametrize("example", ["rights.yaml", "rights-per-act.yaml"])
def test_the_manifests_fit_the_schemas_and_the_example_is_what_is_printed(
    nexus: Terminal, tmp_path: Path, example: str
) -> None:
    text = (EXAMPLES / example).read_text()
    head, _, body = text.partition("# for ")
    said = "\n".join(line.removeprefix("#") for line in head.splitlines() if line.startswith("#  "))
    site = tmp_path / "nexus.yaml"
    site.write_text(said)
    told = nexus("rights", "kubernetes", "--config", site)
    assert (told.code, told.out) == (0, f"# for {body}")
    for one in yaml.safe_load_all(told.out):
        assert kubernetes_validate.validate(one, "1.37", strict=True) == "1.37"
    other_account = nexus("rights", "kubernetes", "--config", site, "--account", "ops/agent").out
    assert "{kind: ServiceAccount, name: agent, namespace: ops}" in other_account
    assert nexus("rights", "kubernetes", "--config", site, "--account", "agent").code == 2
    site.write_text("services: [{name: web}]\n")
    assert "names nothing of Kubernetes" in nexus("rights", "kubernetes", "--config", site).err
