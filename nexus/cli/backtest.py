"""The verbs of a backtest: what Nexus would have said of past alerts, and what people say of that."""

import asyncio
import os
import re
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from incidents.errors import SettingsError, UnknownName, UsageError
from nexus.cli.base import (
    Engine,
    Json,
    collect_garbage,
    home,
    log_to_stderr,
    mode_of,
    out,
    say,
    settings,
    write_json,
)
from nexus.cli.parser import Argument, Group, Option, Verbs
from nexus.config.settings import EngineMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evals.backtest.judgement import Answer
    from evals.backtest.run import Backtest
    from evals.backtest.said import Said
    from nexus.home import Home
    from tools.recorded import CaseAlert

#: As `nexus verdict` has them.
_WORDS = ("right", "partly", "wrong", "do-not-know")
_HOURS = re.compile(r"(\d{1,2})(?::00)?-(\d{1,2})(?::00)?")

Folder = Annotated[Path, Argument(metavar="DIR", help="The folder of a backtest.")]


def verbs() -> Verbs:
    """The verbs of this module."""
    return {
        "backtest": Group(
            "Say what the agents would have said of past alerts; nothing is executed and nobody is told.",
            {"judge": judge, "page": page},
            backtest,
        )
    }


def backtest(
    since: Annotated[str, Option("--since", help="How far back: 14d, 36h.")] = "14d",
    service: Annotated[str, Option("--service", help="Only what names this service.")] = "",
    limit: Annotated[int | None, Option("--limit", min=1, help="At most so many, the newest.")] = None,
    files: Annotated[
        list[Path] | None, Option("--alerts", help="Exports (JSON, CSV) instead of Prometheus and this home.")
    ] = None,
    mapping: Annotated[
        str, Option("--mapping", help="Whose exports: pagerduty, opsgenie, incident.io, jira, or a file.")
    ] = "pagerduty",
    zone: Annotated[str, Option("--zone", help="That of times in exports that name none.")] = "",
    folder: Annotated[
        Path | None, Option("--out", help="Keep it here; a call again takes over what is read and played.")
    ] = None,
    engine: Engine = None,
    most_questions: Annotated[
        int | None, Option("--most-questions", min=1, help="So many the backends are asked in one call.")
    ] = None,
    pause: Annotated[int, Option("--pause", min=0, help="Seconds between two readings.")] = 1,
    hours: Annotated[str, Option("--hours", help="Ask backends only then, in UTC: 20-6.")] = "",
    workers: Annotated[
        int | None, Option("--workers", min=1, max=256, help="Processes at a time; none: one per core.")
    ] = None,
    config: Annotated[
        Path | None, Option("--config", help="The configuration; default: nexus.yaml here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what the agents would have said of past alerts; nothing is executed and nobody is told."""
    from evals.backtest.page import write_page
    from evals.backtest.run import Asked, Backtesting
    from incidents.findings import Window
    from nexus.cli.live import read_site

    log_to_stderr()
    collect_garbage()
    path = (config or settings().config).resolve()
    site = read_site(path)
    span, where, mode = _duration(since), _zone(zone), _speaker(engine)
    with home(create=True, config=path) as opened:
        now = opened.clock.now()
        asked = Asked(
            window=Window(start=now - span, end=now),
            folder=folder or opened.settings.home / "backtests" / f"{now:%Y-%m-%dT%H%M%S}",
            engine=mode,
            workers=workers or os.cpu_count() or 1,
            service=service,
            limit=limit,
            sent=tuple(_sent(files or [], mapping, where, now)),
            most_questions=most_questions,
            pause=float(pause),
            hours=_hours(hours),
        )
        made = Backtesting(opened, site, path, asked, _silent if as_json else _progress).run()
        _keep(opened, made, asked.folder)
    write_page(made, asked.folder)
    if as_json:
        write_json(made)
    else:
        _tell(made, asked.folder)


def _speaker(engine: str | None) -> EngineMode:
    from nexus.runtime.engines import engine_of

    mode = mode_of(engine or "playbook")
    if mode != "playbook" and not settings().has_model:
        raise SettingsError(
            f"--engine {mode} asks a model: name its endpoint in NEXUS_LLM_BASE_URL (and NEXUS_LLM_MODEL), "
            "or set OPENAI_API_KEY (docs/models.md); --engine playbook needs none"
        )
    engine_of(settings(), mode)
    return mode


def judge(
    folder: Folder,
    case: Annotated[str | None, Argument(metavar="CASE", help="One of it; none: each that is open.")] = None,
    verdict: Annotated[
        str | None, Argument(metavar="VERDICT", help="right, partly, wrong or do-not-know.")
    ] = None,
    by: Annotated[str, Option("--by", help="Who says so.")] = "",
    note: Annotated[str, Option("--note", help="What really happened.")] = "",
) -> None:
    """Say whether what would have been said is right; asks for each that nobody has judged."""
    from evals.backtest.judgement import answer, answers_in
    from evals.backtest.page import write_page
    from evals.backtest.run import load

    made = load(folder)
    named = {one.case: one for one in made.said}
    if case is not None:
        if case not in named:
            raise UnknownName("occurrence", case, list(named))
        if verdict is None:
            raise UsageError("say right, partly, wrong or do-not-know behind the occurrence's name")
        answer(folder, named[case], _answer(case, verdict, by or _me(), note))
    else:
        if not sys.stdin.isatty():
            raise UsageError(
                "nobody is here to answer: name an occurrence and what you say of it (see --help)"
            )
        given = answers_in(folder)
        for one in made.played:
            if one.case not in given:
                answer(folder, one, _asked(one, by))
    with home(create=True) as opened:
        _keep(opened, made, folder)
    write_page(made, folder)
    _told_tallies(made, folder)


def page(folder: Folder) -> None:
    """Write the page of a backtest anew, with what people have said since."""
    from evals.backtest.page import write_page
    from evals.backtest.run import load

    say(f"Page:  {write_page(load(folder), folder)}")


def _keep(opened: "Home", made: "Backtest", folder: Path) -> None:
    """What `nexus trust` and the war room count of it."""
    from evals.backtest.judgement import answers_in
    from evals.backtest.trusted import replays_of

    asyncio.run(opened.store.keep_replays(made.site, replays_of(made, answers_in(folder))))


def _sent(
    files: list[Path], mapping: str, zone: tzinfo | None, now: datetime
) -> "Iterator[tuple[str, tuple[CaseAlert, ...]]]":
    from evals.backtest.exports import mapping_of, read_export

    for path in files:
        yield path.name, read_export(path, mapping_of(mapping), zone, now)


def _duration(text: str) -> timedelta:
    from incidents.duration import parse_duration

    try:
        span: timedelta = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--since: {error}") from None
    if span <= timedelta():
        raise UsageError("--since: it has to reach into the past, such as 14d")
    return span


def _zone(name: str) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        raise UsageError(f"--zone: {name!r} is no time zone; write it as Europe/Berlin or UTC") from None


def _hours(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    found = _HOURS.fullmatch(text.replace(" ", ""))
    if found is None or not (int(found[1]) < 24 and int(found[2]) <= 24) or found[1] == found[2]:
        raise UsageError(f"--hours: {text!r} is no span of a day; write it as 20-6, in UTC")
    return int(found[1]), int(found[2]) % 24


def _answer(case: str, verdict: str, by: str, note: str) -> "Answer":
    from evals.backtest.judgement import Answer
    from incidents.verdicts import Judgement

    word = verdict.lower().replace("-", "_")
    if word not in set(Judgement):
        raise UnknownName("verdict", verdict, _WORDS)
    return Answer(case=case, judgement=Judgement(word), by=by, at=datetime.now(UTC), note=note)


def _asked(one: "Said", by: str) -> "Answer":
    from rich.prompt import Prompt

    console = out()
    console.print(f"\n{one.at:%Y-%m-%d %H:%M} UTC  {one.title}", style="bold", markup=False)
    console.print(one.summary or "The cause stayed unknown.", markup=False)
    # Where no cause was named there is none to call right; whether there was one to find is the question.
    words = list(_WORDS) if one.service is not None else [word for word in _WORDS if word != "right"]
    said = Prompt.ask("Is that right?", choices=words, default=_WORDS[-1], console=console)
    note = Prompt.ask("What really happened (may be empty)?", default="", console=console)
    return _answer(one.case, said, by or _me(), note)


def _me() -> str:
    from getpass import getuser

    return getuser()


def _progress(name: str, what: str, done: int, total: int) -> None:
    out().print(f"[{done}/{total}] {name}  {what}", style="grey62", markup=False)


def _silent(name: str, what: str, done: int, total: int) -> None:
    """For output that is read by programs."""


def _tell(made: "Backtest", folder: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    from evals.backtest.page import FILE, in_short, people_said
    from nexus.sanitize import line

    console = out()
    table = Table(box=None, pad_edge=False, header_style="grey62")
    for name in ("when", "alert", "would have said", "would have proposed", "people"):
        table.add_column(name, overflow="fold")
    for one in made.said:
        proposed = one.proposed.title if one.proposed is not None else ""
        cells = (f"{one.at:%m-%d %H:%M}", one.title, in_short(one), proposed, people_said(one))
        table.add_row(*(Text(line(cell)) for cell in cells))
    console.print(table)
    for note in made.notes:
        console.print(line(note), style="yellow", markup=False)
    say(f"{len(made.played)} of {len(made.said)} past alerts were played; nothing is scored until you judge.")
    say(f"Page:   {folder / FILE}")
    say(f"Judge:  nexus backtest judge {folder}")


def _told_tallies(made: "Backtest", folder: Path) -> None:
    from evals.backtest.judgement import answers_in, tallies
    from incidents.intervals import ENOUGH

    given = answers_in(folder)
    for one in tallies(made.said, given):
        if (between := one.interval) is not None:
            few = ": too few to tell" if one.judged < ENOUGH else ""
            say(
                f"{one.confidence}: right in {one.right} of {one.judged} "
                f"(95 % between {100 * between.low:.0f} and {100 * between.high:.0f} %{few})"
            )
    open_ = sum(1 for one in made.played if one.case not in given)
    say(f"{len(given)} judged, {open_} open.")
