"""How tests type at the command line: in this process, or in one of its own."""

import io
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from nexus.cli import main
from tests.nexus.schemas import assert_as_published


class Typed(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str


class Terminal:
    """A terminal with a home of its own; what it prints is piped."""

    def __init__(
        self, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setenv("NEXUS_HOME", str(home))

    def set(self, name: str, value: str) -> None:
        """Export a variable."""
        self._monkeypatch.setenv(name, value)

    def goes_on_from(self, home: Path) -> None:
        """Take over a copy of a home in which something has happened."""
        shutil.copytree(home, self.home)

    def __call__(self, *words: str | Path) -> Typed:
        """Type a command in this process."""
        self._monkeypatch.setattr(sys, "argv", ["nexus", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1 if left.code else 0
        printed = self._capsys.readouterr()
        if "--json" in words and printed.out:
            assert_as_published([str(word) for word in words], printed.out)
        return Typed(code, printed.out, printed.err)


def typed_before(home: Path, *words: str | Path, **environment: str) -> str:
    """What a command prints that a fixture of the session types, in this process."""
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), suppress(SystemExit):
        for name, value in {**environment, "NEXUS_HOME": str(home)}.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["nexus", *map(str, words)])
        main()
    if "--json" in words:
        assert_as_published([str(word) for word in words], printed.getvalue())
    return printed.getvalue()


def process(home: Path, *words: str | Path, **environment: str) -> "subprocess.Popen[str]":
    """Start a command in a process of its own; its lines come unbuffered."""
    return subprocess.Popen(  # noqa: S603 - the words are the test's own
        [sys.executable, "-u", "-m", "nexus", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"NEXUS_HOME": str(home)} | environment,
    )
