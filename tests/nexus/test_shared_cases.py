"""Recorded incidents from public data sets and alert bodies as vendors send them, where they are at hand."""

import json
from pathlib import Path

import pytest

from tests.nexus.command_line import Terminal

SHARED = Path(__file__).parents[3] / "shared"
CASES = SHARED / "cases"
FIRST = ["nezha/nz-20220822-0353", "nezha/nz-20230129-0843", "petshop/ps-low-test-00"]

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="the folder of public recorded incidents is not there"
)


@pytest.mark.parametrize("name", FIRST)
def test_a_public_case_gets_a_diagnosis_or_an_honest_unknown(nexus: Terminal, name: str) -> None:
    typed = nexus("run", "--world", CASES / name, "--approve", "none", "--engine", "playbook", "--json")
    body = json.loads(typed.out)
    assert (typed.code, body["status"], body["held_by"]) == (3, "handed_over", "people"), typed.err
    diagnosis = body["diagnosis"]
    assert diagnosis["category"] == "unknown" or diagnosis["evidence"]
    assert body["suspects"]
    assert all(action["state"] != "done" for action in body["actions"])


@pytest.mark.parametrize("name", ["alertmanager_firing.json", "alertmanager_sid_firing.json"])
def test_a_real_webhook_body_opens_an_incident(nexus: Terminal, case: Path, name: str) -> None:
    alert = SHARED / "alerts" / name
    typed = nexus("run", alert, "--world", case, "--approve", "none", "--engine", "playbook", "--json")
    assert typed.code == 3, typed.err
    (arrived,) = json.loads(typed.out)["alerts"]
    assert (arrived["service"], arrived["fingerprint"]) == ("checkout", "7aeb15eb9ae390c6")
