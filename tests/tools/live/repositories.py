"""Small git repositories for tests, made by git itself."""

import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Cleo",
    "GIT_AUTHOR_EMAIL": "cleo@example.org",
    "GIT_COMMITTER_NAME": "Cleo",
    "GIT_COMMITTER_EMAIL": "cleo@example.org",
}


class Git:
    """A repository with a branch `main`; commits and tags are made a minute after each other."""

    def __init__(self, folder: Path, at: int = 1_773_310_000) -> None:
        self.folder = folder
        self.at = at
        folder.mkdir(parents=True, exist_ok=True)
        self("init", "--quiet", "--initial-branch=main")

    def __call__(self, *argv: str) -> str:
        self.at += 60
        when = {"GIT_AUTHOR_DATE": f"{self.at} +0000", "GIT_COMMITTER_DATE": f"{self.at} +0000"}
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["git", *argv],  # noqa: S607
            cwd=self.folder, env=_ENVIRONMENT | when, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, message: str, **files: str) -> str:
        """Write files (`__` in a name is a slash, `_` a dot) and commit them."""
        for name, text in files.items():
            place = self.folder / name.replace("__", "/").replace("_", ".")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        self("add", "--all")
        self("commit", "--quiet", "--allow-empty", "-m", message)
        return self("rev-parse", "HEAD")

    def deploy(self, service: str, at: str, message: str = "", environment: str = "production") -> None:
        """Tag the newest commit as deployed; without a message the tag is a light one."""
        annotated = ("-a", "-m", message) if message else ()
        self("tag", *annotated, f"deploy/{environment}/{service}/{at}")
