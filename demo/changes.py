"""The log of changes: JSON lines, one for every release, flag, restart, change of scale, failover."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Change:
    """One line of `releases/releases.log`: what was changed, by whom, from what to what."""

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
        """When it was made."""
        return datetime.fromisoformat(self.time)


class ChangeLog:
    """The log of one run.

    Args:
        file: It is made at once: nothing was changed yet, which is not the same as no log.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    def changes(self) -> list[Change]:
        """The log so far, oldest first."""
        names = [field.name for field in fields(Change)]
        lines = map(json.loads, self._file.read_text().splitlines())
        # Others write here too, and leave out what they do not know.
        return [Change(**{name: line.get(name, "") for name in names}) for line in lines]

    def add(
        self,
        service: str,
        kind: str,
        before: str,
        after: str,
        *,
        author: str,
        summary: str,
        commit: str = "",
        name: str | None = None,
    ) -> Change:
        """Writes what was just changed.

        Args:
            service: What was changed.
            kind: `deploy`, `config`, `flag`, `scale` or `infra`.
            before: How it was: a version, `off`, `1 instances`.
            after: How it is.
            author: Who did it.
            summary: Why.
            commit: What was shipped, if something was.
            name: What it is called; by default its kind, its number and its service.
        """
        number = len(self.changes()) + 1
        taken = {change.id for change in self.changes()}
        wanted = name or f"{kind}-{number}-{service}"
        change = Change(
            time=datetime.now(UTC).isoformat(timespec="microseconds"),
            id=f"{wanted}-{number}" if wanted in taken else wanted,
            service=service,
            kind=kind,
            version_from=before,
            version_to=after,
            author=author,
            summary=summary,
            commit=commit,
        )
        with self._file.open("a") as log:
            log.write(json.dumps(asdict(change)) + "\n")
        return change
