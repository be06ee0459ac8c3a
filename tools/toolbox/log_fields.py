"""Values of a field in log lines, however a line writes it, and lines that say that others were left out."""

import re

import polars as pl

#: Columns of the format that can be counted like a field.
COLUMNS = ("service", "instance", "level", "trace_id", "span_id")
#: What people call an address of a network.
_ADDRESS = {"ip", "address", "addr", "client_ip", "remote_addr", "remote_ip"}
_IP = r"((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{1,4})*)"
_VALUE = 120
#: What writers of logs say of lines that they did not write: journald, syslog, the kernel, samplers.
LEFT_OUT = (
    r"(?i)\b(?:suppressed|dropped|discarded|skipped|omitted|rate.?limited)\s+\d+\s+(?:\w+\s+)?"
    r"(?:messages?|lines?|logs?|entries|events|records|callbacks)\b"
    r"|\b\d+\s+(?:\w+\s+)?(?:messages?|lines?|logs?|entries|events|records|callbacks)\s+(?:were\s+|was\s+)?"
    r"(?:suppressed|dropped|discarded|skipped|omitted)"
    r"|\bmessage repeated \d+ times"
    r"|\"?\bsampl(?:e|ing)[_.]?(?:rate|ratio|factor)\"?\s*[=:]"
)


def values_of(lines: pl.DataFrame, field: str) -> pl.Series:
    """The value of a field in each line; null where a line has none.

    A field is a column of the format, else a key before `=` or `:` (JSON, logfmt, `Key: value`), a dotted
    name also by its last part, else what follows the word, where the lines have no such key at all. Of an
    address of a network the first one in a line is taken.
    """
    if field in COLUMNS:
        return lines[field].cast(pl.String).replace("", None)
    for name in dict.fromkeys((field, field.rsplit(".", 1)[-1])):
        found = _extracted(lines, _keyed(name))
        if found.null_count() < found.len():
            return found
    last = (
        _IP
        if field.casefold() in _ADDRESS
        else rf"(?i)\b{re.escape(field)}\s+(?:#|id\s+)?([\w.@<>/-]*[\d<@-][\w.@<>/-]*)"
    )
    return _extracted(lines, (last,))


def _keyed(name: str) -> tuple[str, ...]:
    key = rf"(?i)(?:^|[^\w.-])[\"']?(?:[\w-]+\.)*{re.escape(name)}[\"']?\s*[=:]\s*"
    return (rf'{key}"((?:[^"\\]|\\.)*)"', rf"{key}'([^']*)'", rf"{key}([^\s,;\"'{{}}\[\])&]+)")


def _extracted(lines: pl.DataFrame, patterns: tuple[str, ...]) -> pl.Series:
    text = pl.col("message")
    taken = pl.coalesce(*(text.str.extract(pattern) for pattern in patterns))
    cut = pl.when(taken.str.len_chars() > _VALUE).then(taken.str.slice(0, _VALUE) + "…").otherwise(taken)
    return lines.select(cut.alias("value"))["value"]


def say_left_out(lines: pl.DataFrame) -> int:
    """How many lines say that others were not written, or that only a sample of them was."""
    return lines.filter(pl.col("message").str.contains(LEFT_OUT)).height
