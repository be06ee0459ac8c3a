"""Releases on disk: `releases/<service>/<version>/`, a `current` link, and a log of every change.

The sources lie in `demo/shop/releases/<service>/v<version with underscores>/`: names that linters and type
checkers can import. A source that names a `base` lays its files over those of the base: a change of
configuration only.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

SOURCES = Path(__file__).parent / "shop" / "releases"


class UnknownReleaseError(Exception):
    """There is no such service or no such version of it."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of `releases.log`: what was changed, by whom, from what to what."""

    time: str
    id: str
    service: str
    kind: str
    version_from: str
    version_to: str
    author: str
    summary: str
    commit: str

    @property
    def at(self) -> datetime:
        """When the link was switched."""
        return datetime.fromisoformat(self.time)


class Releases:
    """The releases folder of one run.

    Args:
        folder: Where releases, links and the log are kept.
        first: The version each service starts with.
        sources: Where the releases come from.
    """

    def __init__(self, folder: Path, first: Mapping[str, str], *, sources: Path = SOURCES) -> None:
        self._folder = folder
        self._log = folder / "releases.log"
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

    def changes(self) -> list[Change]:
        """The log so far, oldest first."""
        if not self._log.exists():
            return []
        return [Change(**json.loads(line)) for line in self._log.read_text().splitlines()]

    def previous(self, service: str) -> str:
        """The version that ran before the current one.

        Raises:
            UnknownReleaseError: The service was never changed.
        """
        for change in reversed(self.changes()):
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
        number = len(self.changes()) + 1
        self._point(service, version)
        change = Change(
            time=datetime.now(UTC).isoformat(timespec="microseconds"),
            id=f"{about['kind']}-{number}-{service}-{version}",
            service=service,
            kind=about["kind"],
            version_from=before,
            version_to=version,
            author=author or about["author"],
            summary=summary or about["summary"],
            commit=self._digest(service, version),
        )
        with self._log.open("a") as log:
            log.write(json.dumps(asdict(change)) + "\n")
        return change

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
