"""The part of the house that every verb needs and that opens fast: settings, store, runbook, roster, folder.

Nothing here imports the graph, the frames or a model; what needs those is in `nexus.app`.
"""

from collections.abc import Collection
from dataclasses import dataclass

from agents.role import Roster
from agents.roster import load_roster, packaged_prompt
from incidents.policy import ApprovalPolicy
from incidents.runbook import Runbook
from nexus.config import Settings
from nexus.folder import Folder
from nexus.runbook_file import load_runbook
from nexus.service import Service
from nexus.store import Store
from tools.clock import WallClock


def roster_of(settings: Settings, tools: Collection[str] | None = None) -> Roster:
    """The roles, a team's own included; their tools are checked where it is known which there are.

    Raises:
        SettingsError: the roster's file breaks a rule.
    """
    own = settings.prompts

    def has_prompt(slug: str) -> bool:
        return packaged_prompt(slug) or (own is not None and (own / "roles" / f"{slug}.md").is_file())

    return load_roster(settings.roster, has_prompt=has_prompt, tools=tools)


def runbook_of(settings: Settings) -> Runbook:
    """The runbook, a team's own if one is set.

    Raises:
        RunbookError: its file breaks a rule.
    """
    return load_runbook(settings.runbook, {role.slug for role in roster_of(settings).roles})


@dataclass(frozen=True)
class House:
    """What is configured, and the store."""

    settings: Settings
    store: Store
    folder: Folder

    @property
    def roster(self) -> Roster:
        """The roles, a team's own included."""
        return roster_of(self.settings)

    @property
    def runbook(self) -> Runbook:
        """The runbook, a team's own if one is set."""
        return runbook_of(self.settings)

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
