"""`service-aliases.yaml` beside `nexus.yaml`: names that people have confirmed to mean a service."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from incidents.catalogue import Service
from incidents.document import hint, parse_document, read_yaml
from incidents.errors import SettingsError, UsageError
from incidents.value import Moment, Value
from tools.alerts.matching.names import Alias
from tools.alerts.matching.spellings import key_of

FILE = "service-aliases.yaml"


class ConfirmedAlias(Alias):
    """An alias, with who confirmed it and when."""

    by: str = Field(min_length=1)
    at: Moment


class ServiceNames(Value):
    """The services of `nexus.yaml`, and by which further names alerts find them."""

    services: tuple[Service, ...]
    confirmed: tuple[ConfirmedAlias, ...]


class _File(Value):
    format: Literal[1] = 1
    aliases: tuple[ConfirmedAlias, ...] = ()


def aliases_beside(site: Path) -> Path:
    """Where the aliases of a `nexus.yaml` are kept."""
    return site.parent / FILE


def load_aliases(path: Path) -> tuple[ConfirmedAlias, ...]:
    """What was confirmed, oldest first; nothing if there is no file.

    Raises:
        SettingsError: the file cannot be read or breaks a rule.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: the aliases cannot be read: {error}") from None
    content = read_yaml(text, source=str(path), error=SettingsError)
    return parse_document(content, _File, source=str(path), error=SettingsError).aliases


def confirm_alias(path: Path, alias: ConfirmedAlias, known: Sequence[str]) -> ConfirmedAlias | None:
    """Keep what a person confirmed; the file is replaced whole.

    Args:
        path: of the file, which need not be there.
        alias: what was confirmed; it takes the place of one of the same name.
        known: the services of the catalogue.

    Returns:
        The one whose place it took.

    Raises:
        UsageError: the service is unknown, or the name is one of another service.
        SettingsError: the file cannot be read or written.
    """
    if alias.service not in known:
        raise UsageError(f"there is no service {alias.service!r}; {hint(alias.service, list(known))}")
    key = key_of(alias.name)
    if not key:
        raise UsageError("an alias has a name: what alerts call the service")
    owner = next((name for name in known if key_of(name) == key), alias.service)
    if owner != alias.service:
        raise UsageError(f"{alias.name!r} is the service {owner!r} itself; it cannot mean another one")
    before = load_aliases(path)
    replaced = next((one for one in before if key_of(one.name) == key), None)
    kept = [one for one in before if one is not replaced] + [alias]
    _write(path, _File(aliases=tuple(kept)))
    return replaced


def _write(path: Path, content: _File) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    head = "# Names that alerts use, and the service that a person said they mean: `nexus services alias`.\n"
    try:
        beside.write_text(
            head + yaml.safe_dump(content.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        )
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        why = f"{path} cannot be written: {error.strerror}"
        raise SettingsError(f"{why}; put the name under the service's `aliases` in nexus.yaml") from None
