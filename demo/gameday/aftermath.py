"""The aftermaths that an incident's own run did not show: the scenario once more for each, with the action.

A recorded case answers what its world shows after a right action, after a wrong one, and while nobody does
anything. What Nexus did is recorded as it happened; what it did not do is done here: a fresh shop, the same
fault, the same alert, the action through the adapters that an approved change takes, and the telemetry of the
watch after it.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl

from demo.environment import Say
from demo.gameday.record import KEPT_TRACES
from demo.gameday.replay import kept_promises
from demo.gameday.site import WATCH, write_site
from demo.processes import NotReadyError
from demo.rehearsal import Rehearsal
from demo.scenarios import Scenario
from evals.record.sampling import thinned
from evals.record.snapshot import Snapshot, pages_of
from incidents.action import Action
from incidents.duration import parse_duration
from incidents.errors import NexusError, Refused, ToolFailed
from incidents.findings import Window
from nexus.config.site import load_site
from tools.clock import WallClock
from tools.fence import UNFENCED
from tools.live.secrets import Secrets
from tools.live.world import live_world
from tools.ports import World
from tools.recorded import CaseAlert, open_case
from tools.recorded.document import load_document
from tools.recorded.playback import NONE
from tools.recorded.write import Pages, write_document, write_pages
from tools.redaction.tree import redact_tree
from tools.redaction.world import redacted_world

#: Recorded after an action: the watch of a game day, and the moments in which what comes next is looked for.
WATCHED = parse_duration(WATCH["lasts"]) + timedelta(seconds=8)
#: A busy machine may be slow to start, and that raises an alert of its own before the fault.
ATTEMPTS = 2


@dataclass(frozen=True)
class Pass:
    """One more run: whether it is watched untouched first, and of which actions one is taken then."""

    idle: bool
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Lived:
    """What is to be an aftermath: its key, and from when to when it reaches."""

    key: str
    window: Window


def missing(folder: Path, scenario: Scenario) -> tuple[Pass, ...]:
    """The runs that it takes to complete a recorded case.

    Raises:
        CaseError: the folder is no case.
    """
    shown = open_case(folder).aftermaths
    asked = (scenario.truth.wrong, scenario.truth.right)
    lacking = [actions for actions in asked if actions and not any(one.key in shown for one in actions)]
    if NONE in shown:
        return tuple(Pass(idle=False, actions=actions) for actions in lacking)
    first, *others = lacking or [()]
    return (Pass(idle=True, actions=first), *(Pass(idle=False, actions=actions) for actions in others))


def complete(folder: Path, scenario: Scenario, work: Path, *, say: Say) -> bool:
    """Add to a recorded case what it lacks: what follows a right action, a wrong one, and none at all.

    Afterwards it is replayed.

    Args:
        folder: the case.
        scenario: what goes wrong in it.
        work: a fresh folder for everything that runs.
        say: told what happens, in one line each.

    Returns:
        Whether every replay goes as the truth says.

    Raises:
        NexusError: no action of the truth could be carried out.
        NotReadyError: the shop or its monitoring does not do what it should, not even the second time.
    """
    failed = 0
    while left := missing(folder, scenario):
        try:
            _rehearse(folder, scenario, left[0], work / f"{len(left)}-{failed}", say)
        except NotReadyError as error:
            failed += 1
            if failed == ATTEMPTS:
                raise
            say(f"again, because {error}")
    return kept_promises(folder, scenario.truth, say)


def _rehearse(folder: Path, scenario: Scenario, wanted: Pass, work: Path, say: Say) -> None:
    say(f"once more, to see what comes of {' and of '.join(_told(wanted))}")
    rehearsal = Rehearsal(scenario, work, say=say)
    with rehearsal.broken():
        stand = _Stand(rehearsal, work, say)
        for lived in stand.lived(wanted):
            _add(folder, lived, stand.pages(lived))
            say(f"recorded: aftermath/{lived.key}")


def _told(wanted: Pass) -> Iterator[str]:
    if wanted.idle:
        yield "doing nothing"
    if wanted.actions:
        yield f"an attempt to {wanted.actions[0].title}"


class _Stand:
    """Acts on the shop of a rehearsal and reads its telemetry, through the adapters of a live world."""

    def __init__(self, rehearsal: Rehearsal, work: Path, say: Say) -> None:
        self._scene = rehearsal.scene
        self._work = work
        self._say = say
        write_site(work / "nexus.yaml", self._scene.shop, self._scene.monitoring)

    def lived(self, wanted: Pass) -> Iterator[Lived]:
        """Let the watch pass untouched, if that is wanted; then take the first action that can be taken.

        Raises:
            NexusError: none can.
        """
        if wanted.idle:
            yield Lived(NONE, self._watched())
        for action in wanted.actions:
            begun = WallClock().now()
            failed = asyncio.run(self._execute(action))
            if failed is None:
                self._say(f"done: {action.title}")
                yield Lived(action.key, self._watched().model_copy(update={"start": begun}))
                return
            self._say(f"could not {action.title}: {failed}")
        if wanted.actions:
            titles = ", ".join(one.title for one in wanted.actions)
            raise NexusError(f"none of these could be done: {titles}")

    def pages(self, lived: Lived) -> Pages:
        """What the monitoring showed, and what it sent.

        Raises:
            NexusError: it showed nothing.
        """
        pages = asyncio.run(self._read(lived))
        if pages is None:
            raise NexusError(f"aftermath/{lived.key}: there are no metrics")
        within = lived.window
        heard = [one for one in self._scene.receiver.received if within.start <= one.at < within.end]
        bodies = [(one.at, json.dumps(redact_tree(one.payload)).encode()) for one in heard]
        return pages.told([CaseAlert(at=at, source="alertmanager", body=body) for at, body in bodies])

    def _watched(self) -> Window:
        start = WallClock().now()
        self._say(f"watching for {WATCHED.total_seconds():.0f} s")
        self._scene.wait(WATCHED.total_seconds())
        return Window(start=start, end=WallClock().now())

    async def _execute(self, action: Action) -> str | None:
        """Do it; why it failed, or None."""
        async with self._world() as world:
            try:
                plan = await world.actions.plan(action)
                outcome = await world.actions.execute(plan.action, f"rehearsal:{action.key}", UNFENCED)
            except (Refused, ToolFailed) as error:
                return str(error)
        return None if outcome.done else outcome.detail

    async def _read(self, lived: Lived) -> Pages | None:
        shot = Snapshot(window=lived.window, pages=Pages(pl.DataFrame()))
        async with self._world() as world:
            return await pages_of(world, lived.window, shot, f"aftermath/{lived.key}")

    @asynccontextmanager
    async def _world(self) -> AsyncIterator[World]:
        site = load_site(self._work / "nexus.yaml")
        clock, ledger = WallClock(), self._work / "ledger"
        quiet, spans = Window(start=clock.now(), end=clock.now()), site.windows.spans
        async with live_world(
            site.backends, site.catalogue, quiet, spans, Secrets({}), clock, ledger
        ) as world:
            yield redacted_world(world)


def _add(folder: Path, lived: Lived, pages: Pages) -> None:
    """Put an aftermath into a case, as a whole, and say in the case where it comes from."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as beside:
        write_pages(Path(beside) / lived.key, thinned(pages, KEPT_TRACES))
        (folder / "aftermath").mkdir(exist_ok=True)
        shutil.move(Path(beside) / lived.key, folder / "aftermath" / lived.key)
    document = load_document(folder)
    note = f"aftermath/{lived.key}: of another run with the same fault"
    write_document(folder, document.model_copy(update={"notes": (*document.notes, note)}))
    open_case(folder).check()
