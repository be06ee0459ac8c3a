"""The runbook and the roster that the settings name: those that ship, or a team's own."""

from collections.abc import Collection

from agents.role import Roster
from agents.roster import load_roster, packaged_prompt
from incidents.runbook import Runbook
from nexus.config import Settings
from nexus.runbook_file import load_runbook


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
