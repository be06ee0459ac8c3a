"""Deployments that tags tell: `deploy/<environment>/<service>/<time>`, and what each brought."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from incidents.findings import Window
from tools.live.partial import gather_parts
from tools.live.repository import Repository
from tools.live.settings import Git
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: As many deployments are described; of more, the newest.
MOST = 200
#: As many commits of one deployment are named.
_COMMITS = 5
_LONGEST = 400
_FIELDS = "%1f".join(
    ("%(refname)", "%(objecttype)", "%(objectname)", "%(*objectname)", "%(creatordate:unix)", "%(taggername)",
     "%(contents:subject)", "%(contents:trailers:key=Version,valueonly,separator=%2c)")
)  # fmt: skip


class Tag(NamedTuple):
    """One deployment: a tag on the commit that was deployed."""

    name: str
    service: str
    time: datetime
    commit: str
    author: str
    subject: str
    version: str


class GitChanges:
    """The changes port over a repository.

    A deployment's version is the trailer `Version:` of its tag's message, else the beginning of its commit.
    """

    def __init__(self, spec: Git) -> None:
        self._repository = Repository(spec.repository)
        self._prefix = f"refs/tags/deploy/{spec.environment}/"
        self._services = spec.services

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The deployments of a window, oldest first.

        Raises:
            ToolFailed: there is no repository, or git does not answer.
        """
        pairs = [
            (old, new)
            for old, new in self._successions(await self._tags())
            if window.start <= new.time < window.end
        ]
        if len(pairs) > MOST:
            note_gap(f"{len(pairs) - MOST} older deployments of {self._repository.path} were left out")
        asks = {new.name: partial(self._change, old, new) for old, new in pairs[-MOST:]}
        return tuple((await gather_parts(asks)).values())

    async def check(self) -> str:
        """How many deployments the tags tell; raises like `changes`."""
        tags = await self._tags()
        services = sorted({tag.service for tag in tags})
        named = ", ".join(services) or "no service"
        return f"{self._repository.path} has {len(tags)} deployment tags, of {named}"

    async def aclose(self) -> None:
        """Nothing is open."""

    async def _tags(self) -> list[Tag]:
        rows = await self._repository.lines("for-each-ref", f"--format={_FIELDS}", self._prefix)
        found = [tag for row in rows if (tag := self._tag(row)) is not None]
        if broken := len(rows) - len(found):
            note_gap(f"{broken} deployment tags of {self._repository.path} could not be read")
        wanted = [tag for tag in found if not self._services or tag.service in self._services]
        return sorted(wanted, key=lambda tag: tag.time)

    def _tag(self, row: Sequence[str]) -> Tag | None:
        if len(row) != 8:
            return None
        name, kind, own, peeled, created, author, subject, version = row
        service, _, at = name.removeprefix(self._prefix).rpartition("/")
        annotated = kind == "tag"
        # A light tag has no time of its own, only that of its commit, which may be much older.
        time = _moment(created) if annotated else _moment(at)
        if not service or time is None:
            return None
        commit = peeled if annotated else own
        return Tag(
            name=name, service=service, time=time, commit=commit, author=plain(author, 80),
            subject=plain(subject, _LONGEST) if annotated else "",
            version=plain(version, 80) if annotated and version.strip() else commit[:12],
        )  # fmt: skip

    @staticmethod
    def _successions(tags: list[Tag]) -> list[tuple[Tag | None, Tag]]:
        """Each deployment after the one of the same service that came before it; oldest first."""
        before: dict[str, Tag] = {}
        pairs: list[tuple[Tag | None, Tag]] = []
        for tag in tags:
            pairs.append((before.get(tag.service), tag))
            before[tag.service] = tag
        return pairs

    async def _change(self, old: Tag | None, new: Tag) -> Change:
        return Change(
            time=new.time, id=new.name.removeprefix("refs/tags/"), service=new.service,
            kind=ChangeKind.DEPLOY, version_from=old.version if old else "",
            version_to=new.version, author=new.author,
            summary=plain("; ".join(filter(None, (new.subject, await self._brought(old, new)))), _LONGEST),
            commit=new.commit,
        )  # fmt: skip

    async def _brought(self, old: Tag | None, new: Tag) -> str:
        """The commits between two deployments, newest first."""
        if old is None or old.commit == new.commit:
            return ""
        rows = await self._log(f"{old.commit}..{new.commit}")
        if not rows:
            back = await self._log(f"{new.commit}..{old.commit}")
            return f"takes back {_said(back)}" if back else ""
        return _said(rows)

    async def _log(self, span: str) -> Sequence[list[str]]:
        form = "--format=%h%x1f%an%x1f%s"
        try:
            return await self._repository.lines(
                "log", "--first-parent", f"--max-count={_COMMITS + 1}", form, "--end-of-options", span
            )
        except ToolFailed as error:  # a shallow clone has the tags, but not every commit
            note_gap(f"what some deployments brought is not known: {error}")
            return ()


def _said(rows: Sequence[list[str]]) -> str:
    shown = [
        f"{row[0]} {plain(row[2], 100)} ({plain(row[1], 40)})" for row in rows[:_COMMITS] if len(row) == 3
    ]
    return ", ".join(shown) + (" and more" if len(rows) > _COMMITS else "")


def _moment(text: str) -> datetime | None:
    """A moment from seconds since 1970 or from a time in a tag's name, such as 20261112T101500Z."""
    try:
        if text.isdecimal() and len(text) <= 11:
            return datetime.fromtimestamp(int(text), tz=UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
