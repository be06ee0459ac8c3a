"""The part of the house that every verb needs and that opens fast: settings, store, folder, policy.

Nothing here imports the graph, the frames or a model; what needs those is in `nexus.app`.
"""

from dataclasses import dataclass

from incidents.incident import Incident
from incidents.policy import ApprovalPolicy
from nexus.config import Settings
from nexus.folder import Folder
from nexus.store import Store
from nexus.store.find import find_incident


@dataclass(frozen=True)
class House:
    """What is configured, and the store."""

    settings: Settings
    store: Store
    folder: Folder

    @property
    def policy(self) -> ApprovalPolicy:
        """Who may approve what."""
        return ApprovalPolicy(people=self.settings.people)

    async def find(self, identity: str) -> Incident:
        """The incident of an id.

        Raises:
            UnknownName: there is none.
        """
        return await find_incident(self.store, identity)


def open_house(settings: Settings, *, create: bool) -> House:
    """Open the store; `create` makes it where there is none.

    Raises:
        UsageError: there is no store yet and none was to be made, or a newer Nexus wrote it.
    """
    store = Store.open(settings.home) if create else Store.existing(settings.home)
    return House(settings=settings, store=store, folder=Folder(settings.home))
