"""One rehearsal of one scenario: the shop, its customers and its monitoring, from start to stop."""

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from demo.hands import carry_out
from demo.launcher import Shop
from demo.monitoring.receiver import Receiver
from demo.monitoring.stack import FAST, Monitoring
from demo.processes import NotReadyError, wait_for
from demo.scenarios import Line, Scenario, Sign
from incidents.action import Action

Say = Callable[[str], None]

RATE = 10.0
WARM_SECONDS, CALM_SECONDS = 25.0, 6.0
ALERT_SECONDS, SIGN_SECONDS, WRONG_SECONDS, HEAL_SECONDS = 60.0, 25.0, 14.0, 60.0


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
    """

    def __init__(self, scenario: Scenario, work: Path, *, say: Say) -> None:
        self._scenario = scenario
        self._say = say
        work.mkdir(parents=True)
        self._shop = Shop(work / "shop")
        self._receiver = Receiver()
        self._monitoring = Monitoring(
            work / "monitoring",
            targets=self._shop.targets,
            receiver_port=self._receiver.port,
            settings=FAST,
        )

    def run(self) -> Result:
        """Runs it; whatever it started is stopped when this returns."""
        with self._receiver, self._monitoring, self._shop:
            self._shop.crowd("customers", "customers", rate=RATE)
            self._wait(WARM_SECONDS)
            early = [hook.alert for hook in self._receiver.received]
            if early:
                raise NotReadyError(f"alerts before anything was broken: {early}")
            self._scenario.prelude(self._shop)
            self._wait(CALM_SECONDS)
            return self._break_and_heal()

    def _break_and_heal(self) -> Result:
        scenario = self._scenario
        result = Result(scenario=scenario.id, signs=[sign.says for sign in scenario.signs])
        began = datetime.now(UTC)
        self._say("fault")
        scenario.fault(self._shop)
        result.alert = self._until("firing", began, ALERT_SECONDS)
        result.missing = self._missing(began)
        for sign in result.missing:
            self._say(f"not seen: {sign}")
        if scenario.flaps:
            result.healed = self._until("resolved", began, HEAL_SECONDS)
            self._until("firing", datetime.now(UTC), HEAL_SECONDS)
            return result
        result.wrong_fails = self._fails(scenario.truth.wrong[0])
        if scenario.remedy:
            acted = datetime.now(UTC)
            self._say(f"remedy: {scenario.remedy.title}")
            carry_out(self._shop, scenario.remedy)
            result.healed = self._until("resolved", acted, HEAL_SECONDS)
        return result

    def _until(self, status: str, since: datetime, seconds: float) -> float:
        hook = self._receiver.wait_for(status, after=since, seconds=seconds, alert=self._scenario.alert)
        taken = (hook.at - since).total_seconds()
        self._say(f"{self._scenario.alert} {status} after {taken:.1f} s")
        return taken

    def _fails(self, action: Action) -> bool:
        self._say(f"not the remedy: {action.title}")
        carry_out(self._shop, action)
        self._wait(WRONG_SECONDS)
        still = self._monitoring.now(f'ALERTS{{alertname="{self._scenario.alert}",alertstate="firing"}}')
        return bool(still)

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
            return logged(self._shop.folder / "logs", sign, since)
        return sign.above < self._value(sign) < sign.below

    def _value(self, sign: Sign) -> float:
        return max((sample.value for sample in self._monitoring.now(sign.query)), default=0.0)

    def _wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._shop.check()
            self._monitoring.check()
            time.sleep(min(left, 1.0))


def logged(folder: Path, line: Line, since: datetime) -> bool:
    """Whether a service has written such a line since then."""
    pattern = re.compile(line.pattern)
    with (folder / f"{line.service}.jsonl").open() as file:
        for text in file:
            entry = json.loads(text)
            if pattern.search(entry["message"]) and datetime.fromisoformat(entry["time"]) >= since:
                return True
    return False
