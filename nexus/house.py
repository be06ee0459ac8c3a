"""The part of the house that every verb needs and that opens fast: settings, store, folder, policy.

Nothing here imports the graph, the frames or a model; what needs those is in `nexus.app`.
"""

from dataclasses import dataclass

from incidents.policy import ApprovalPolicy
from nexus.config import Settings
from nexus.folder import Folder
from nexus.service import Service
from nexus.store import Store
from tools.clock import WallClock


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

    @property
    def service(self) -> Service:
        """The people's door."""
        return Service(self.store, self.policy, WallClock())


def open_house(settings: Settings, *, create: bool) -> House:
    """Open the store; `create` makes it where there is none.

    Raises:
        UsageError: there is no store yet and none was to be made, or a newer Nexus wrote it.
    """
    store = Store.open(settings.home) if create else Store.existing(settings.home)
    return House(settings=settings, store=store, folder=Folder(settings.home))
