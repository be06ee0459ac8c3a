"""A whole conversation with a real language model, replayed: the requests of today, the answers of then.

`evals/conversations/<case>` holds what a language model answered through a chat endpoint, one file a request,
named by its digest. A request that is not the same to the letter finds no answer, and the playbook would take
over: the test fails. After a change of prompts, tools or analyses the conversation has to be recorded anew
(docs/models.md).
"""

import json
from pathlib import Path

import pytest
import yaml

from tests.nexus.command_line import Terminal

CASE = Path("demo/recording/shop-checkout-bad-release")
TAPE = Path("evals/conversations/shop-checkout-bad-release")


@pytest.mark.skipif(not TAPE.is_dir(), reason="no conversation ships with this checkout")
def test_the_shops_incident_runs_to_its_end_by_what_the_model_said(nexus: Terminal, tmp_path: Path) -> None:
    # Whoever answered took minutes for what an endpoint does in seconds: the steps had longer boxes.
    runbook = yaml.safe_load(Path("nexus/runbook.yaml").read_text())
    runbook["bounds"]["step_box"] = dict.fromkeys(("P0", "P1", "P2", "P3"), "14m")
    (tmp_path / "runbook.yaml").write_text(yaml.safe_dump(runbook))
    nexus.set("NEXUS_RUNBOOK", str(tmp_path / "runbook.yaml"))
    nexus.set("NEXUS_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    nexus.set("NEXUS_LLM_API_KEY", "none")
    nexus.set("NEXUS_LLM_MODEL", "bridge")
    nexus.set("NEXUS_LLM_REPLAY", str(TAPE))
    ended = nexus("run", "--world", CASE, "--engine", "llm", "--approve", "all", "--json")
    told = json.loads(ended.out)
    assert [entry["text"] for entry in told["timeline"] if entry["kind"] == "handover"] == []
    assert told["usage"]["model_calls"] == len(list(TAPE.glob("*.json")))
    speakers = {entry["role"] for entry in told["timeline"] if entry["engine"] == "llm"}
    assert speakers == {
        "Infrastructure Maintainer",
        "Support Responder",
        "Backend Architect",
        "DevOps Automator",
        "Evidence Collector",
        "API Tester",
        "Workflow Optimizer",
        "Sprint Prioritizer",
    }
    assert told["diagnosis"]["service"] == "checkout"
    assert "TypeError" in told["diagnosis"]["summary"]
    assert told["status"] == "resolved"
