"""The verb `gameday`: break the shop for real and watch Nexus mend it."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

from incidents.errors import NexusError, UnknownName, UsageError
from nexus.cli.base import (
    Engine,
    Json,
    asks,
    complain,
    log_to_stderr,
    mode_of,
    out,
    say,
    settings,
    write,
    write_json,
)
from nexus.cli.parser import Argument, Option, Verbs

if TYPE_CHECKING:
    from demo.gameday import Seen, Verdict
    from demo.gameday.acts import Ending
    from incidents.replays import Replay


_RECORD = (
    "Keep each as a case here; what Nexus did not do, the right action or a wrong one, is rehearsed for it"
    " (about 3 more minutes)."
)
_UNSIGNED = (
    "A rollback begins without a person, earned before by a week that is replayed and judged and by a drill;"
    " veto, act or wrong: what shall come of it (may be given more than once)."
)


def verbs() -> Verbs:
    """The verb of this module."""
    return {"gameday": gameday}


def gameday(
    scenarios: Annotated[list[str] | None, Argument(metavar="SCENARIO", help="See --list.")] = None,
    everything: Annotated[bool, Option("--all", help="Every scenario, one after the other.")] = False,
    listed: Annotated[bool, Option("--list", help="What can go wrong.")] = False,
    yes: Annotated[bool, Option("--yes", help="Approve without asking.")] = False,
    shadow: Annotated[
        bool, Option("--shadow", help="Nexus only watches; a scripted person mends the shop.")
    ] = False,
    autonomy: Annotated[list[str] | None, Option("--autonomy", help=_UNSIGNED)] = None,
    engine: Engine = None,
    as_json: Json = False,
    work: Annotated[Path | None, Option("--work", help="Keep everything in this new folder.")] = None,
    record: Annotated[Path | None, Option("--record", help=_RECORD)] = None,
) -> None:
    """Break a small real shop, let its alert fire, and run the incident live to its end (about 3 minutes)."""
    from tools.extras import install_command, missing_extras

    if listed:
        _list(as_json)
        return
    if shadow and (yes or record is not None):
        raise UsageError("--shadow asks nobody and records nothing: leave out --yes and --record")
    if autonomy and (yes or shadow or record is not None):
        raise UsageError("--autonomy asks a scripted person and records nothing: leave out the others")
    chosen = _chosen(scenarios or (), everything, recorded=record is not None)
    endings = _endings(autonomy or (), chosen)
    for there in (*((record / name for name in chosen) if record else ()), *((work,) if work else ())):
        if there.exists():
            raise UsageError(f"{there} is there already; name a new folder")
    if missing_extras(["shop"]):
        raise UsageError(
            f"The shop needs the extra `shop`, which is not installed; {install_command('shop')}"
        )
    log_to_stderr()
    place = nullcontext(str(work)) if work else tempfile.TemporaryDirectory(prefix="gameday-")
    with place as folder:
        held = partial(_hold, Path(folder).resolve(), record, yes, shadow, mode_of(engine), as_json)
        with _stopping():
            replays = _past(Path(folder).resolve() / "past", as_json) if autonomy else ()
            told = [held(name, ending, replays) for name in chosen for ending in endings]
        if as_json:
            from demo.gameday.verdict import Held

            write_json([Held(seen=seen, verdict=verdict) for seen, verdict in told])
        else:
            from demo.gameday.show import table

            write(table(told))
    if not all(verdict.right and (seen.acted is None or seen.acted.right) for seen, verdict in told):
        sys.exit(1)


def _chosen(named: Sequence[str], everything: bool, *, recorded: bool) -> list[str]:
    """The scenarios that are meant; those on a cluster cannot be recorded yet."""
    from demo.scenarios import GAME_DAYS, SCENARIOS

    chosen = list(SCENARIOS if recorded else GAME_DAYS) if everything else list(named)
    if not chosen:
        raise UsageError("Name a scenario, or take --all; --list shows them")
    for name in chosen:
        if name not in GAME_DAYS:
            raise UnknownName("scenario", name, GAME_DAYS)
        if recorded and name not in SCENARIOS:
            raise UsageError(f"{name} is held on a cluster; --record takes those of the shop alone")
    return chosen


def _endings(named: Sequence[str], chosen: list[str]) -> "list[Ending | None]":
    """What shall come of a change that begins without a person; each is held."""
    from demo.gameday.acts import Ending
    from demo.gameday.policy import may_be_earned
    from demo.scenarios import SCENARIOS

    if not named:
        return [None]
    if unfit := [name for name in chosen if not may_be_earned(name)]:
        fit = ", ".join(name for name in SCENARIOS if may_be_earned(name))
        raise UsageError(f"--autonomy is held with {fit}; its policy speaks of nothing that mends {unfit[0]}")
    for name in named:
        if name not in set(Ending):
            raise UnknownName("ending", name, list(Ending))
    return [Ending(name) for name in dict.fromkeys(named)]


def _past(folder: Path, quiet: bool) -> "tuple[Replay, ...]":
    """The week by which it is earned, replayed and judged once for all that is held."""
    from demo.gameday.earning import judged_week
    from demo.monitoring.stack import MonitoringMissingError, require_programs
    from demo.processes import NotReadyError
    from nexus.home import open_home

    try:
        require_programs()
        home = open_home(settings().model_copy(update={"home": folder / "nexus"}), create=True)
        try:
            return judged_week(home, folder, _silent if quiet else _say)
        finally:
            home.close()
    except (MonitoringMissingError, NotReadyError) as error:
        raise NexusError(f"the week by which it is earned: {error}") from None


def _list(as_json: bool) -> None:
    from demo.scenarios import GAME_DAYS

    if as_json:
        from demo.gameday.verdict import ScenarioLine

        listed = GAME_DAYS.values()
        write_json([ScenarioLine(id=s.id, title=s.title, severity=s.truth.severity) for s in listed])
        return
    for one in GAME_DAYS.values():
        say(f"{one.id:28} {one.truth.severity}  {one.title}")


def _hold(
    folder: Path, record: Path | None, yes: bool, shadow: bool, mode: str, quiet: bool, name: str,
    ending: "Ending | None", replays: "tuple[Replay, ...]",
) -> "tuple[Seen, Verdict]":  # fmt: skip
    """One scenario in a store of its own."""
    from demo.gameday import GameDay, judged
    from demo.gameday.site import write_runbook
    from demo.monitoring.stack import MonitoringMissingError, require_programs
    from demo.processes import NotReadyError
    from demo.scenarios import GAME_DAYS
    from nexus.cli.approver import approver
    from nexus.cli.terminal.timeline import show_entry
    from nexus.home import open_home
    from nexus.runtime.engines import engine_of

    try:
        require_programs()
    except MonitoringMissingError as error:
        raise NexusError(str(error)) from None
    place = folder / (f"{name}-{ending}" if ending else name)
    place.mkdir(parents=True)
    write_runbook(place / "runbook.yaml")
    own = settings().model_copy(update={"home": place / "nexus", "runbook": place / "runbook.yaml"})
    home = open_home(own, create=True)
    say = _silent if quiet else _say
    day = GameDay(
        scenario=GAME_DAYS[name],
        home=home,
        engine=lambda: engine_of(own, mode_of(mode)),
        mode=mode,
        approver=approver("all" if yes else "ask", home, asks(quiet)),
        work=place / "run",
        say=say,
        tell=lambda entry: None if quiet else show_entry(out(), entry),
        record=record.resolve() if record else None,
        shadow=shadow,
        ending=ending,
        replays=replays,
    )
    try:
        seen, incident = asyncio.run(day.hold())
    except NotReadyError as error:
        complain(f"{name}: the game day itself failed: {error}")
        raise NexusError(f"{name} was not held") from error
    finally:
        home.close()
    if record is not None:
        _complete(record.resolve() / name, place / "rehearsed", say)
    return seen, judged(name, GAME_DAYS[name].truth, incident)


def _complete(case: Path, work: Path, say: Callable[[str], None]) -> None:
    """Rehearse what the recorded case lacks; without it, it is a case all the same."""
    from demo.gameday.aftermath import complete
    from demo.processes import NotReadyError
    from demo.scenarios import GAME_DAYS

    if not case.is_dir():
        complain(f"{case.name}: no incident has ended that could be recorded")
        return
    try:
        if not complete(case, GAME_DAYS[case.name], work, say=say):
            complain(f"{case.name}: a replay of the case does not go as the truth says, see above")
    except (NexusError, NotReadyError) as error:
        complain(f"{case.name}: the case lacks an aftermath: {error}")


def _say(line: str) -> None:
    out().print(f"▸ {line}", style="bold cyan", markup=False)


def _silent(line: str) -> None:
    """For machines."""


@contextmanager
def _stopping() -> Iterator[None]:
    """Who is told to stop, stops what was started: the signal becomes an exception."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(143)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
