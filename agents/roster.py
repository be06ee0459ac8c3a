"""The roster's file: the fifteen roles that ship, and what a team adds to them."""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from agents.role import RELEVANT_DEVELOPER, Role, Roster
from incidents.document import hint, parse_document, read_yaml
from incidents.errors import SettingsError
from incidents.value import Value

_PACKAGED = "roster.yaml"


class _File(Value):
    """The shape of a roster file; the roles' own fields are validated one by one."""

    roles: dict[str, dict[str, Any]]


def packaged_prompt(slug: str) -> bool:
    """Whether a prompt for that role ships with Nexus."""
    return (resources.files("prompts") / "roles" / f"{slug}.md").is_file()


def load_roster(
    path: Path | None = None,
    *,
    has_prompt: Callable[[str], bool] = packaged_prompt,
    tools: Collection[str] | None = None,
) -> Roster:
    """The roles that ship, with a team's own file laid over them.

    Args:
        path: a team's file with further roles, or other fields for known ones; None for no such file.
        has_prompt: whether a role of that slug has a prompt.
        tools: the names of the tools that exist; None leaves them unchecked, for verbs that need no tools
            and should not wait for their import.

    Raises:
        SettingsError: the file cannot be read or breaks a rule, or a role has no prompt; one line for each
            mistake, with its path in the file.
    """
    packaged = (resources.files("agents") / _PACKAGED).read_text(encoding="utf-8")
    fields = dict(_fields_of(packaged, _PACKAGED))
    source = _PACKAGED
    if path is not None:
        source = str(path)
        for slug, own in _fields_of(_read(path), source).items():
            fields[slug] = {**fields.get(slug, {}), **own}
    roles = tuple(
        parse_document(
            {**given, "slug": slug}, Role, source=source, error=SettingsError, under=f"roles.{slug}"
        )
        for slug, given in fields.items()
    )
    mistakes = [*_promptless(roles, has_prompt), *_contested(roles), *_toolless(roles, tools)]
    if RELEVANT_DEVELOPER not in fields:
        mistakes.append(f"roles: {RELEVANT_DEVELOPER} is missing")
    if mistakes:
        raise SettingsError("\n".join(f"{source}: {mistake}" for mistake in mistakes))
    return Roster(roles=roles)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise SettingsError(f"{path}: the roster cannot be read: {failed}") from None


@lru_cache(maxsize=4)
def _fields_of(text: str, source: str) -> Mapping[str, Mapping[str, Any]]:
    """The roles' fields that a text holds; the same text again is not read again, for every incident asks."""
    content = read_yaml(text, source=source, error=SettingsError)
    return MappingProxyType(parse_document(content, _File, source=source, error=SettingsError).roles)


def _promptless(roles: tuple[Role, ...], has_prompt: Callable[[str], bool]) -> list[str]:
    return [
        f"roles.{role.slug}: it has no prompt; write prompts/roles/{role.slug}.md"
        for role in roles
        if not has_prompt(role.slug)
    ]


def _contested(roles: tuple[Role, ...]) -> list[str]:
    """Owners that two roles claim: whose code it is must have one answer."""
    mistakes = []
    owned: dict[str, str] = {}
    for role in roles:
        for place, owner in enumerate(role.owns):
            if (first := owned.setdefault(owner, role.slug)) != role.slug:
                mistakes.append(
                    f"roles.{role.slug}.owns[{place}]: {owner!r} belongs to {first} already; "
                    f"give {first} an `owns` without it"
                )
    return mistakes


def _toolless(roles: tuple[Role, ...], tools: Collection[str] | None) -> list[str]:
    if tools is None:
        return []
    return [
        f"roles.{role.slug}.tools[{place}]: there is no tool {name!r}; {hint(name, sorted(tools))}"
        for role in roles
        for place, name in enumerate(role.tools)
        if name not in tools
    ]
