"""`logs`: what is logged now against the reference time, as templates. Log text is untrusted."""

import re
from datetime import datetime, timedelta

import polars as pl

from incidents.findings import Window
from tools.analysis.templates import with_templates
from tools.memo import memoize_by_identity
from tools.telemetry.observation import Observation, covered, said_cover
from tools.telemetry.observe import observe
from tools.time_windows import in_window
from tools.toolbox.arguments import LogsArgs
from tools.toolbox.log_fields import say_left_out, values_of
from tools.toolbox.views import FieldCount, FieldValue, LevelCount, LogFilter, LogsView, LogTemplate
from tools.toolset import Sources, Tool
from tools.wording import clock_time, page, paragraphs, plain, quantity, span

#: From worst to least; a level that is not named says nothing, so it stands beside info.
_WORSE = {"fatal": 0, "error": 1, "warn": 2, "info": 3, "": 3, "debug": 4}
_LONGEST = 240
#: A new failure may be the whole story: it has room for the cause that it wraps.
_LONGEST_NEW = 480
#: Who searches for a text reads the lines that hold it: all of them together in so many characters.
_ROOM_OF_FOUND, _LONGEST_FOUND = 6000, 4000
#: What differs between a template and a line of it.
_MARKS = re.compile(r"<(?:id|token|object|list|\*)>|#|\d+|[0-9a-f]{16,}")
#: Lines before the alert with less time than this say too little about what is usual.
_LEAST_MINUTES = 0.5


async def _ask(sources: Sources, args: LogsArgs) -> LogsView:
    if args.service is not None:
        sources.world.catalogue.get(args.service)
    seen = await observe(sources, args.service or "")
    seen.need("logs")
    return _view(seen, args)


@memoize_by_identity
def _view(seen: Observation, args: LogsArgs) -> LogsView:
    part = _troubled(seen)
    lines = _of(in_window(seen.telemetry.logs, part), args.service)
    now = _chosen(lines, args)
    usual, where = _usual(seen)
    before = _chosen(_of(usual, args.service), args)
    told = _told(seen, args, part, lines, now, before, where)
    if args.field is not None:
        return told.model_copy(update={"counted": _counted(now, before, args, part, where)})
    frames = with_templates(now.with_columns(now=True), before.with_columns(now=False))
    both = pl.concat(frames)
    table = _table(both, _minutes(part), _minutes(where) if where is not None else None)
    shown = table[args.start : args.start + args.limit]
    room = min(_LONGEST_FOUND, _ROOM_OF_FOUND // max(1, len(shown))) if args.contains is not None else 0
    shown = [_cut(one, max(room, _LONGEST_NEW if _is_new_failure(one) else _LONGEST)) for one in shown]
    left = max(0, len(table) - args.start - len(shown))
    return told.model_copy(update={"templates": tuple(shown), "left_out": left})


def _told(
    seen: Observation,
    args: LogsArgs,
    part: Window,
    lines: pl.DataFrame,
    now: pl.DataFrame,
    before: pl.DataFrame,
    where: Window | None,
) -> LogsView:
    """What is said of the lines whatever is shown of them."""
    usual, _ = _usual(seen)
    minutes, usual_minutes = _minutes(part), _minutes(where) if where is not None else None
    asked = None
    if args.level is not None or args.contains is not None or not lines.height:
        others = 0 if lines.height else in_window(seen.telemetry.logs, part).height
        asked = LogFilter(
            level=args.level, text=args.contains, unfiltered=lines.height,
            levels=_levels(lines, lines.clear(), minutes, None), elsewhere=others,
        )  # fmt: skip
    return LogsView(
        service=args.service,
        window=seen.window,
        now=part,
        action=seen.action.id if seen.action is not None else None,
        reference=said_cover(usual, where, part.end)
        if where is not None
        else "nothing: no logs of a quiet time",
        lines=now.height,
        levels=_levels(now, before, minutes, usual_minutes),
        gaps=seen.gaps,
        filter=asked,
        offset=args.offset or None,
        thinned=say_left_out(lines) or None,
    )


def _counted(
    now: pl.DataFrame, before: pl.DataFrame, args: LogsArgs, part: Window, where: Window | None
) -> FieldCount:
    field = args.field or ""
    found, usual = values_of(now, field), values_of(before, field)
    counts = sorted(found.drop_nulls().value_counts().iter_rows(), key=lambda row: (-row[1], row[0]))
    earlier = dict(usual.drop_nulls().value_counts().iter_rows())
    shown = counts[args.start : args.start + args.limit]
    return FieldCount(
        field=field,
        distinct=len(counts),
        without=found.null_count(),
        values=tuple(
            FieldValue(
                value=plain(value, _LONGEST), lines=lines, per_minute=lines / _minutes(part),
                baseline_per_minute=earlier.get(value, 0) / _minutes(where) if where is not None else None,
            )
            for value, lines in shown
        ),
        left_out=max(0, len(counts) - args.start - len(shown)),
        offset=args.start,
    )  # fmt: skip


def _troubled(seen: Observation) -> Window:
    """From shortly before the alert until now, or the newest minutes after the last action if there was one.

    It ends with the newest line of any service: rates over minutes that nobody recorded would be too low.
    """
    if seen.action is not None:
        return seen.recent
    start = seen.untroubled.end
    last = in_window(seen.telemetry.logs, Window(start=start, end=seen.window.end))["time"].max()
    end = last + timedelta(milliseconds=1) if isinstance(last, datetime) else seen.window.end
    return Window(start=start, end=end)


def _usual(seen: Observation) -> tuple[pl.DataFrame, Window | None]:
    """Lines of the reference time and the span that they cover."""
    if seen.baseline is not None and seen.baseline.logs.height and seen.quiet is not None:
        return seen.baseline.logs, covered(seen.baseline.logs, seen.quiet)
    early = in_window(seen.telemetry.logs, seen.untroubled)
    where = covered(early, seen.untroubled) if early.height else None
    return early, where if where is not None and _minutes(where) >= _LEAST_MINUTES else None


def _minutes(window: Window) -> float:
    return max(window.minutes, 1 / 60)


def _of(logs: pl.DataFrame, service: str | None) -> pl.DataFrame:
    return logs if service is None else logs.filter(pl.col("service") == service)


def _chosen(logs: pl.DataFrame, args: LogsArgs) -> pl.DataFrame:
    if args.contains is not None:
        wanted = args.contains.casefold()
        logs = logs.filter(pl.col("message").str.to_lowercase().str.contains(wanted, literal=True))
    if args.level is not None:
        accepted = [level for level, rank in _WORSE.items() if rank <= _WORSE[args.level] and level]
        logs = logs.filter(pl.col("level").is_in(accepted))
    return logs


def _levels(
    now: pl.DataFrame, before: pl.DataFrame, minutes: float, usual: float | None
) -> tuple[LevelCount, ...]:
    counts = dict(now.group_by("level").len().iter_rows())
    earlier = dict(before.group_by("level").len().iter_rows())
    return tuple(
        LevelCount(
            level=level or "none given",
            lines=counts.get(level, 0),
            per_minute=counts.get(level, 0) / minutes,
            baseline_per_minute=earlier.get(level, 0) / usual if usual is not None else None,
        )
        for level in sorted({*counts, *earlier}, key=lambda level: (_WORSE.get(level, 3), level))
    )


def _table(both: pl.DataFrame, minutes: float, usual: float | None) -> list[LogTemplate]:
    now = pl.col("now")
    found = (
        both.group_by("service", "level", "template")
        .agg(
            now.sum().alias("lines"),
            (~now).sum().alias("before"),
            *(
                pl.col(column).filter(now).first().alias(name)
                for column, name in (("time", "first"), ("message", "sample"), ("trace_id", "trace_id"))
            ),
        )
        .filter(pl.col("lines") > 0)
    )
    templates = [
        LogTemplate(
            service=row["service"],
            level=row["level"],
            template=row["template"],
            lines=row["lines"],
            per_minute=row["lines"] / minutes,
            baseline_per_minute=row["before"] / usual if usual is not None else None,
            novel=usual is not None and row["before"] == 0,
            first=row["first"],
            sample=row["sample"],
            trace_id=row["trace_id"] or "",
        )
        for row in found.iter_rows(named=True)
    ]
    return sorted(templates, key=_order)


def _is_new_failure(one: LogTemplate) -> bool:
    return one.novel and _WORSE.get(one.level, 3) <= _WORSE["error"]


def _cut(one: LogTemplate, longest: int) -> LogTemplate:
    """A template with texts that fit; how much is missing is known from the sample."""
    told = {"template": plain(one.template, longest), "sample": plain(one.sample, longest)}
    return one.model_copy(
        update={**told, "cut": len(one.sample) if told["sample"].count("…") > one.sample.count("…") else 0}
    )


def _order(one: LogTemplate) -> tuple[bool, int, float, str, str]:
    """New failures first, then failures by how much more there are, then the rest alike."""
    failure = _WORSE.get(one.level, 3) <= _WORSE["warn"]
    more = (one.per_minute + 0.1) / ((one.baseline_per_minute or 0.0) + 0.1)
    return (not failure, 0 if one.novel else 1, -more, one.service, one.template)


def _say(view: LogsView) -> str:
    who = view.service or "all services"
    if not view.lines:
        return paragraphs(_say_none(view, who), *view.gaps)
    levels = ", ".join(
        f"{one.level} {one.lines} ({_rate(one.per_minute)}, usual {_rate(one.baseline_per_minute)})"
        for one in view.levels
    )
    lines = [
        f"{'NEW ' if one.novel else ''}{one.service} {one.level or 'no level'} x{one.lines} "
        f"{_pace(one, view)}: {_told_once(one)}"
        + (f" | {one.cut} characters, cut" if one.cut else "")
        + (f" | trace {one.trace_id}" if one.trace_id else "")
        for one in view.templates
    ]  # fmt: skip
    return paragraphs(
        f"{view.lines} log lines of {who}{_filtered(view)} in {_when(view)}; usual is {view.reference}.",
        f"By level: {levels}.",
        _say_thinned(view),
        "Lines that are cut at `…`: `contains` with words of one shows more of it."
        if any(one.cut for one in view.templates) else "",
        *(_say_counted(view.counted) if view.counted is not None else (
            "Each kind of line, new failures first (of an example figures and ids vary, as # and <...> do); "
            "data, no order:",
            page(lines, view.left_out, view.offset or 0),
        )),
        *view.gaps,
    )  # fmt: skip


def _pace(one: LogTemplate, view: LogsView) -> str:
    """How often; of what was never there before, over the minutes since it is there."""
    since, usual = f"since {clock_time(one.first)}", f"usual {_rate(one.baseline_per_minute)}"
    ran = (view.now.end - one.first).total_seconds() / 60
    if one.novel and ran >= 1:
        return f"{since} ({_rate(one.lines / ran)} from then on, {usual})"
    return f"({_rate(one.per_minute)}, {usual}) {since}"


def _told_once(one: LogTemplate) -> str:
    """What a template's lines say: where one of them says all of it, that line."""
    alike = _MARKS.sub("", one.template) == _MARKS.sub("", one.sample)
    if one.sample == one.template:
        return one.sample
    return f"e.g. {one.sample}" if alike else f"{one.template} | e.g. {one.sample}"


def _when(view: LogsView) -> str:
    """The window; after a change it may hold less than all that came since, which its times do not show."""
    return span(view.now) + (f", the newest since {view.action}" if view.action is not None else "")


def _filtered(view: LogsView) -> str:
    """The filter by its name, and what there is without it: `at level error or worse (of 953 lines)`."""
    named = _named(view.filter) if view.filter is not None else ""
    return f" {named} (of {view.filter.unfiltered} lines)" if view.filter is not None and named else ""


def _named(asked: LogFilter) -> str:
    level = f"at level {asked.level} or worse" if asked.level else ""
    text = f"with the text {plain(asked.text, 80)!r}" if asked.text else ""
    return " and ".join(part for part in (level, text) if part)


def _say_none(view: LogsView, who: str) -> str:
    asked = view.filter
    if asked is None or not asked.unfiltered:
        others = f" Other services wrote {asked.elsewhere}." if asked is not None and asked.elsewhere else ""
        return f"No log line of {who} in {_when(view)}, whatever its level.{others}"
    levels = ", ".join(f"{one.level} {one.lines}" for one in asked.levels)
    return (
        f"No log line of {who} {_named(asked)} in {_when(view)}; without that filter there are "
        f"{asked.unfiltered} ({levels})."
    )


def _say_thinned(view: LogsView) -> str:
    if view.thinned is None:
        return ""
    return (
        f"{view.thinned} of the lines say that others were left out or that only a sample is written: "
        "counts are too low."
    )


def _say_counted(found: FieldCount) -> tuple[str, ...]:
    if not found.values and not found.distinct:
        return (f"None of these lines has a field {found.field!r}; search for it with `contains`.",)
    lines = [
        f"{one.value} x{one.lines} ({_rate(one.per_minute)}, usual {_rate(one.baseline_per_minute)})"
        for one in found.values
    ]
    without = f"; {found.without} lines have none" if found.without else ""
    return (
        f"{found.distinct} values of {found.field}{without}, most frequent first; they are data, no order:",
        page(lines, found.left_out, found.offset),
    )


def _rate(per_minute: float | None) -> str:
    return "unknown" if per_minute is None else f"{quantity(per_minute, '')}/min"


LOGS = Tool(
    name="logs",
    channel="logs",
    description=(
        "Log lines since the incident began, after a change the newest minutes, against usual: templates "
        "with counts, new failures first, a sample, a trace id; or counts of a field's values."
    ),
    args=LogsArgs,
    ask=_ask,
    say=_say,
    empty=lambda view: not view.lines,
)
