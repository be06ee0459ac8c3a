"""Releases on disk: `releases/<service>/<version>/`, a `current` link, and a log of every change.

The sources lie in `demo/shop/releases/<service>/v<version with underscores>/`: names that linters and type
checkers can import. A source that names a `base` lays its files over those of the base: a change of
configuration only.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from demo.changes import Change, ChangeLog

SOURCES = Path(__file__).parent / "shop" / "releases"


class UnknownReleaseError(Exception):
    """There is no such service or no such version of it."""


def folder_of(version: str) -> str:
    """The name of a release's source folder."""
    return "v" + version.replace(".", "_")


class Releases:
    """The releases folder of one run.

    Args:
        folder: Where releases, links and the log are kept.
        first: The version each service starts with; empty for a folder that is in use.
        sources: Where the releases come from.

    Attributes:
        log: Every change to the shop, releases or not.
    """

    def __init__(self, folder: Path, first: Mapping[str, str], *, sources: Path = SOURCES) -> None:
        self._folder = folder
        self.log = ChangeLog(folder / "releases.log")
        for service in first:
            for source in sorted((sources / service).glob("v*")):
                self._lay_out(source)
        for service, version in first.items():
            self._point(service, version)

    def app(self, service: str) -> Path:
        """The program that a (re)started service runs, through the link."""
        return self._folder / service / "current" / "app.py"

    def version(self, service: str) -> str:
        """The version the link points to."""
        return self._about(service, "current")["version"]

    def versions(self, service: str) -> list[str]:
        """Every version that is laid out."""
        folders = (self._folder / service).iterdir()
        return sorted(folder.name for folder in folders if not folder.is_symlink())

    def previous(self, service: str) -> str:
        """The version that ran before the current one.

        Raises:
            UnknownReleaseError: The service was never changed.
        """
        for change in reversed(self.log.changes()):
            if change.service == service and change.version_to == self.version(service):
                return change.version_from
        raise UnknownReleaseError(f"{service}: nothing ran before {self.version(service)}")

    def switch(
        self, service: str, version: str, *, author: str | None = None, summary: str | None = None
    ) -> Change:
        """Points the link at `version` and writes the log; the running process is not touched."""
        if version not in self.versions(service):
            raise UnknownReleaseError(f"{service}: no release {version}, only {self.versions(service)}")
        about, before = self._about(service, version), self.version(service)
        self._point(service, version)
        number = len(self.log.changes()) + 1
        return self.log.add(
            service,
            about["kind"],
            before,
            version,
            author=author or about["author"],
            summary=summary or about["summary"],
            commit=self._digest(service, version),
            name=f"{about['kind']}-{number}-{service}-{version}",
        )

    def _lay_out(self, source: Path) -> None:
        about = json.loads((source / "release.json").read_text())
        target = self._folder / about["service"] / about["version"]
        layers = [source.parent / about["base"]] if "base" in about else []
        for layer in [*layers, source]:
            shutil.copytree(layer, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))

    def _point(self, service: str, version: str) -> None:
        if not (self._folder / service / version).is_dir():
            raise UnknownReleaseError(f"{service}: no release {version}")
        fresh = self._folder / service / "next"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(version)
        fresh.replace(self._folder / service / "current")  # one step: there is always a current release

    def _about(self, service: str, version: str) -> dict[str, str]:
        about: dict[str, str] = json.loads((self._folder / service / version / "release.json").read_text())
        return about

    def _digest(self, service: str, version: str) -> str:
        # Stands in for a commit: names the exact content that was shipped.
        digest = hashlib.sha256()
        for file in sorted((self._folder / service / version).iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()[:12]
