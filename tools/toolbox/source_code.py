"""The developer's tools: reading the sources of a service at a commit or release, and trying a patch."""

from incidents.changes import Change
from incidents.errors import ToolFailed
from incidents.findings import Window
from incidents.value import Value
from tools.ports import Code, World
from tools.source_code import Blame, Commit, Difference, Hits, Listing, ShownCommit, Trial
from tools.telemetry.observation import HISTORY
from tools.toolbox.arguments import (
    BlameArgs,
    CommitArgs,
    DiffArgs,
    FilesArgs,
    PatchArgs,
    ReadArgs,
    SearchArgs,
)
from tools.toolset import Sources, Tool
from tools.wording import clock_time, paragraphs, rows

#: What the sources say is a channel of its own: no telemetry repeats it.
_CHANNEL = "code"
#: As much of a text is read at once, in characters; with its head it fits into one answer to a model.
_SHOWN = 5_000
_BLAMED = 60


def _code(sources: Sources, service: str) -> Code:
    sources.world.catalogue.get(service)
    if sources.world.code is None:
        raise ToolFailed(
            "no code is configured: nexus.yaml names no repository (backends.actions, kind hotfix)"
        )
    return sources.world.code


def _readable(world: World) -> tuple[str, ...]:
    return world.code.services if world.code is not None else ()


def _mendable(world: World) -> tuple[str, ...]:
    return world.patches.services if world.patches is not None else ()


async def _at(sources: Sources, service: str, name: str) -> str:
    """The commit of a version that the record of changes names, else the name as it is."""
    if not name:
        return name
    now = sources.clock.now()
    try:
        changes = await sources.world.changes.changes(Window(start=now - HISTORY, end=now))
    except ToolFailed:  # the repository may know it by a tag
        return name
    return next((one.commit for one in reversed(changes) if _is(one, service, name)), name)


def _is(change: Change, service: str, version: str) -> bool:
    return change.service == service and change.version_to == version and bool(change.commit)


async def _files(sources: Sources, args: FilesArgs) -> Listing:
    at = await _at(sources, args.service, args.at)
    return await _code(sources, args.service).listing(args.service, at, args.under)


def _say_files(found: Listing) -> str:
    head = f"Files of {found.service} under {found.under} at {found.commit[:12]}:"
    return paragraphs(head, rows(list(found.files), found.left_out, "ask for a folder with `under`"))


LIST_FILES = Tool(
    name="list_files",
    channel=_CHANNEL,
    serves=_readable,
    description="The files of a service's repository, at the newest commit or at one that you name.",
    args=FilesArgs,
    ask=_files,
    say=_say_files,
    empty=lambda found: not found.files,
)


class Excerpt(Value):
    """Some lines of a file; `first` is the number of the first one, `total` counts all of the file."""

    service: str
    commit: str
    path: str
    first: int
    lines: tuple[str, ...]
    total: int


async def _read(sources: Sources, args: ReadArgs) -> Excerpt:
    at = await _at(sources, args.service, args.at)
    found = await _code(sources, args.service).file(args.service, args.path, at)
    wanted = found.lines[args.first - 1 : args.first - 1 + args.count]
    kept, length = 0, 0
    while kept < len(wanted) and (kept == 0 or length + len(wanted[kept]) <= _SHOWN):
        length += len(wanted[kept]) + 6  # its number and the end of the line
        kept += 1
    return Excerpt(
        service=found.service, commit=found.commit, path=found.path, first=args.first, lines=wanted[:kept],
        total=len(found.lines),
    )  # fmt: skip


def _say_read(found: Excerpt) -> str:
    if not found.lines:
        return f"{found.path} at {found.commit[:12]} has {found.total} lines; none from {found.first} on."
    last = found.first + len(found.lines) - 1
    more = f"; go on with first = {last + 1}" if last < found.total else ""
    numbered = (f"{number:>4} {line}" for number, line in enumerate(found.lines, start=found.first))
    head = f"{found.path} at {found.commit[:12]}, lines {found.first} to {last} of {found.total}{more}:"
    return "\n".join([head, *numbered])


READ_FILE = Tool(
    name="read_file",
    channel=_CHANNEL,
    serves=_readable,
    description=(
        "Lines of a source file with their numbers; the number and the one space after it are not part of "
        "the file."
    ),
    args=ReadArgs,
    ask=_read,
    say=_say_read,
    empty=lambda found: not found.lines,
)


async def _search(sources: Sources, args: SearchArgs) -> Hits:
    at = await _at(sources, args.service, args.at)
    return await _code(sources, args.service).search(args.service, args.text, at, args.under)


def _say_search(found: Hits) -> str:
    if not found.hits:
        return f"{found.text!r} stands nowhere in the sources of {found.service} at {found.commit[:12]}."
    lines = [f"{hit.path}:{hit.line}: {hit.text}" for hit in found.hits]
    head = f"{found.text!r} in the sources of {found.service} at {found.commit[:12]}:"
    return paragraphs(head, rows(lines, found.left_out, "look for a longer text, or only `under` a folder"))


SEARCH_CODE = Tool(
    name="search_code",
    channel=_CHANNEL,
    serves=_readable,
    description="Where a text stands in the sources of a service: path, line number, line.",
    args=SearchArgs,
    ask=_search,
    say=_say_search,
    empty=lambda found: not found.hits,
)


async def _blame(sources: Sources, args: BlameArgs) -> Blame:
    at = await _at(sources, args.service, args.at)
    last = min(args.last, args.first + _BLAMED - 1)
    return await _code(sources, args.service).blame(args.service, args.path, (args.first, last), at)


def _say_blame(found: Blame) -> str:
    lines = (f"{one.number:>4} {one.commit[:12]} {one.text}" for one in found.lines)
    return paragraphs(
        f"{found.path} at {found.commit[:12]}, each line with the commit that wrote it:",
        _cut("\n".join(lines), "ask for fewer lines"),
        "The commits, oldest first:",
        rows([_say_commit(one) for one in found.commits], 0, ""),
    )


def _say_commit(one: Commit) -> str:
    return f"{one.id[:12]} {clock_time(one.at)} {one.author}: {one.subject}"


BLAME_LINES = Tool(
    name="blame_lines",
    channel=_CHANNEL,
    serves=_readable,
    description="Which commit wrote each of some lines of a file: when, by whom, and what it said it did.",
    args=BlameArgs,
    ask=_blame,
    say=_say_blame,
)


async def _difference(sources: Sources, args: DiffArgs) -> Difference:
    old = await _at(sources, args.service, args.old)
    new = await _at(sources, args.service, args.new)
    return await _code(sources, args.service).difference(args.service, old, new, args.path)


def _say_difference(found: Difference) -> str:
    head = f"From {found.old[:12]} to {found.new[:12]} of {found.service}"
    if not found.diff:
        return f"{head} nothing changed."
    commits = [_say_commit(one) for one in found.commits]
    return paragraphs(
        f"{head}, commits in between, newest first:" if commits else f"{head} (no commit lies in between):",
        rows(commits, found.commits_left_out, "name a `path`"),
        _cut(found.stat, "name a `path`", _SHOWN // 5),
        _cut(found.diff, "name a `path`", _SHOWN // 2),
    )


DIFF_RELEASES = Tool(
    name="diff_releases",
    channel=_CHANNEL,
    serves=_readable,
    description=(
        "What changed in a service's sources between two releases or commits: commits and difference."
    ),
    args=DiffArgs,
    ask=_difference,
    say=_say_difference,
    empty=lambda found: not found.diff,
)


async def _commit(sources: Sources, args: CommitArgs) -> ShownCommit:
    return await _code(sources, args.service).commit(args.service, args.commit, args.path)


def _say_shown(found: ShownCommit) -> str:
    one = found.commit
    return paragraphs(
        f"Commit {one.id} of {clock_time(one.at)} by {one.author}:",
        _cut(found.message, "the rest of the message is left out", _SHOWN // 5),
        _cut(found.stat, "name a `path`", _SHOWN // 5),
        _cut(found.diff, "name a `path`", _SHOWN // 2),
    )


SHOW_COMMIT = Tool(
    name="show_commit",
    channel=_CHANNEL,
    serves=_readable,
    description="One commit of a service's repository: its full id, author, message and what it changed.",
    args=CommitArgs,
    ask=_commit,
    say=_say_shown,
)


async def _attempt(sources: Sources, args: PatchArgs) -> Trial:
    sources.world.catalogue.get(args.service)
    if sources.world.patches is None:
        raise ToolFailed("no patch can be tried: nexus.yaml allows none (`patches` of a hotfix)")
    return await sources.world.patches.attempt(args.service, args.diff, args.title)


def _say_trial(found: Trial) -> str:
    base = found.base[:12]
    if found.refused is not None:
        return f"Not tried on {base}: {found.refused}. Mend the patch and try it again, or go without."
    if found.patch is None:
        return paragraphs(
            f"The patch applies on {base}, but the tests ({found.tests}) FAIL with it; it is no proposal.",
            f"The end of what they print:\n{found.said}",
            found.stat,
        )
    return paragraphs(
        f"The patch applies on {base}, and the tests ({found.tests}) pass with it: {found.said}",
        f"To propose it: kind hotfix, service {found.service}, patch {found.patch}",
        f"sha256 of the difference: {found.digest}",
        found.stat,
        "Nothing was changed yet. Approved, it becomes a branch; the team's own delivery deploys it.",
    )


TRY_PATCH = Tool(
    name="try_patch",
    channel=_CHANNEL,
    serves=_mendable,
    description=(
        "Try a patch on a throw-away copy of the newest commit with the repository's tests. Changes nothing; "
        "one whose tests pass gets a name by which you can propose it."
    ),
    args=PatchArgs,
    ask=_attempt,
    say=_say_trial,
)


def _cut(text: str, how: str, longest: int = _SHOWN) -> str:
    """A text that ends with a whole line, and how to see the rest."""
    if len(text) <= longest:
        return text
    kept = text[:longest].rpartition("\n")[0]
    return f"{kept}\n({len(text) - len(kept)} characters left out; {how})"
