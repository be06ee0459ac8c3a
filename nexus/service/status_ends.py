"""Ends on the status page what has ended elsewhere: merged, closed without a last word, or deleted.

The last update of an incident is its own duty. Where it never comes, customers would go on reading of a
disturbance that nobody works on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import structlog

from incidents.errors import NexusError
from incidents.incident import Incident
from incidents.language import Language
from incidents.severity import PublicStatus, Status
from incidents.status_page import Level, PublicUpdate, UpdateState, Wording, held_because
from nexus.service.status_page import SENTENCES
from nexus.store.port import IncidentStore

log = structlog.get_logger(__name__)

#: So long an incident that has ended may take for its own last word.
GRACE = timedelta(minutes=10)
#: Nothing that was told last before that is looked at any more.
_LOOKED_BACK = timedelta(days=60)


@dataclass(frozen=True)
class EndedElsewhere:
    """The disturbances of one site; `language` is that of an incident that is not there any more."""

    store: IncidentStore
    site: str
    language: Language = Language.EN

    async def look(self, now: datetime) -> None:
        """Tell the end of each that is open on the page and nowhere else."""
        latest = {one.thread: one for one in await self.store.published(self.site, now - _LOOKED_BACK)}
        for last in latest.values():
            if last.status is not PublicStatus.RESOLVED:
                await self._judge(last, now)

    async def _judge(self, last: PublicUpdate, now: datetime) -> None:
        try:
            incident = await self.store.load(last.incident)
        except NexusError as error:  # people have it, and see why
            log.info("whether a disturbance has ended is not known", why=str(error))
            return
        if incident is not None and not _over(incident, now):
            return
        held = held_because(incident) if incident is not None else None
        merged = incident is not None and incident.status is Status.MERGED
        language = incident.language if incident is not None else self.language
        said = partial(SENTENCES.said, language)
        why = "merged" if merged else "over"
        end = last.model_copy(
            update={
                "id": str(uuid4()), "key": f"end after {last.place}", "level": Level.WORKS,
                "status": PublicStatus.RESOLVED, "at": now, "impact": said(f"{why}.impact"),
                "current_action": said(f"{why}.action"), "next_update": None, "wording": Wording.CATALOGUE,
                "state": UpdateState.DRAFT if held else UpdateState.PUBLISHED, "place": None,
                "written_by": "code", "released_by": None, "why_held": held or "",
            }
        )  # fmt: skip
        await self.store.keep_update(self.site, end)


def _over(incident: Incident, now: datetime) -> bool:
    """Whether nobody works on it any more, and its own last word would have come."""
    ended = incident.ended_at or incident.as_of or incident.opened_at
    return not incident.open and now - ended >= GRACE
