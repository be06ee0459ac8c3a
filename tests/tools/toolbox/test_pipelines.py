"""`pipelines` where something keeps their runs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from incidents.changes import PipelineRun, RunState
from incidents.findings import Window
from tests.cases import ALERT, case_sources
from tools.redaction.world import redacted_world
from tools.toolbox import PIPELINES
from tools.toolbox.arguments import NoArgs


class Runs:
    """One run that failed and one that passed."""

    def __init__(self) -> None:
        self.asked: list[Window] = []

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        self.asked.append(window)
        at = window.end - timedelta(hours=1)
        failed = PipelineRun(
            id="2", service="checkout", name="by ana@example.org", state=RunState.FAILED, started=at
        )
        return failed, PipelineRun(id="1", service="web", state=RunState.PASSED, started=at)


async def test_runs_are_told_and_their_texts_redacted(shop: Path, ledger: Path) -> None:
    runs, sources = Runs(), case_sources(shop, ledger, ALERT)[0]
    world = redacted_world(replace(sources.world, pipelines=runs))
    view = await PIPELINES.ask(replace(sources, world=world), NoArgs())
    assert view.ci_recorded
    assert view.failed == 1
    said = PIPELINES.say(view)
    assert "newest first; 1 failed" in said
    assert "checkout by <email-" in said
    assert "ana@example.org" not in said
    assert [window.minutes for window in runs.asked] == [24 * 60]
