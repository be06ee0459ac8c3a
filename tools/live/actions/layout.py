"""Releases on disk: `<root>/<service>/<version>/`, a link `current`, and a log of what was switched."""

import os
from datetime import UTC, datetime
from pathlib import Path

from incidents.action import ActionKind
from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from tools.live.actions.action_log import ActionRecord
from tools.live.changes.releases import read_log

_LINK = "current"


class Layout:
    """The folder of one root; names come from the inventory, never from outside of it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.log = root / "releases.log"
        self._own = root / "nexus.log"

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
        return tuple(change for change in _read(self.log) if change.service == service)

    def failed(self, service: str, version: str) -> bool:
        """Whether a version did not become healthy when it was switched to last, by either log."""
        arrivals = [
            change
            for change in sorted((*_read(self.log), *_read(self._own)), key=lambda one: one.time)
            if change.service == service and change.version_to == version and change.healthy is not None
        ]
        return bool(arrivals) and arrivals[-1].healthy is False

    def record(
        self, deed: ActionRecord, kind: ChangeKind, was: str, now: str, *, healthy: bool, shared: bool
    ) -> None:
        """Write a line about a deed, once into each log; its incident and proposal are the author.

        The shared log keeps the form that its other readers know; how it went stands in a log of our own.

        Raises:
            ToolFailed: a log cannot be written.
        """
        action = deed.plan.action
        known = self.changes(action.service)
        commits = [change.commit for change in known if change.version_to == now and change.commit]
        author = f"Nexus ({deed.key.rpartition(':')[0] or deed.key})"
        line = Change(
            time=deed.begun, id=f"nexus-{deed.key}", service=action.service, kind=kind, version_from=was,
            version_to=now, author=author, summary=action.title,
            commit=commits[-1] if commits and action.kind is ActionKind.ROLLBACK else "",
        )  # fmt: skip
        _append(self._own, line.model_copy(update={"healthy": healthy}))
        if shared:
            _append(self.log, line)


def _read(log: Path) -> tuple[Change, ...]:
    return read_log(log) if log.exists() else ()


def _append(log: Path, line: Change) -> None:
    if any(change.id == line.id for change in _read(log)):
        return
    try:
        with log.open("a", encoding="utf-8") as file:
            file.write(line.model_dump_json(exclude_none=True) + "\n")
    except OSError as error:
        raise ToolFailed(f"{log} cannot be written: {error.strerror}") from None
