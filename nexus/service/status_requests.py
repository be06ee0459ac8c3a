"""What people ask of the status page, as values: what the HTTP API takes and the command line sends."""

from pydantic import Field

from incidents.actor import Actor
from incidents.status_page import PublicUpdate
from nexus.service.request import Doors, Name, Request, Words
from nexus.service.status_updates import StatusUpdates

_WHICH = "its id, or how that begins; not needed while exactly one waits"


class WriteStatusUpdate(Request):
    """Keep words for the status page as a draft; customers read them once somebody releases it."""

    path = "status-updates"
    answer = PublicUpdate
    impact: Words = Field(description="what customers notice")
    current_action: Words = Field(description="what is being done about it")

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> PublicUpdate:
        """Keep it."""
        words = {"impact": self.impact, "current_action": self.current_action}
        return await StatusUpdates.of(doors.home).write(incident, actor=actor, **words)


class ReleaseStatusUpdate(Request):
    """Publish a draft in one's own name."""

    path = "status-updates/release"
    answer = PublicUpdate
    draft: Name | None = Field(default=None, description=_WHICH)

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> PublicUpdate:
        """Publish it."""
        return await StatusUpdates.of(doors.home).release(incident, self.draft, actor=actor)


class DropStatusUpdate(Request):
    """Give a draft up."""

    path = "status-updates/drop"
    answer = PublicUpdate
    draft: Name | None = Field(default=None, description=_WHICH)

    async def put(self, doors: Doors, incident: str, actor: Actor, key: str | None = None) -> PublicUpdate:
        """Give it up."""
        return await StatusUpdates.of(doors.home).drop(incident, self.draft, actor=actor)


#: Every kind.
STATUS_REQUESTS: tuple[type[Request], ...] = (WriteStatusUpdate, ReleaseStatusUpdate, DropStatusUpdate)
