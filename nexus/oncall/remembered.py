"""The last known plan of a schedule: a source that is silent is shown with its age, never as nothing."""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pydantic import ValidationError

from incidents.errors import NexusError
from nexus.oncall.shifts import OnCall, Plan

log = structlog.get_logger(__name__)

#: Below the home: the last answers of schedules.
FOLDER = "oncall"
#: So much is asked for and kept: whatever is shown within it is there when the source is not.
BEFORE, AHEAD = timedelta(days=1), timedelta(days=28)


@dataclass(frozen=True)
class Remembered:
    """A schedule whose last answer is kept in a file.

    Args:
        source: the schedule.
        folder: where its answers are kept, a file each.
    """

    source: OnCall
    folder: Path

    async def plan(self, now: datetime, until: datetime | None = None) -> Plan | None:
        """What the source plans from a day before on, or what it answered last; None: it never did.

        Args:
            now: the moment of the wall.
            until: at least until then; four weeks if not given.
        """
        start, end = now - BEFORE, max(now + AHEAD, until or now)
        try:
            shifts = await self.source.shifts(start, end)
        except NexusError as error:
            return self.last(str(error))
        plan = Plan(shifts=shifts, asked_at=now, start=start, end=end)
        self._keep(plan)
        return plan

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.source.name}.json"

    def last(self, problem: str = "") -> Plan | None:
        """What was answered last, with why it is not asked again; None: there is no answer."""
        try:
            kept = Plan.from_stored(json.loads(self._file.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return None
        return kept.model_copy(update={"problem": problem})

    def _keep(self, plan: Plan) -> None:
        """Whole or not at all; that it cannot be kept does not hide what was answered."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_suffix(f".{os.getpid()}.new")
            fresh.write_text(plan.model_dump_json(), encoding="utf-8")
            fresh.replace(self._file)
        except OSError as error:
            log.warning("plan of duty not kept", schedule=self.source.name, why=error.strerror)
