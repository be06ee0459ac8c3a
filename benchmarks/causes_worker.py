"""Runs cases that it reads, one folder a line, and writes what was concluded of each as a line of JSON.

`benchmarks/causes.py` runs the text of it in any checkout's folder, by the interpreter of that checkout, so
it names only what both have. The truth of a case is neither read here nor told: who asked compares.
"""

import asyncio
import json
import sys
import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evals.batch import keep_quiet
from evals.case import open_eval_case
from evals.run import run_case

#: Where settings and the warming lie, here and in 6376209.
_HERE, _BEFORE = ("nexus.config.settings", "nexus.runtime.warmup"), ("nexus.config", "nexus.warm")


def concluded(folder: Path, settings: Any) -> dict[str, Any]:
    """One case through the whole graph under the playbook: suspects, diagnosis, seconds of the processor."""
    begun = time.process_time()
    run = asyncio.run(run_case(open_eval_case(folder), settings, "playbook"))
    cpu = time.process_time() - begun
    if run.record is None:
        return {"error": run.error}
    incident = run.record.incident
    found = incident.diagnosis
    return {
        "cpu": cpu,
        "suspects": [(one.service, one.score) for one in incident.suspects],
        "named": found.service if found is not None else None,
        "known": found is not None and found.known,
        "category": str(found.category) if found is not None else "unknown",
        "mechanism": str(getattr(found, "mechanism", None) or ""),
        "confidence": str(found.confidence) if found is not None and found.known else None,
        "summary": found.summary if found is not None else "",
        "proposed": [one.action.title for one in incident.proposals],
    }


def main() -> None:
    """Answer until there is nothing more to read."""
    of_settings, of_warming = _BEFORE if find_spec("nexus.warm") else _HERE
    settings = import_module(of_settings).Settings(log_level="error")
    keep_quiet(settings)
    import_module(of_warming).warm_analysis()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(concluded(Path(line.strip()), settings)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
