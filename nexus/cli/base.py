"""What every verb shares: the consoles, the settings, the home."""

import gc
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.text import Text

from incidents.errors import NothingYet, UnknownName
from incidents.value import Value
from nexus.cli.terminal.console import SafeConsole
from nexus.config.settings import EngineMode, Settings, read_settings

if TYPE_CHECKING:
    from nexus.home import Home

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Engine = Annotated[str | None, typer.Option("--engine", help="auto, llm or playbook.")]
IncidentId = Annotated[str, typer.Argument(metavar="ID", help="The incident, such as INC-2026-11-23-001.")]


def command_line() -> typer.Typer:
    """A command line without a verb; with a single one it still wants that one's name."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Runs an incident runbook with named agents: triage, diagnosis, an approved fix, a post-mortem.",
    )
    app.callback()(_nothing_first)
    return app


def _nothing_first() -> None:
    pass


def out() -> SafeConsole:
    """The console of stdout: colours in a terminal, plain when piped; never cut when piped."""
    return SafeConsole(highlight=False, soft_wrap=not sys.stdout.isatty())


def write(text: str, at_once: bool = False) -> None:
    """One piece of plain output, as it is; `at_once`: whoever reads it does not wait for more."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    if at_once:
        sys.stdout.flush()


def write_json(shown: object) -> None:
    """Values, or lists and objects of them, as JSON; ASCII: no text from outside can steer a terminal."""
    write(json.dumps(shown, indent=2, default=_plain))


def _plain(value: Value) -> object:
    return value.model_dump(mode="json")


def asks(as_json: bool) -> SafeConsole:
    """Where a person is asked something: beside the output if that is for machines."""
    return SafeConsole(stderr=True, highlight=False) if as_json else out()


async def all_of(source: AsyncIterator[T], limit: int | None = None) -> list[T]:
    """What comes, at most so many; nothing is read beyond the page in which the last of them lies."""
    found: list[T] = []
    async for one in source:
        found.append(one)
        if len(found) == limit:
            break
    return found


def complain(text: str) -> None:
    """One sentence on stderr."""
    SafeConsole(stderr=True, highlight=False, soft_wrap=True).print(Text(f"nexus: {text}", style="red"))


def mode_of(engine: str | None) -> EngineMode:
    """The engine that was asked for, else that of the settings.

    Raises:
        UnknownName: there is no such engine.
    """
    chosen = engine or settings().engine
    match chosen:
        case "auto" | "llm" | "playbook":
            return chosen
        case _:
            raise UnknownName("engine", chosen, ("auto", "llm", "playbook"))


def tune_libraries() -> None:
    """Tell libraries what they read from the environment when they are imported, unless it is told already.

    Frames of an incident have thousands of rows: handing parts from thread to thread does not pay.
    Plug-ins of pydantic are looked for in the metadata of all that is installed; none is used.
    Libraries make hundreds of thousands of objects that stay: looking for cycles after every 700 new
    ones took a fourteenth of an incident's whole process.
    """
    gc.set_threshold(10_000, 10, 10)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def environment() -> Mapping[str, str]:
    """This process's environment, for the references of `nexus.yaml`."""
    return os.environ


def settings() -> Settings:
    """The settings in this process's environment; from here on what they call secret is."""
    read = read_settings(os.environ)
    if read.redaction is not None:
        from tools.redaction.table import use

        use(read.redaction)
    return read


@contextmanager
def home(*, create: bool = False, listing: bool = False, threads: bool = True) -> Iterator["Home"]:
    """The home, closed afterwards.

    Args:
        create: make it if it is not there.
        listing: a home that holds nothing yet is an empty list in JSON.
        threads: without, what is asked of it has to be `answered`; that is faster for who asks little.
    """
    from nexus.home import open_home

    try:
        opened = open_home(settings(), create=create, environment=os.environ, threads=threads)
    except NothingYet:
        if not listing:
            raise
        write_json([])
        raise typer.Exit from None
    with opened:
        yield opened


def answered(asked: Coroutine[Any, Any, T]) -> T:
    """What was asked of a home without threads: nothing in it waits, so that no event loop is needed."""
    try:
        asked.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    asked.close()
    raise RuntimeError("it waits for something: open the home with threads and run it in a loop")


def collect_garbage() -> None:
    """Let the collector look again; for verbs that go on for a while."""
    gc.set_threshold(50_000, 20, 20)


def log_to_stderr() -> None:
    """Send the log to stderr at the level of the settings; for verbs that do work."""
    import logging

    collect_garbage()

    from nexus.config.logs import log_plainly

    log_plainly(logging.getLevelNamesMapping()[settings().log_level.upper()])
