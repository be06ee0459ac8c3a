"""Sources read from git's own objects: no file of a working tree is opened, so that no link leads astray."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from incidents.errors import ToolFailed, UnknownName
from tools.live.code.bundle import bundled
from tools.live.code.texts import clean_diff, clean_lines, clean_text
from tools.live.repository import Repository
from tools.source_code import (
    Blame,
    BlamedLine,
    Bundle,
    Commit,
    Difference,
    Hit,
    Hits,
    Listing,
    ShownCommit,
    SourceFile,
)
from tools.wording import CONTROL, plain

#: As many files, hits and commits are told of; the rest is counted.
_FILES, _HITS, _COMMITS = 500, 50, 20
#: A larger file is not read, in bytes; as much of a difference is told, in characters.
_FILE, _DIFF = 500_000, 100_000
_LINK, _REGULAR = "120000", ("100644", "100755")
_FORM = "%H%x1f%ct%x1f%an%x1f%s"


@dataclass(frozen=True)
class Source:
    """Where the sources of one service are: the repository, its branch or HEAD, the service's folder."""

    repository: Repository
    base: str
    folder: str = ""


class GitCode:
    """The code port over git repositories.

    Args:
        sources: by service.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)

    @property
    def services(self) -> tuple[str, ...]:
        """Whose sources can be read."""
        return tuple(self._sources)

    async def listing(self, service: str, at: str = "", under: str = "") -> Listing:
        """The files under a folder, links and submodules left out; raises as the port says."""
        source = self._source(service)
        commit = await self._commit(source, at)
        folder = inside(under or source.folder)
        rows = await self._tree(source, commit, folder)
        files = [path for mode, _, path in rows if mode in _REGULAR]
        if not files and folder:
            raise UnknownName("folder", folder, await self._paths(source, commit))
        return Listing(
            service=service, commit=commit, under=folder or ".",
            files=tuple(map(plain, files[:_FILES])), left_out=max(0, len(files) - _FILES),
        )  # fmt: skip

    async def file(self, service: str, path: str, at: str = "") -> SourceFile:
        """A text file, whole; raises as the port says."""
        source = self._source(service)
        commit = await self._commit(source, at)
        lines = await self._lines(source, commit, inside(path))
        return SourceFile(service=service, commit=commit, path=inside(path), lines=lines)

    async def search(self, service: str, text: str, at: str = "", under: str = "") -> Hits:
        """The lines that hold a text, taken literally; raises as the port says."""
        source = self._source(service)
        commit = await self._commit(source, at)
        wanted = text.strip("\n")
        if not wanted or CONTROL.search(wanted) or "\n" in wanted:
            raise ToolFailed("only a text on one line can be searched for")
        ran = await source.repository.ran(
            "grep", "-I", "-F", "-n", "--null", "--full-name", "--no-color", "--no-textconv",
            "-e", wanted, commit, "--", inside(under) or ".", environment=_LITERAL,
        )  # fmt: skip
        if ran.status > 1:
            raise ToolFailed(f"git cannot search for {plain(wanted)!r}: {ran.complaint}")
        found = [row.split("\0", 2) for row in ran.out.split("\n") if row.count("\0") >= 2]
        texts: dict[str, tuple[str, ...]] = {}
        hits = [await self._hit(source, commit, row, texts) for row in found[:_HITS]]
        left_out = max(0, len(found) - _HITS)
        return Hits(service=service, commit=commit, text=plain(wanted), hits=tuple(hits), left_out=left_out)

    async def blame(self, service: str, path: str, lines: tuple[int, int], at: str = "") -> Blame:
        """The commits that wrote some lines; raises as the port says."""
        source = self._source(service)
        commit = await self._commit(source, at)
        texts = await self._lines(source, commit, inside(path))
        first, last = max(1, lines[0]), min(len(texts), lines[1])
        if first > last:
            raise ToolFailed(f"{path} has {len(texts)} lines; there is no line {lines[0]} to {lines[1]}")
        out = await source.repository.ask(
            "blame", "--porcelain", f"-L{first},{last}", commit, "--", inside(path), environment=_LITERAL
        )
        heads = [row.split(" ") for row in out.split("\n") if _is_head(row)]
        names = [head[0] for head in heads]
        shown = await source.repository.lines(
            "log", "--no-walk", f"--format={_FORM}", "--end-of-options", *dict.fromkeys(names)
        )
        return Blame(
            service=service, commit=commit, path=inside(path),
            lines=tuple(
                BlamedLine(number=int(head[2]), commit=head[0], text=texts[int(head[2]) - 1])
                for head in heads
            ),
            commits=tuple(sorted(map(_told, shown), key=lambda one: one.at)),
        )  # fmt: skip

    async def difference(self, service: str, old: str, new: str = "", path: str = "") -> Difference:
        """What changed between two commits; raises as the port says."""
        source = self._source(service)
        before, after = await self._commit(source, old), await self._commit(source, new)
        place = inside(path or source.folder) or "."
        span = [f"{before}..{after}", "--", place]
        rows = await source.repository.lines("log", f"--format={_FORM}", *span, environment=_LITERAL)
        stat, diff = await self._changed(source, [before, after, "--", place])
        return Difference(
            service=service, old=before, new=after, commits=tuple(map(_told, rows[:_COMMITS])),
            commits_left_out=max(0, len(rows) - _COMMITS), stat=stat, diff=diff,
        )  # fmt: skip

    async def commit(self, service: str, name: str, path: str = "") -> ShownCommit:
        """One commit; of a merge, what it brought to its first parent; raises as the port says."""
        source = self._source(service)
        found = await self._commit(source, name)
        ask = source.repository.ask
        head = (await ask("log", "--max-count=1", f"--format={_FORM}", found)).strip("\n").split("\x1f")
        parents = (await ask("rev-list", "--parents", "--max-count=1", found)).split()[1:]
        empty = (await ask("hash-object", "-t", "tree", "/dev/null")).strip()
        span = [*(parents[:1] or [empty]), found, "--", inside(path) or "."]
        stat, diff = await self._changed(source, span)
        message = await ask("log", "--max-count=1", "--format=%B", found)
        return ShownCommit(
            service=service, commit=_told(head), message=clean_text(message)[:2_000].strip(), stat=stat,
            diff=diff,
        )  # fmt: skip

    async def bundle(self, service: str, at: datetime) -> Bundle:
        """The sources as they could be released at a moment; raises as the port says."""
        source = self._source(service)
        return await bundled(service, source.repository, source.base, at)

    def _source(self, service: str) -> Source:
        if service not in self._sources:
            has = ", ".join(self._sources) or "no service"
            raise ToolFailed(f"no code of {service} is configured; there is code of {has}")
        return self._sources[service]

    async def _commit(self, source: Source, name: str) -> str:
        """The full name of a commit."""
        ask = source.repository
        wanted = name.strip()
        if not wanted:
            return (await ask.ask("rev-parse", "--verify", f"{source.base}^{{commit}}")).strip()
        if (found := await ask.commit(wanted.lower())) is not None:
            return found
        form = (
            "%(refname:short)%1f%(objectname)%1f%(*objectname)%1f%(contents:trailers:key=Version,valueonly)"
        )
        tags = [
            row for row in await ask.lines("for-each-ref", f"--format={form}", "refs/tags") if len(row) > 3
        ]
        for short, own, peeled, version in reversed(tags):
            if wanted in {short, short.removeprefix("v"), version.strip()}:
                return peeled or own
        raise UnknownName("commit, tag or version", plain(wanted, 60), [short for short, *_ in tags][-20:])

    async def _hit(
        self, source: Source, commit: str, row: list[str], texts: dict[str, tuple[str, ...]]
    ) -> Hit:
        """One line of `git grep`; a secret over several lines is only seen in the whole file."""
        path, number = row[0].removeprefix(f"{commit}:"), int(row[1])
        if path not in texts:
            try:
                texts[path] = await self._lines(source, commit, path)
            except ToolFailed:  # too large to be read
                texts[path] = ()
        lines = texts[path]
        text = lines[number - 1] if number <= len(lines) else clean_text(row[2])
        return Hit(path=plain(path), line=number, text=plain(text))

    async def _tree(self, source: Source, commit: str, folder: str) -> list[tuple[str, str, str]]:
        """Mode, object and path of everything below a folder."""
        out = await source.repository.ask(
            "ls-tree", "-r", "-z", "--full-tree", commit, *(["--", f"{folder}/"] if folder else []),
            environment=_LITERAL,
        )  # fmt: skip
        heads = (row.partition("\t") for row in out.split("\0")[:-1])
        return [(head[:6], head.rpartition(" ")[2], path) for head, _, path in heads]

    async def _paths(self, source: Source, commit: str) -> list[str]:
        return [path for mode, _, path in await self._tree(source, commit, "") if mode in _REGULAR]

    async def _lines(self, source: Source, commit: str, path: str) -> tuple[str, ...]:
        """The lines of a text file, without secrets."""
        out = await source.repository.ask(
            "ls-tree", "-z", "--long", "--full-tree", commit, "--", path, environment=_LITERAL
        )
        head, _, _ = out.partition("\t")
        mode, _, _, size = (head.split() + [""] * 4)[:4]
        if mode == _LINK:
            raise ToolFailed(f"{path} is a symbolic link, which is not followed")
        if mode not in _REGULAR:
            raise UnknownName("file", path, await self._paths(source, commit))
        if int(size) > _FILE:
            raise ToolFailed(f"{path} has {int(size) // 1000} kB; files of up to {_FILE // 1000} kB are read")
        text = await source.repository.ask("cat-file", "blob", f"{commit}:{path}")
        if "\0" in text:
            raise ToolFailed(f"{path} is no text")
        return clean_lines(text)

    async def _changed(self, source: Source, span: list[str]) -> tuple[str, str]:
        """The statistics and the difference of a span of commits."""
        quiet = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        stat = await source.repository.ask(*quiet, "--stat=100", *span, environment=_LITERAL)
        diff = await source.repository.ask(*quiet, *span, environment=_LITERAL)
        return clean_text(stat).rstrip("\n"), clean_diff(diff, _DIFF)


#: A path is a path: none of its characters means several files.
_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}


def inside(path: str) -> str:
    """A path as git writes it, from the top of the repository; empty for the top itself.

    Raises:
        ToolFailed: it leads out of the repository, or into git's own folder.
    """
    parts = PurePosixPath(path.strip() or ".").parts
    if CONTROL.search(path) or "\n" in path or "/" in parts[:1] or ".." in parts:
        raise ToolFailed(f"{plain(path, 80)!r} leads out of the repository; paths begin at its top")
    if any(part.lower() == ".git" for part in parts):
        raise ToolFailed(f"{plain(path, 80)!r} lies in git's own folder, which is not read")
    return "/".join(parts)


def _is_head(row: str) -> bool:
    """Whether a line of `git blame --porcelain` begins a line of the file: `<commit> <old> <new> [count]`."""
    head = row.split(" ")
    return len(head) in {3, 4} and len(head[0]) in {40, 64} and all(part.isdecimal() for part in head[1:])


def _told(row: list[str]) -> Commit:
    name, at, author, *subject = row
    return Commit(
        id=name, at=datetime.fromtimestamp(int(at), tz=UTC), author=plain(clean_text(author), 80),
        subject=plain(clean_text(" ".join(subject)), 160),
    )  # fmt: skip
