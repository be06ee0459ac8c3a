"""What a team has to have done before a change begins without a person, done for the shop by the same doors.

A week of past incidents is replayed and judged by what is known of them, and a drill really takes a change
back. Nothing is written into the store by another way than people's.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.gameday.policy import DRILLED, PERSON
from demo.processes import NotReadyError
from demo.week import Lived, days, running_week
from evals.backtest.judgement import Answer, answer, answers_in
from evals.backtest.run import Asked, Backtesting
from evals.backtest.said import Said
from evals.backtest.trusted import replays_of
from evals.case import shipped_cases
from incidents.drill import Drill
from incidents.findings import Window
from incidents.replays import Replay
from incidents.verdicts import Judgement
from nexus.config.site import load_site
from nexus.home import Home
from nexus.service.drill_really import RealDrill
from nexus.service.drilling import Drilling
from tools.clock import WallClock

#: Past incidents of which a rollback was the remedy; each came three times in that week.
_PAST = ("shop-database-small-pool", "shop-payment-slow-release", "shop-front-outage", "shop-poisoned")
_TIMES, _APART = 3, timedelta(hours=12)
Say = Callable[[str], None]


def judged_week(home: Home, work: Path, say: Say) -> tuple[Replay, ...]:
    """What the replays of a week of the shop would have proposed, judged by what is known of each.

    Raises:
        NotReadyError: not every one of them could be played.
    """
    known = {path.name: path for path in shipped_cases()}
    cases = [known[name] for name in _PAST]
    lived = list(days(cases, datetime.now(UTC).replace(microsecond=0), _APART, _TIMES * len(cases)))
    say(f"a week of the shop: {len(lived)} past incidents, {len(cases)} faults that came again, are replayed")
    with running_week(work / "week", lived) as week:
        now, folder = datetime.now(UTC), work / "backtest"
        asked = Asked(
            window=Window(start=now - timedelta(days=8), end=now), folder=folder, engine="playbook", workers=2
        )
        site = load_site(week.site)
        made = Backtesting(home, site, week.site, asked, lambda *told: None).run()
        for said in made.played:
            answer(folder, said, judged_by_truth(said, week.lived, now))
    if len(made.played) != len(lived):
        raise NotReadyError(f"of {len(lived)} past incidents {len(made.played)} could be played")
    answers = answers_in(folder)
    right = sum(one.judgement is Judgement.RIGHT for one in answers.values())
    say(f"judged by what is known of them: {right} of {len(answers)} right")
    return replays_of(made, answers)


def judged_by_truth(said: Said, lived: tuple[Lived, ...], at: datetime) -> Answer:
    """What somebody answers who knows what it really was: right only with its service and its category."""
    day = min(lived, key=lambda one: abs(one.at - said.at))
    cause = day.truth.cause
    right = (said.service, said.category) == (cause.service, cause.category)
    word = Judgement.RIGHT if right else Judgement.WRONG
    return Answer(case=said.case, judgement=word, by=PERSON.name, at=at, note=f"it was {day.name}")


async def drilled(home: Home, path: Path, say: Say) -> Drill:
    """A drill that a person signs: the last change of its target is taken back, and made again.

    Raises:
        NotReadyError: it did not pass.
    """
    drilling = Drilling(home, load_site(path), path)
    really = RealDrill(drilling, WallClock(), lambda span: asyncio.sleep(span.total_seconds()))
    offered = await really.offered(DRILLED)
    say(f"a drill that {PERSON.name} signs: {offered.action.title}, watched, and taken back")
    done = await really.run(PERSON, DRILLED, offered.digest)
    for step in done.steps:
        say(f"  {step.tried}: {step.said}")
    if not done.passed:
        raise NotReadyError(f"the drill {done.id} did not pass: nothing is proven by it")
    return done
