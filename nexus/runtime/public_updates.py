"""What the public page is told of an incident: fixed sentences go out at once, others are drafts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from agents.public import public_words, stand_of
from incidents.catalogue import Catalogue
from incidents.communications import StatusUpdate
from incidents.incident import Incident
from incidents.status_page import (
    PublicUpdate,
    UpdateState,
    Wording,
    held_because,
    level_of,
    public_components,
)
from nexus.store.port import IncidentStore

if TYPE_CHECKING:
    from tools.clock import Clock


@dataclass(frozen=True)
class PublicUpdates:
    """Implements `nexus.notify.file_channel.Public` for the incidents of one live world."""

    store: IncidentStore
    site: str
    catalogue: Catalogue
    clock: "Clock"

    async def told(self, update: StatusUpdate, incident: Incident) -> str | None:
        """Keep what customers may be told of an update: its fixed sentences, and free ones as a draft.

        Returns:
            Why a person is needed before anything is published; None: nothing waits.
        """
        before = await self.store.public_updates(incident.id)
        told_of = {name for one in before if one.place is not None for name in one.components}
        components = public_components(incident, self.catalogue, told_of)
        if not components:
            return None
        held = held_because(incident)
        fixed = self._update(update, incident, before, components)
        state = UpdateState.DRAFT if held else UpdateState.PUBLISHED
        fixed = fixed.model_copy(update={"state": state, "why_held": held or ""})
        if (free := update.draft) is not None:
            # Behind what went out: whoever releases it says the same in better words.
            draft = fixed.model_copy(
                update={
                    "id": str(uuid4()), "key": f"{fixed.key}:free", "impact": free.impact,
                    "current_action": free.current_action, "wording": Wording.FREE,
                    "state": UpdateState.DRAFT, "why_held": held or "its words are free",
                }
            )  # fmt: skip
            await self.store.keep_update(self.site, draft)
        await self.store.keep_update(self.site, fixed)
        return held_because(incident, incident.language)

    def _update(
        self,
        update: StatusUpdate,
        incident: Incident,
        before: tuple[PublicUpdate, ...],
        components: tuple[str, ...],
    ) -> PublicUpdate:
        known = incident.updates
        place = known.index(update) + 1 if update in known else len(known) + 1
        words = update.public or public_words(stand_of(incident, update.at))
        onset = incident.diagnosis.onset if incident.diagnosis is not None else None
        return PublicUpdate(
            id=str(uuid4()),
            thread=before[0].thread if before else str(uuid4()),
            incident=incident.id,
            key=str(place),
            components=components,
            level=level_of(update.status, down=words.down),
            status=update.status,
            began_at=min(onset or incident.opened_at, incident.opened_at),
            at=update.at,
            impact=words.impact,
            current_action=words.current_action,
            next_update=update.next_update,
            written_by=update.engine,
        )
