"""The sources of a service as one file: what a recording keeps of a repository."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from incidents.errors import ToolFailed
from incidents.value import iso, minute
from tools.live.repository import Repository
from tools.source_code import Bundle

#: A history that takes more is not kept, in bytes.
LARGEST = 20_000_000


async def bundled(service: str, repository: Repository, base: str, at: datetime) -> Bundle:
    """What could be released of a branch at a moment, with its history and the tags in it.

    Args:
        service: whose sources they are.
        repository: where they lie; nothing is written there.
        base: the branch, or HEAD.
        at: later commits are left out, as far as their own times tell.

    Raises:
        ToolFailed: nothing of it is that old, it is too large, or git fails.
    """
    ask = repository.ask
    commit = (await ask("rev-list", "--first-parent", "--max-count=1", f"--before={iso(at)}", base)).strip()
    if not commit:
        raise ToolFailed(f"no commit of {base} is from before {minute(at)}")
    size = int(await ask("rev-list", "--disk-usage", "--objects", commit))
    if size > LARGEST:
        raise ToolFailed(f"its history has {size / 1e6:.0f} MB; up to {LARGEST / 1e6:.0f} MB are kept")
    count = int(await ask("rev-list", "--count", commit))
    tags = await repository.lines(
        "for-each-ref", f"--merged={commit}", "--format=%(refname)%1f%(objectname)", "refs/tags"
    )
    objects = (await ask("rev-parse", "--path-format=absolute", "--git-path", "objects")).strip()
    refs = [("refs/heads/main", commit), *((name, target) for name, target in tags)]
    return Bundle(service=service, commit=commit, commits=count, data=await _written(objects, refs))


async def _written(objects: str, refs: list[tuple[str, str]]) -> bytes:
    """A bundle of these refs, made in a repository of its own that borrows the objects."""
    with TemporaryDirectory() as place:
        bare = Repository(Path(place))
        await bare.ask("init", "--bare", "--quiet", "--initial-branch=main")
        (bare.path / "objects" / "info" / "alternates").write_text(f"{objects}\n")
        created = "".join(f"create {name} {target}\n" for name, target in refs)
        await bare.ask("update-ref", "--stdin", text=created)
        await bare.ask("bundle", "create", "--quiet", "bundle", "HEAD", "main", "--tags")
        return (bare.path / "bundle").read_bytes()
