"""A patch becomes a commit on top of the base that no branch knows, if it keeps to its limits.

It was written by a model that reads untrusted text. What it may touch is judged twice: when it is made and,
from git's own view of the commit, again when it is planned and executed.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from incidents.errors import ActionRefused
from tools.live.actions.diffs import recounted
from tools.live.actions.worktree import DIFFERENCE, NOT_RENAMED
from tools.live.repository import Repository
from tools.redaction.redact import redact
from tools.source_code import LONGEST_PATCH
from tools.wording import CONTROL, plain

_FILES = 20
_REGULAR = {"000000", "100644", "100755"}
_BODY = "Written by Nexus and tried with the repository's tests; no branch has it before people approved it."


async def committed(repository: Repository, base: str, diff: str, title: str, keeps: Sequence[str]) -> str:
    """The commit that a unified diff makes on top of another one; no file and no branch is changed.

    Raises:
        ActionRefused: it does not apply, or breaks a limit.
        ToolFailed: git fails.
    """
    if len(diff) > LONGEST_PATCH:
        raise ActionRefused(f"the patch has {len(diff)} characters; a hotfix may have {LONGEST_PATCH}")
    text = recounted(diff)
    _need_inside(await _named(repository, text))
    with TemporaryDirectory(prefix="nexus-") as place:
        index = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        await repository.ask("read-tree", base, environment=index)
        ran = await repository.ran(
            "apply", "--cached", "--whitespace=nowarn", "-", text=text, environment=index
        )
        if ran.status:
            raise ActionRefused(
                f"the patch does not apply ({ran.complaint}); lines without + must stand in the file exactly "
                "as the patch has them, and paths begin with a/ and b/ at the top of the repository"
            )
        tree = (await repository.ask("write-tree", environment=index)).strip()
    message = f"{plain(redact(title), 72)}\n\n{_BODY}\n"
    commit = (await repository.ask("commit-tree", tree, "-p", base, text=message)).strip()
    await need_limits(repository, base, commit, keeps)
    return commit


async def need_limits(repository: Repository, base: str, commit: str, keeps: Sequence[str]) -> None:
    """Make sure that a commit changes only what a patch may change.

    Args:
        repository: where both commits are.
        base: the commit below.
        commit: what the patch made of it.
        keeps: patterns of paths that no patch may touch; one without a slash is for files in any folder.

    Raises:
        ActionRefused: it changes nothing, too much, something else than text, or a path of `keeps`.
    """
    raw = await repository.ask("diff", "--raw", "-z", *NOT_RENAMED, base, commit)
    fields = raw.split("\0")[:-1]
    heads, paths = fields[::2], fields[1::2]
    if not paths:
        raise ActionRefused("the patch changes nothing")
    if len(paths) > _FILES:
        raise ActionRefused(f"the patch touches {len(paths)} files; a hotfix may touch {_FILES}")
    _need_inside(paths)
    for head, path in zip(heads, paths, strict=True):
        if not set(head.lstrip(":").split(" ")[:2]) <= _REGULAR:
            raise ActionRefused(
                f"{plain(path, 80)} would be a link or a submodule; a patch changes files only"
            )
        if any(_covers(pattern, path) for pattern in keeps):
            raise ActionRefused(
                f"{plain(path, 80)} may not be touched by a patch (`keeps` of the hotfix in nexus.yaml)"
            )
    await _need_text(repository, base, commit)


async def _need_text(repository: Repository, base: str, commit: str) -> None:
    """Text only, no longer than is shown, and nothing in it that would be shown as something else."""
    if "-\t-\t" in await repository.ask("diff", "--numstat", *NOT_RENAMED, base, commit):
        raise ActionRefused("the patch changes a binary file; a patch changes text only")
    diff = await repository.ask("diff", *DIFFERENCE, base, commit)
    if len(diff) > LONGEST_PATCH:
        raise ActionRefused(f"the difference has {len(diff)} characters; a hotfix may have {LONGEST_PATCH}")
    added = [line.removesuffix("\r") for line in diff.split("\n") if line.startswith("+")]
    if any(CONTROL.search(line) for line in added):
        raise ActionRefused("the patch adds invisible characters, which nobody who approves it would see")
    if redact(text := "\n".join(added)) != text:
        raise ActionRefused(
            "the patch adds what looks like a secret or personal data; people would be shown a placeholder"
        )


async def _named(repository: Repository, text: str) -> list[str]:
    """The paths that a diff names, before any of it is applied."""
    ran = await repository.ran("apply", "--numstat", "-z", "-", text=text)
    if ran.status:
        raise ActionRefused(
            f"that is no unified diff ({ran.complaint}); each file begins with `--- a/PATH` and "
            "`+++ b/PATH`, each hunk with `@@ -1,3 +1,3 @@`"
        )
    rows = [row.split("\t", 2) for row in ran.out.split("\0") if row]
    if any(row[:2] == ["-", "-"] for row in rows):
        raise ActionRefused("the patch changes a binary file; a patch changes text only")
    return [row[2] for row in rows if len(row) == 3]


def _need_inside(paths: Sequence[str]) -> None:
    for path in paths:
        parts = PurePosixPath(path).parts
        if "/" in parts[:1] or ".." in parts:
            raise ActionRefused(f"{plain(path, 80)} is outside of the repository; a patch stays inside")
        if any(part.lower() == ".git" for part in parts):
            raise ActionRefused(f"{plain(path, 80)} lies in git's own folder, which no patch may touch")


def _covers(pattern: str, path: str) -> bool:
    name = path if "/" in pattern else PurePosixPath(path).name
    return fnmatchcase(name.lower(), pattern.lower())
