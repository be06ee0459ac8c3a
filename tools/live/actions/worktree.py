"""A throw-away worktree of a repository: a change is tried there, and nothing else ever sees it."""

import hashlib
import resource
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from incidents.errors import ActionRefused, ToolFailed
from incidents.value import Value
from tools.live.process import run
from tools.live.repository import Repository
from tools.redaction.redact import redact
from tools.wording import CONTROL

#: As much of what the tests print is kept, from its end, in characters.
_OUTPUT = 2_000
_FILE = 1_000_000_000

#: How differences are asked for: whole, and the same whatever somebody has configured.
NOT_RENAMED = ("--no-ext-diff", "--no-textconv", "--no-renames")
DIFFERENCE = ("--no-color", "--binary", *NOT_RENAMED)


class Tests(Value):
    """What the repository's own tests said of one tree."""

    passed: bool
    said: str


class Patch(Value):
    """A change as it would be committed: the tree, the commit below it, and the difference."""

    base: str
    tree: str
    digest: str
    stat: str
    diff: str


@asynccontextmanager
async def worktree(repository: Repository, commit: str) -> AsyncIterator[Path]:
    """A folder with the files of a commit; it is gone afterwards.

    Raises:
        ToolFailed: git refuses.
    """
    with TemporaryDirectory(prefix="nexus-") as place:
        folder = Path(place) / "tree"
        await repository.ask("worktree", "prune")  # what a killed process has left
        await repository.ask("worktree", "add", "--detach", "--quiet", str(folder), commit)
        try:
            yield folder
        finally:
            await repository.ran("worktree", "remove", "--force", str(folder))


async def revert(repository: Repository, folder: Path, commit: str) -> None:
    """Take a commit back in a worktree; of a merge, what it brought to its first parent.

    Raises:
        ActionRefused: what came later stands in the way, or nothing is left to take back.
    """
    parents = (await repository.ask("rev-list", "--parents", "--max-count=1", commit)).split()[1:]
    if not parents:
        raise ActionRefused(f"{commit[:12]} is the repository's first commit, which cannot be reverted")
    main = ["-m", "1"] if len(parents) > 1 else []
    ran = await repository.ran("revert", "--no-commit", *main, commit, folder=folder)
    if ran.status:
        stuck = await repository.ask("diff", "--name-only", "--diff-filter=U", folder=folder)
        where = ", ".join(stuck.split("\n")[:5]).strip(", ") or ran.complaint
        raise ActionRefused(f"{commit[:12]} cannot be reverted alone; later changes are in the way: {where}")


async def need_touch(repository: Repository, commit: str, service: str, path: str) -> None:
    """Make sure that a commit changes a service; of a merge, by what it brought to its first parent.

    Raises:
        ActionRefused: it touches nothing below the service's path.
    """
    touched = await repository.ask(
        "diff-tree", "--root", "-r", "-m", "--first-parent", "--no-commit-id", "--name-only", commit,
        "--", path,
    )  # fmt: skip
    if not touched.strip():
        raise ActionRefused(f"commit {commit[:12]} touches nothing of {service} ({path})")


async def patch_of(repository: Repository, folder: Path, base: str) -> Patch:
    """What a worktree's index changes of a commit.

    Raises:
        ActionRefused: nothing.
    """
    diff = await repository.ask("diff", "--cached", *DIFFERENCE, base, folder=folder)
    if not diff:
        raise ActionRefused("nothing is left to take back: the files are already as they were before")
    tree = (await repository.ask("write-tree", folder=folder)).strip()
    return Patch(
        base=base,
        tree=tree,
        digest=hashlib.sha256("\0".join([base, tree, diff]).encode()).hexdigest(),
        stat=(await repository.ask("diff", "--cached", "--stat=100", base, folder=folder)).strip("\n"),
        diff=diff,
    )


async def tested(
    repository: Repository, folder: Path, tree: str, argv: Sequence[str], limit: timedelta
) -> Tests:
    """What the tests say of a tree; kept with the repository, for the same tree is not tested twice."""
    identity = hashlib.sha256("\0".join([tree, *argv]).encode()).hexdigest()[:32]
    home = Path((await repository.ask("rev-parse", "--absolute-git-dir")).strip())
    kept = home / "nexus-tests" / f"{identity}.json"
    if kept.exists():
        return Tests.from_stored(kept.read_bytes())
    result = await _run(folder, argv, limit)
    kept.parent.mkdir(exist_ok=True)
    fresh = kept.with_suffix(".new")
    fresh.write_text(result.model_dump_json(), encoding="utf-8")
    fresh.replace(kept)
    return result


async def _run(folder: Path, argv: Sequence[str], limit: timedelta) -> Tests:
    seconds = int(limit.total_seconds()) + 1
    limits = {resource.RLIMIT_CPU: seconds, resource.RLIMIT_FSIZE: _FILE, resource.RLIMIT_CORE: 0}
    with TemporaryDirectory(prefix="nexus-home-") as home:
        try:
            ran = await run(argv, timeout=limit, folder=folder, environment={"HOME": home}, limits=limits)
        except ToolFailed as error:
            return Tests(passed=False, said=str(error))
    said = redact(CONTROL.sub("", f"{ran.out}\n{ran.err}")).replace(str(folder), ".").strip()
    return Tests(passed=ran.status == 0, said=said[-_OUTPUT:] or "they print nothing")
