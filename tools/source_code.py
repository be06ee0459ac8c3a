"""What is read of a repository, and what became of a patch: the values of the ports `Code` and `Patches`.

Every text in them is untrusted and redacted; a bundle, which only recordings keep, is as it is. `commit` is
the full name of the commit that was read.
"""

from dataclasses import dataclass

from pydantic import Field

from incidents.value import Moment, Value

#: As long may a patch be, in characters: whoever approves it is shown all of it.
LONGEST_PATCH = 8_000


class Commit(Value):
    """One commit; `subject` is the first line of its message."""

    id: str
    at: Moment
    author: str
    subject: str


class Listing(Value):
    """The files of a folder and of all below it, as they are in a commit."""

    service: str
    commit: str
    under: str
    files: tuple[str, ...] = ()
    left_out: int = 0


class SourceFile(Value):
    """A file as it is in a commit; line 1 is `lines[0]`."""

    service: str
    commit: str
    path: str
    lines: tuple[str, ...] = ()


class Hit(Value):
    """One line that holds what was searched for."""

    path: str
    line: int
    text: str


class Hits(Value):
    """Where a text stands in the files of a commit."""

    service: str
    commit: str
    text: str
    hits: tuple[Hit, ...] = ()
    left_out: int = 0


class BlamedLine(Value):
    """One line, and the id of the commit that wrote it."""

    number: int
    commit: str
    text: str


class Blame(Value):
    """Who wrote some lines of a file: the lines, and the commits, oldest first."""

    service: str
    commit: str
    path: str
    lines: tuple[BlamedLine, ...] = ()
    commits: tuple[Commit, ...] = ()


class Difference(Value):
    """What changed from one commit to another; `commits` are those in between, newest first."""

    service: str
    old: str
    new: str
    commits: tuple[Commit, ...] = ()
    commits_left_out: int = 0
    stat: str = ""
    diff: str = ""


class ShownCommit(Value):
    """One commit with its whole message and what it changed."""

    service: str
    commit: Commit
    message: str
    stat: str = ""
    diff: str = ""


@dataclass(frozen=True)
class Bundle:
    """The sources of a service with their history, as `git bundle` writes them: nothing is taken out of them.

    Attributes:
        commit: the newest one, HEAD and `main` in it.
        commits: how many there are.
        data: the file.
    """

    service: str
    commit: str
    commits: int
    data: bytes


class Trial(Value):
    """What became of a patch that was tried in a throw-away worktree.

    Attributes:
        base: the commit that it was tried on.
        refused: why it was not applied, in a sentence; then nothing else is told.
        digest: SHA-256 (hex) of the base, the tree and the difference.
        tests: the argv of the repository's own tests, and in `said` the end of what they printed.
        patch: what a hotfix names it by; only a patch whose tests pass has one.
    """

    service: str
    base: str
    refused: str | None = None
    digest: str = ""
    stat: str = ""
    diff: str = ""
    tests: str = ""
    passed: bool = False
    said: str = ""
    patch: str | None = Field(default=None, description="a commit on top of `base` that no branch has yet")
