"""Reverts one commit of the catalogue, or takes a branch as it is; tests, builds a release and deploys it.

`python -m demo.hotfix --run RUN (--commit SHA | --branch NAME) [--dry-run]`
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo.catalogue import read_inventory
from demo.changes import Change
from demo.health import version_at
from demo.processes import START_SECONDS, NotReadyError, wait_for
from demo.releases import Releases
from demo.repository import SERVICE, GitError, git
from demo.supervision import ROOT, Supervisor

SHIPPED = ("app.py", "config.json")
TEST_SECONDS = 60


class HotfixError(Exception):
    """The hotfix was not made; the message says why."""


def deploy_revert(run: Path, commit: str, *, author: str = "on call") -> Change:
    """Deploys the catalogue without one commit; the branch `hotfix/<commit>` keeps what was shipped.

    Raises:
        HotfixError: The commit cannot be reverted, or the tests fail without it.
    """
    with _checkout(run, "main") as checkout:
        _revert(checkout, commit)
        _git(checkout, "branch", "--force", f"hotfix/{commit[:7]}")
        return _deploy(run, checkout, commit[:7], author)


def deploy_branch(run: Path, branch: str, *, author: str = "on call") -> Change:
    """Deploys the catalogue as it stands on a branch.

    Raises:
        HotfixError: There is no such branch, or the tests fail on it.
    """
    with _checkout(run, branch) as checkout:
        return _deploy(run, checkout, _git(checkout, "rev-parse", "--short=7", "HEAD").strip(), author)


def diff_of(run: Path, commit: str) -> str:
    """What a revert would change. Raises like `deploy_revert`."""
    with _checkout(run, "main") as checkout:
        _revert(checkout, commit)
        test(checkout)
        return _git(checkout, "show", "--format=%s", "HEAD")


def test(checkout: Path) -> str:
    """Runs the repository's tests; answers what they printed. Raises like `deploy_revert`."""
    ran = subprocess.run(
        [sys.executable, "-m", "unittest"],
        cwd=checkout,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TEST_SECONDS,
        check=False,
    )
    if ran.returncode:
        raise HotfixError(f"the tests fail: {ran.stderr.strip()[-500:]}")
    return ran.stderr


@contextmanager
def _checkout(run: Path, revision: str) -> Iterator[Path]:
    repository = run / "repositories" / SERVICE
    with tempfile.TemporaryDirectory(prefix="hotfix-") as folder:
        checkout = Path(folder) / "checkout"
        try:
            _git(repository, "worktree", "add", "--quiet", "--detach", str(checkout), revision)
            yield checkout
        finally:
            shutil.rmtree(checkout, ignore_errors=True)
            _git(repository, "worktree", "prune")


def _revert(checkout: Path, commit: str) -> None:
    _git(checkout, "revert", "--no-edit", commit)


def _git(folder: Path, *arguments: str) -> str:
    try:
        return git(folder, *arguments)
    except GitError as error:
        raise HotfixError(str(error)) from error


def _deploy(run: Path, checkout: Path, name: str, author: str) -> Change:
    test(checkout)
    about = json.loads((checkout / "release.json").read_text())
    version = f"{about['version']}.hotfix-{name}"
    about |= {
        "version": version,
        "summary": _git(checkout, "show", "--no-patch", "--format=%s", "HEAD").strip(),
    }
    target = run / "releases" / SERVICE / version
    target.mkdir(exist_ok=True)
    for shipped in SHIPPED:
        shutil.copyfile(checkout / shipped, target / shipped)
    (target / "release.json").write_text(json.dumps(about, indent=2) + "\n")
    change = Releases(run / "releases", {}).switch(SERVICE, version, author=author)
    Supervisor(run).restart(SERVICE)
    port = read_inventory(run / "inventory.json")[SERVICE][0].port
    wait_for(f"{SERVICE} {version}", lambda: version_at(port) == version or None, seconds=START_SECONDS)
    return change


def main(argv: Sequence[str] | None = None) -> int:
    """Makes a hotfix from the command line; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.hotfix", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the shop's run folder")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--commit", help="the commit to revert")
    what.add_argument("--branch", help="the branch to deploy as it is")
    parser.add_argument("--dry-run", action="store_true", help="revert and test a commit, deploy nothing")
    arguments = parser.parse_args(argv)
    if arguments.branch and arguments.dry_run:
        parser.error("--dry-run says what a revert would change; a branch is there already")
    run: Path = arguments.run
    try:
        if arguments.branch:
            sys.stdout.write(f"{SERVICE} runs {deploy_branch(run, arguments.branch).version_to}\n")
        elif arguments.dry_run:
            sys.stdout.write(diff_of(run, arguments.commit))
        else:
            sys.stdout.write(f"{SERVICE} runs {deploy_revert(run, arguments.commit).version_to}\n")
    except (HotfixError, NotReadyError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
