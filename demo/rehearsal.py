"""One rehearsal of one scenario: the shop, its customers and its monitoring, from start to stop."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from demo.actions import carry_out
from demo.environment import Say, Scene
from demo.monitoring.stack import FAST
from demo.processes import NotReadyError, wait_for
from demo.scenarios import Line, Scenario, Sign
from incidents.action import Action

RATE = 10.0
WARM_SECONDS, CALM_SECONDS = 25.0, 6.0
ALERT_SECONDS, SIGN_SECONDS, WRONG_SECONDS, HEAL_SECONDS = 120.0, 25.0, 14.0, 60.0


@dataclass(kw_only=True)
class Result:
    """What was seen; times in seconds.

    Attributes:
        scenario: The scenario's id.
        alert: From the fault to the alert's webhook.
        signs: What had to show.
        missing: What did not show.
        wrong_fails: Whether the alert still fired after a remedy that is not right.
        healed: From the remedy to the webhook that says it is over.
        failure: What went wrong with the rehearsal itself.
    """

    scenario: str
    alert: float | None = None
    signs: Sequence[str] = ()
    missing: list[str] = field(default_factory=list)
    wrong_fails: bool | None = None
    healed: float | None = None
    failure: str = ""

    @property
    def complaints(self) -> list[str]:
        """What is not as it is written; empty if everything is."""
        found = [self.failure] if self.failure else []
        found += [f"not seen: {sign}" for sign in self.missing]
        if self.wrong_fails is False:
            found.append("a remedy that is not right healed it")
        if not self.failure and self.healed is None:
            found.append("it was not healed")
        return found

    @property
    def as_written(self) -> bool:
        """Whether nothing is to complain about."""
        return not self.complaints


class Rehearsal:
    """One rehearsal.

    Args:
        scenario: What goes wrong.
        work: A fresh folder for everything that runs.
        say: Told what happens, in one line each.

    Attributes:
        scene: What it runs on.
        result: What was seen so far.
    """

    def __init__(self, scenario: Scenario, work: Path, *, say: Say) -> None:
        self._scenario = scenario
        self._say = say
        self._fault = datetime.now(UTC)
        self.scene = Scene(work, FAST, rate=RATE)
        self.result = Result(scenario=scenario.id, signs=[sign.says for sign in scenario.signs])

    def run(self) -> Result:
        """Breaks it, tries what is not the remedy, then the remedy; whatever it started is stopped then."""
        with self.broken():
            self._heal()
        return self.result

    @contextmanager
    def broken(self) -> Iterator[None]:
        """The shop runs and is broken, its alert has come, and every sign was looked for.

        Raises:
            NotReadyError: Something did not start, or an alert came before the fault, or none after it.
        """
        with self.scene as scene:
            scene.wait(WARM_SECONDS)
            if early := [hook.alert for hook in scene.receiver.received]:
                raise NotReadyError(f"alerts before anything was broken: {early}")
            self._scenario.prelude(scene.shop)
            scene.wait(CALM_SECONDS)
            self._fault = datetime.now(UTC)
            self._say("fault")
            self._scenario.fault(scene.shop)
            self.result.alert = self._until("firing", self._fault, ALERT_SECONDS)
            self.result.missing = self._missing(self._fault)
            for sign in self.result.missing:
                self._say(f"not seen: {sign}")
            yield

    def _heal(self) -> None:
        scenario, result = self._scenario, self.result
        if scenario.flaps:
            result.healed = self._until("resolved", self._fault, HEAL_SECONDS)
            self._until("firing", datetime.now(UTC), HEAL_SECONDS)
            return
        result.wrong_fails = self._fails(scenario.truth.wrong[0])
        if scenario.remedy:
            acted = datetime.now(UTC)
            self._say(f"remedy: {scenario.remedy.title}")
            carry_out(self.scene.shop, scenario.remedy)
            result.healed = self._until("resolved", acted, HEAL_SECONDS)

    def _until(self, status: str, since: datetime, seconds: float) -> float:
        hook = self.scene.heard(status, self._scenario.alert, since=since, seconds=seconds)
        taken = (hook.at - since).total_seconds()
        self._say(f"{self._scenario.alert} {status} after {taken:.1f} s")
        return taken

    def _fails(self, action: Action) -> bool:
        self._say(f"not the remedy: {action.title}")
        carry_out(self.scene.shop, action)
        self.scene.wait(WRONG_SECONDS)
        firing = f'ALERTS{{alertname="{self._scenario.alert}",alertstate="firing"}}'
        return bool(self.scene.monitoring.now(firing))

    def _missing(self, since: datetime) -> list[str]:
        """What does not show, however long one looks; some of it needs a moment more than the alert."""
        left = list(self._scenario.signs)

        def look() -> bool | None:
            left[:] = [sign for sign in left if not self._seen(sign, since)]
            return None if left else True

        try:
            wait_for("every sign", look, seconds=SIGN_SECONDS, pause=1.0)
        except NotReadyError:
            return [
                f"{sign.says} ({self._value(sign):g})" if isinstance(sign, Sign) else sign.says
                for sign in left
            ]
        return []

    def _seen(self, sign: Sign | Line, since: datetime) -> bool:
        if isinstance(sign, Line):
            return logged(self.scene.shop.folder / "logs", sign, since)
        return sign.above < self._value(sign) < sign.below

    def _value(self, sign: Sign) -> float:
        return max((sample.value for sample in self.scene.monitoring.now(sign.query)), default=0.0)


def logged(folder: Path, line: Line, since: datetime) -> bool:
    """Whether a service has written such a line since then."""
    pattern = re.compile(line.pattern)
    with (folder / f"{line.service}.jsonl").open() as file:
        for text in file:
            entry = json.loads(text)
            if pattern.search(entry["message"]) and datetime.fromisoformat(entry["time"]) >= since:
                return True
    return False
