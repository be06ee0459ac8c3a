"""Releases on disk: `<root>/<service>/<version>/`, a link `current`, and a log of what was switched."""

import os
from datetime import UTC, datetime
from pathlib import Path

from incidents.action import ActionKind
from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from tools.live.actions.ledger import Deed
from tools.live.changes.releases import read_log

_LINK = "current"


class Layout:
    """The folder of one root; names come from the inventory, never from outside of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.log = root / "releases.log"

    def versions(self, service: str) -> tuple[str, ...]:
        """The versions that are laid out.

        Raises:
            ToolFailed: the service has no folder there.
        """
        try:
            found = [
                one.name for one in (self._root / service).iterdir() if one.is_dir() and not one.is_symlink()
            ]
        except OSError as error:
            raise ToolFailed(f"the releases of {service} cannot be read: {error.strerror}") from None
        return tuple(sorted(found))

    def current(self, service: str) -> str:
        """The version that the link points to; raises like `versions`, also where there is no link."""
        try:
            return (self._root / service / _LINK).readlink().name
        except OSError as error:
            raise ToolFailed(f"{service} has no link `{_LINK}`: {error.strerror}") from None

    def since(self, service: str) -> datetime:
        """When the link was last pointed somewhere, to the second."""
        at = (self._root / service / _LINK).lstat().st_mtime
        return datetime.fromtimestamp(int(at), UTC)

    def point(self, service: str, version: str) -> None:
        """Point the link at a version that is laid out, in one step: there is always a current release.

        Raises:
            ToolFailed: the folder cannot be written.
        """
        link = self._root / service / _LINK
        fresh = link.with_name(f".{_LINK}.nexus")
        target = link.readlink().with_name(version)  # written as it was: relative or absolute
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(target)
            os.replace(fresh, link)  # noqa: PTH105 - the step that counts, named as it is in POSIX
        except OSError as error:
            raise ToolFailed(f"the link of {service} cannot be switched: {error.strerror}") from None

    def changes(self, service: str) -> tuple[Change, ...]:
        """What the log says of a service, oldest first; nothing if there is no log."""
        if not self.log.exists():
            return ()
        return tuple(change for change in read_log(self.log) if change.service == service)

    def record(self, deed: Deed, kind: ChangeKind, was: str, now: str, *, healthy: bool) -> None:
        """Write a line about a deed, once; the incident and proposal of its key are its author.

        Raises:
            ToolFailed: the log cannot be written.
        """
        action = deed.plan.action
        identity = f"nexus-{deed.key}"
        known = self.changes(action.service)
        if any(change.id == identity for change in known):
            return
        commits = [change.commit for change in known if change.version_to == now and change.commit]
        line = Change(
            time=deed.begun, id=identity, service=action.service, kind=kind, version_from=was, version_to=now,
            author=f"Nexus ({deed.key.rpartition(':')[0] or deed.key})", summary=action.title,
            healthy=healthy,
            commit=commits[-1] if commits and action.kind is ActionKind.ROLLBACK else "",
        )  # fmt: skip
        try:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(line.model_dump_json(exclude_none=True) + "\n")
        except OSError as error:
            raise ToolFailed(f"the releases log cannot be written: {error.strerror}") from None
