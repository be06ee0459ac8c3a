"""Asking a git repository: argv without a shell, names that are never options, no code of its own run."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from incidents.errors import ToolFailed
from tools.live.process import Ran, run

#: What a commit may be called where one is asked for: (the beginning of) its hexadecimal name.
COMMIT = re.compile(r"[0-9a-f]{4,64}")
#: Nothing in the repository or the user's settings may start a program or ask a question.
_QUIET = (
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.pager=cat",
    "-c", "protocol.ext.allow=never", "-c", "commit.gpgSign=false",
    "-c", "gc.auto=0", "-c", "advice.detachedHead=false",
)  # fmt: skip
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "Nexus",
    "GIT_AUTHOR_EMAIL": "nexus@localhost",
    "GIT_COMMITTER_NAME": "Nexus",
    "GIT_COMMITTER_EMAIL": "nexus@localhost",
}
TIMEOUT = timedelta(seconds=20)


class Repository:
    """One repository on this machine.

    Args:
        path: its folder, as an operator wrote it; it is trusted whoever owns it.
        timeout: how long one question may take.
    """

    def __init__(self, path: Path, timeout: timedelta = TIMEOUT) -> None:
        self.path = path
        self._timeout = timeout

    async def ran(
        self,
        *argv: str,
        folder: Path | None = None,
        text: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """What git did; its exit status is the caller's to judge.

        Raises:
            ToolFailed: git cannot be started or does not end in time.
        """
        return await run(
            ["git", *_QUIET, "-c", f"safe.directory={self.path}", *argv],
            timeout=self._timeout,
            folder=folder or self._folder(),
            environment={**_ENVIRONMENT, **(environment or {})},
            text=text,
        )

    async def ask(
        self,
        *argv: str,
        folder: Path | None = None,
        text: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """What git printed.

        Raises:
            ToolFailed: it refused, cannot be started or does not end in time.
        """
        ran = await self.ran(*argv, folder=folder, text=text, environment=environment)
        if ran.status:
            raise ToolFailed(f"git {argv[0]} in {self.path} failed: {ran.complaint}")
        return ran.out

    async def lines(self, *argv: str, environment: Mapping[str, str] | None = None) -> Sequence[list[str]]:
        """The fields of every line, of a command whose format separates them by `%x1f`; raises like `ask`."""
        out = await self.ask(*argv, environment=environment)
        return [line.split("\x1f") for line in out.split("\n") if line]

    async def commit(self, name: str) -> str | None:
        """The full name of a commit that is called by (the beginning of) its hexadecimal name, or None."""
        if not COMMIT.fullmatch(name):
            return None
        ran = await self.ran("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return ran.out.strip() or None if ran.status == 0 else None

    async def tip(self, branch: str) -> str:
        """The newest commit of a branch; raises like `ask`."""
        return (await self.ask("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}")).strip()

    def _folder(self) -> Path:
        if not self.path.is_dir():
            raise ToolFailed(f"there is no repository at {self.path}; check `repository`")
        return self.path
