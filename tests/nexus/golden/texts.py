"""What people read of each shipped case, as files; `python -m tests.nexus.golden.texts --write` writes them.

A file holds what customers, leaders and whoever signs or learns from it are told, by one engine. Evidence is
left out: it is not written for people. Read what has changed aloud before it is kept.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from incidents.language import Language

ROOT = Path(__file__).parents[3]
FOLDER = Path(__file__).parent / "texts"
DEMO = ROOT / "demo" / "recording" / "shop-checkout-bad-release"
TAPES = ROOT / "evals" / "conversations"
#: Cases that are read in every language: one is found and taken back, one is a failover, one a whole outage.
TRANSLATED = {DEMO.name, "shop-database-failover", "shop-front-outage"}
#: References to evidence, and where the run lay.
_IDS = re.compile(r" \((?:E-[0-9a-f]{8}(?:, )?)+(?:, \+\d+|\+\d+)?\)")


class Told(NamedTuple):
    """A case, who spoke, and in which language."""

    case: Path
    engine: str
    language: Language = Language.EN

    @property
    def file(self) -> Path:
        """Where its texts are kept."""
        language = "" if self.language is Language.EN else f".{self.language}"
        return FOLDER / f"{self.case.name}.{self.engine}{language}.md"


def all_told() -> list[Told]:
    """Every shipped case by the playbook, and by a model where its conversation is kept.

    Some are told by the playbook in each of the other languages too.
    """
    cases = [DEMO, *sorted(path.parent for path in (ROOT / "evals" / "cases").glob("*/case.yaml"))]
    spoken = [Told(case, "llm") for case in cases if (TAPES / case.name).is_dir()]
    others = [language for language in Language if language is not Language.EN]
    translated = [
        Told(case, "playbook", language) for case in cases if case.name in TRANSLATED for language in others
    ]
    return [*(Told(case, "playbook") for case in cases), *spoken, *translated]


def texts_of(told: Told) -> str:
    """Run the case to its end and put together what people read of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "nexus", "run", "--world", str(told.case), "--engine", told.engine,
            "--approve", "all", "--json",
        ]  # fmt: skip
        ran = subprocess.run(  # noqa: S603 - our own command line
            command,
            env=_environment(told, Path(folder)),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        if not ran.stdout:
            raise RuntimeError(f"{told.case.name} did not run: {ran.stderr}")
        body: dict[str, Any] = json.loads(ran.stdout)
        page = Path(body["post_mortem"]).read_text("utf-8") if body["post_mortem"] else ""
    parts = _parts(body, page) if told.language is Language.EN else _translated_parts(body, page)
    return _IDS.sub("", "\n".join(parts)).rstrip() + "\n"


def _environment(told: Told, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEXUS_")}
    kept |= {"NEXUS_HOME": str(folder / "home"), "NEXUS_LANGUAGE": told.language.value}
    if told.engine == "llm":
        # Whoever answered took minutes: the steps had longer boxes.
        runbook = yaml.safe_load((ROOT / "nexus" / "runbook.yaml").read_text())
        runbook["bounds"]["step_box"] = dict.fromkeys(("P0", "P1", "P2", "P3"), "14m")
        (folder / "runbook.yaml").write_text(yaml.safe_dump(runbook))
        kept |= {
            "NEXUS_RUNBOOK": str(folder / "runbook.yaml"), "NEXUS_LLM_BASE_URL": "http://127.0.0.1:9/v1",
            "NEXUS_LLM_API_KEY": "none", "NEXUS_LLM_MODEL": "bridge",
            "NEXUS_LLM_REPLAY": str(TAPES / told.case.name),
        }  # fmt: skip
    return kept


def _parts(body: dict[str, Any], page: str) -> Iterator[str]:
    """Status, severity, updates, briefs, escalations, diagnosis, approvals, end, post-mortem."""
    yield f"# {body['severity']}, {body['status']}\n"
    yield "## Status updates\n"
    yield from (f"{one['text'].strip()}\n" for one in body["status_updates"])
    yield "## Executive briefs\n"
    yield from (f"{one['text'].strip()}\n" for one in body["briefs"])
    yield "## Escalations\n"
    yield from (f"{one['condition']} -> {one['action']}\n\n{one['text']}\n" for one in body["escalations"])
    yield "## Diagnosis\n"
    if (found := body["diagnosis"]) is not None:
        yield f"{found['summary']} ({found['confidence']} confidence)\n"
        yield from (
            f"- {one['summary'].rstrip('.')}: {one['ruled_out_by'] or 'open'}"
            for one in found["alternatives"]
        )
    yield "\n## Severity, recovery, end\n"
    shown = {"verification", "end"}
    for one in body["timeline"]:
        if (one["kind"] in shown and "charts" not in one["text"]) or "Response team" in one["text"]:
            yield f"- {one['text']}"
    yield "\n## Approvals\n"
    for one in body["actions"]:
        yield f"{one['title']} ({one['state']})\n\n{one['reason']}\n\n{'; '.join(one['effects'])}\n"
    yield f"## Post-mortem\n\n{page.split('## 6. Evidence')[0]}"


def _translated_parts(body: dict[str, Any], page: str) -> Iterator[str]:
    """What exists in every language; evidence does not."""
    yield "# Status updates\n"
    yield from (f"{one['text'].strip()}\n" for one in body["status_updates"])
    yield "# Executive briefs\n"
    yield from (f"{one['text'].strip()}\n" for one in body["briefs"])
    yield "# Escalations\n"
    yield from (f"{one['text']}\n" for one in body["escalations"])
    yield "# Proposals\n"
    for one in body["timeline"]:
        if one["kind"] == "proposal":
            yield f"{one['text']}\n"
    yield f"# Post-mortem\n\n{page.split('## 6. ')[0]}"


def main() -> None:
    """Write every file, or those of the cases that are named."""
    if "--write" not in sys.argv:
        raise SystemExit("say --write to write the golden texts anew, and the names of cases for only these")
    named = [one for one in sys.argv[1:] if not one.startswith("-")]
    FOLDER.mkdir(exist_ok=True)
    for told in all_told():
        if not named or told.case.name in named:
            told.file.write_text(texts_of(told), "utf-8")


if __name__ == "__main__":
    main()
