"""What every verb shares: the consoles, the settings, the home."""

import gc
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from incidents.errors import NothingYet, UnknownName, UsageError
from incidents.value import Value
from nexus.cli.parser import Argument, Option
from nexus.config.settings import EngineMode, Settings, read_settings
from nexus.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nexus.cli.terminal.console import SafeConsole
    from nexus.config.database import Database
    from nexus.home import Home
    from nexus.reading import ReadableHome

T = TypeVar("T")
H = TypeVar("H", bound="ReadableHome[Any]")

Json = Annotated[bool, Option("--json", help="Machine-readable output.")]
Engine = Annotated[str | None, Option("--engine", help="auto, llm or playbook.")]
Server = Annotated[
    str | None,
    Option("--server", help="One that runs elsewhere, https://HOST; none: NEXUS_SERVER, else this home."),
]
IncidentId = Annotated[str, Argument(metavar="ID", help="The incident, such as INC-2026-11-23-001.")]


def out() -> "SafeConsole":
    """The console of stdout: colours in a terminal, plain when piped; never cut when piped."""
    from nexus.cli.terminal.console import SafeConsole

    return SafeConsole(highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def write(text: str, at_once: bool = False) -> None:
    """One piece of plain output, as it is; `at_once`: whoever reads it does not wait for more."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    if at_once:
        sys.stdout.flush()


def say(text: str) -> None:
    """A sentence on stdout. It needs no console, which takes as long to import as a short verb works."""
    write(clean(text), at_once=True)


def write_json(shown: object) -> None:
    """Values, or lists and objects of them, as JSON; ASCII: no text from outside can steer a terminal."""
    write(json.dumps(shown, indent=2, default=_plain))


def _plain(value: Value) -> object:
    return value.model_dump(mode="json")


def asks(as_json: bool) -> "SafeConsole":
    """Where a person is asked something: beside the output if that is for machines."""
    return _beside() if as_json else out()


def _beside(soft_wrap: bool = False) -> "SafeConsole":
    from nexus.cli.terminal.console import SafeConsole

    return SafeConsole(stderr=True, highlight=False, emoji=False, soft_wrap=soft_wrap)


async def all_of(source: AsyncIterator[T], limit: int | None = None) -> list[T]:
    """What comes, at most so many; nothing is read beyond the page in which the last of them lies."""
    found: list[T] = []
    async for one in source:
        found.append(one)
        if len(found) == limit:
            break
    return found


def complain(text: str) -> None:
    """One sentence on stderr, in red where a person looks at it."""
    if sys.stderr.isatty():
        _beside(soft_wrap=True).print(f"nexus: {text}", style="red", markup=False)
    else:
        sys.stderr.write(clean(f"nexus: {text}\n"))


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
def home(
    *, create: bool = False, listing: bool = False, threads: bool = True, migrate: bool = True,
    config: "Path | None" = None,
) -> Iterator["Home"]:  # fmt: skip
    """The home, closed afterwards.

    Args:
        create: make it if it is not there.
        listing: a home that holds nothing yet is an empty list in JSON.
        threads: without, what is asked of it has to be `answered`; that is faster for who asks little.
        migrate: make and upgrade the tables of a database, with `create`.
        config: the `nexus.yaml` that may name one; None: the one of the settings.
    """
    from nexus.config.database import database_of
    from nexus.config.object_store import object_store_of
    from nexus.home import open_home

    known = settings()
    database = database_of(known, os.environ, config)
    objects = object_store_of(known, os.environ, config)
    with _or_empty_list(listing):
        opened = open_home(
            known, create=create, environment=os.environ, threads=threads, database=database,
            migrate=migrate, objects=objects,
        )  # fmt: skip
    with opened:
        yield opened


@contextmanager
def reading(
    open_readable: "Callable[[Settings, Mapping[str, str], Database | None], H]", *, listing: bool = False
) -> Iterator[H]:
    """What of the home is read, closed afterwards; what is asked of it has to be `answered`.

    Args:
        open_readable: one of those in `nexus.reading`.
        listing: a home that holds nothing yet is an empty list in JSON.
    """
    from nexus.config.database import database_of

    known = settings()
    with _or_empty_list(listing):
        opened = open_readable(known, os.environ, database_of(known, os.environ))
    with opened:
        yield opened


@contextmanager
def _or_empty_list(listing: bool) -> Iterator[None]:
    try:
        yield
    except NothingYet:
        if not listing:
            raise
        write_json([])
        raise SystemExit from None


def server_of(server: str | None, config: "Path | None" = None) -> str | None:
    """The server that is named, else that of the settings; None: this home, also where a file is named.

    Raises:
        UsageError: both are named.
    """
    if config is None:
        return server or settings().server
    if server is not None:
        raise UsageError("--server asks one that runs elsewhere by its own configuration; leave out --config")
    return None


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
