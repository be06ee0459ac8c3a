"""Records one incident of the running shop as a case: before, during and after the remedy."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo import collect
from demo.actions import carry_out
from demo.case_file import Happened, alert_lines, write_case
from demo.collect import Period
from demo.environment import Say, Scene
from demo.monitoring.stack import Settings
from demo.scenarios import Scenario


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long each part of a recording takes, in seconds.

    Attributes:
        settings: How closely Prometheus looks.
        step: Between two values of a recorded metric.
        warm_up: Before the recording starts; longer than the rates' window.
        baseline: Quiet time.
        calm: From the end of the baseline to the innocent change.
        lead: From the innocent change to the fault.
        fault: From the fault to the remedy.
        aftermath: What is recorded after the remedy.
        rate: Requests per second.
        traces: Share of traces that are kept.
    """

    settings: Settings
    step: int
    warm_up: int
    baseline: int
    calm: int
    lead: int
    fault: int
    aftermath: int
    rate: float = 3.0
    traces: float = 1.0


REHEARSAL = Pace(
    settings=Settings(scrape=2, window=16, hold=6),
    step=2,
    warm_up=20,
    baseline=40,
    calm=5,
    lead=15,
    fault=45,
    aftermath=50,
)
FULL = Pace(
    settings=Settings(scrape=5, window=60, hold=60),
    step=10,
    warm_up=90,
    baseline=600,
    calm=120,
    lead=240,
    fault=1200,
    aftermath=1980,
    traces=0.4,
)


class Recorder:
    """One recording: the shop, its load and its monitoring, from start to stop.

    Args:
        scenario: What goes wrong.
        pace: How long everything takes.
        work: A fresh folder for everything that runs.
        say: Told what happens, in one line each.
    """

    def __init__(self, scenario: Scenario, pace: Pace, *, work: Path, say: Say) -> None:
        self._scenario = scenario
        self._pace = pace
        self._say = say
        self._scene = Scene(work, pace.settings, rate=pace.rate)

    def record(self, out: Path) -> Path:
        """Runs the scenario and writes the case.

        Args:
            out: The folder that gets the case's folder; an older one with its name must be gone.

        Returns:
            The case's folder.
        """
        folder = out / self._scenario.id
        with self._scene:
            happened = self._run()
            self._say("collecting")
            folder.mkdir(parents=True)
            self._write(folder, happened)
        return folder

    def _run(self) -> Happened:
        pace, scenario = self._pace, self._scenario
        self._wait(pace.warm_up, "warming up")
        began = _now()
        self._wait(pace.baseline, "quiet time")
        opened = _now()
        self._wait(pace.calm, "the window opens")
        scenario.prelude(self._scene.shop)
        self._wait(pace.lead, "innocent change")
        onset = _now()
        change = scenario.fault(self._scene.shop)
        onset = change.at if change else onset
        self._wait(pace.fault, f"fault: {change.id if change else scenario.title}")
        firing = self._scene.heard("firing", scenario.alert, since=onset, seconds=1)
        acted = _now()
        if scenario.remedy:
            acted = carry_out(self._scene.shop, scenario.remedy).at
        self._wait(pace.aftermath, f"alert came at {firing.at:%H:%M:%S}; remedy done")
        return Happened(
            baseline=Period(began, opened),
            window=Period(opened, acted),
            aftermath=Period(acted, _now()),
            onset=onset,
            change=change,
            firing=firing,
            resolved=self._scene.heard("resolved", scenario.alert, since=acted, seconds=1),
        )

    def _wait(self, seconds: float, why: str) -> None:
        self._say(f"{why} ({seconds:g} s)")
        self._scene.wait(seconds)

    def _write(self, folder: Path, happened: Happened) -> None:
        before = Period(happened.baseline.start, happened.window.end)
        self._write_period(folder / "telemetry", before)
        aftermath = folder / "aftermath" / self._scenario.truth.right[0].key
        self._write_period(aftermath, happened.aftermath)
        hooks = [hook for hook in self._scene.receiver.received if hook.at >= happened.aftermath.start]
        lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in alert_lines(hooks))
        (aftermath / "alerts.jsonl").write_text(lines)
        write_case(folder, self._scenario, happened)

    def _write_period(self, folder: Path, period: Period) -> None:
        step, shop = timedelta(seconds=self._pace.step), self._scene.shop
        tables = {
            "metrics": collect.metrics(self._scene.monitoring, period, step),
            "logs": collect.logs(shop.folder, period),
            "traces": collect.spans(shop.folder, period, keep=self._pace.traces),
        }
        changes = [change for change in shop.log.changes() if period.start <= change.at < period.end]
        collect.write(folder, tables, changes)


def _now() -> datetime:
    return datetime.now(UTC)
