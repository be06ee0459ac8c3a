"""The runbook and the roster that the settings name: those that ship, or a team's own, read strictly."""

from collections.abc import Collection
from functools import lru_cache
from importlib import resources
from pathlib import Path

from agents.role import Roster
from agents.roster import load_roster, packaged_prompt
from incidents.document import hint, parse_document, read_yaml
from incidents.errors import RunbookError
from incidents.runbook import Runbook
from nexus.config.settings import Settings


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


def load_runbook(path: Path | None, roles: Collection[str]) -> Runbook:
    """Read a runbook.

    Args:
        path: a team's own file; None takes the one that ships.
        roles: the slugs of the roles that exist.

    Raises:
        RunbookError: the file cannot be read or breaks a rule; one line for each mistake, with its path in
            the file, the value and the nearest right one.
    """
    source, text = _text(path)
    runbook = _parsed(source, text)
    known = sorted(roles)
    unknown = [
        f"{source}: {place}: there is no role {role!r}; {hint(role, known)}"
        for role, place in runbook.roles_named().items()
        if role not in roles
    ]
    if unknown:
        raise RunbookError("\n".join(unknown))
    return runbook


@lru_cache(maxsize=4)
def _parsed(source: str, text: str) -> Runbook:
    """The runbook that a text is; the same text again is not read again, for every incident asks."""
    content = read_yaml(text, source=source, error=RunbookError)
    return parse_document(content, Runbook, source=source, error=RunbookError)


def _text(path: Path | None) -> tuple[str, str]:
    """The file's name for messages, and its text."""
    if path is None:
        return "runbook.yaml", (resources.files("nexus") / "runbook.yaml").read_text(encoding="utf-8")
    try:
        return str(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise RunbookError(f"{path}: the runbook cannot be read: {failed}") from None
