"""The sources of the catalogue as a git repository with a history, made anew for every run.

Its last commit is the release that the shop starts with. Everything in it is fixed, times and authors too, so
that the ids of the commits are the same in every run.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.catalogue import FIRST_VERSIONS
from demo.releases import SOURCES, folder_of

SERVICE = "catalogue"
#: The commit since which only prices written as 1299.00 are read.
BUG = "985272c899dd82c65e1b95b974f43b463ae490a6"

_RELEASE = SOURCES / SERVICE / folder_of(FIRST_VERSIONS[SERVICE])
_TEXTS = Path(__file__).parent / "shop" / "repositories" / SERVICE
_STRICT = '''def euros(price: str) -> Decimal:
    """The amount that a price says."""
    return Decimal(price)
'''


class GitError(Exception):
    """A git command failed; the message has what it printed."""


@dataclass(frozen=True, kw_only=True)
class _Commit:
    message: str
    author: str
    time: str
    changes: Mapping[str, Mapping[str, str]]


#: Oldest first; `changes` are taken back from the files of the release to get the older ones.
_HISTORY = (
    _Commit(
        message="The catalogue: pages of products and their price bands",
        author="Jonas Weber",
        time="2026-03-02T09:12:00+00:00",
        changes={
            "app.py": {
                _STRICT: (_TEXTS / "euros_before.txt").read_text(),
                "MOST_PRICES = 20": "MOST_PRICES = 1",
            },
            "config.json": {'"page_size": 20': '"page_size": 10'},
        },
    ),
    _Commit(
        message="Read prices as exact decimals\n\nAll of ours are written alike: the special case is gone.",
        author="Petra Sommer",
        time="2026-05-11T14:40:00+00:00",
        changes={
            "app.py": {"MOST_PRICES = 20": "MOST_PRICES = 1"},
            "config.json": {'"page_size": 20': '"page_size": 10'},
        },
    ),
    _Commit(
        message="20 products per page",
        author="Jonas Weber",
        time="2026-08-20T08:05:00+00:00",
        changes={"app.py": {"MOST_PRICES = 20": "MOST_PRICES = 1"}},
    ),
    _Commit(
        message="Prices of a whole cart in one request",
        author="Jonas Weber",
        time="2026-11-03T10:30:00+00:00",
        changes={},
    ),
)
_BUG_NUMBER = 1


def build(folder: Path) -> list[str]:
    """Makes the repository; answers its commits, oldest first."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commits = []
    for commit in _HISTORY:
        for source in (_RELEASE / "app.py", _RELEASE / "config.json", _RELEASE / "release.json"):
            text = source.read_text()
            for new, old in commit.changes.get(source.name, {}).items():
                text = text.replace(new, old)
            (folder / source.name).write_text(text)
        shutil.copyfile(_TEXTS / "test_app.txt", folder / "test_app.py")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", commit.message, author=commit.author, time=commit.time)
        commits.append(git(folder, "rev-parse", "HEAD").strip())
    last = _HISTORY[-1]
    tag = f"deploy/production/{SERVICE}/20261103T104500Z"
    release = f"Release {FIRST_VERSIONS[SERVICE]}"
    git(folder, "tag", "--annotate", tag, "--message", release, author=last.author, time=last.time)
    return commits


def write_bundle(case: Path) -> None:
    """Adds the sources, as they were before anything was mended, to a recorded case."""
    bundle = case.absolute() / "code" / f"{SERVICE}.bundle"
    bundle.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        build(Path(place) / SERVICE)
        git(Path(place) / SERVICE, "bundle", "create", "--quiet", str(bundle), "HEAD", "main", "--tags")


def bug_of(commits: list[str]) -> str:
    """The commit that `BUG` has to name."""
    return commits[_BUG_NUMBER]


def git(folder: Path, *arguments: str, author: str = "on call", time: str | None = None) -> str:
    """Runs git in a folder, without anybody's configuration; answers what it printed.

    Raises:
        GitError: It failed.
    """
    mail = author.lower().replace(" ", ".") + "@shop.example"
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": author,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": author,
        "GIT_COMMITTER_EMAIL": mail,
    }
    if time:
        environment |= {"GIT_AUTHOR_DATE": time, "GIT_COMMITTER_DATE": time}
    ran = subprocess.run(  # noqa: S603 - our own arguments
        [shutil.which("git") or "git", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if ran.returncode:
        raise GitError(f"git {arguments[0]}: {(ran.stderr or ran.stdout).strip()}")
    return ran.stdout
