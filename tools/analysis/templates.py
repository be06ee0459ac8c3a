"""Log templates: lines masked by expressions, then merged by drain3 in memory."""

from collections.abc import Iterable

import polars as pl
from drain3 import TemplateMiner
from drain3.template_miner_config import TemplateMinerConfig

#: What a line is about stands at its beginning; the rest is mostly payload.
_HEAD = 200
#: Each is replaced in order; the parts that vary from line to line of one template.
_MASKS = (
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{12,}", "<id>"),
    (r"\b[0-9a-fA-F]{16,}\b", "<id>"),
    (r"\beyJ[A-Za-z0-9_.-]+", "<token>"),
    (r"\d+", "#"),
    # A printed object or list, to the end of the head: Name(field=..., {key=..., [a, b...
    (r"\w*[\(\{]\s*[\w#<>\"']+\s*[=:].*$", "<object>"),
    (r"\[[^\[\]]*,[^\[\]]*(\]|$)", "<list>"),
)


def masked(message: pl.Expr) -> pl.Expr:
    """The first line of a message, with ids, numbers and printed objects replaced by marks."""
    head = message.str.slice(0, _HEAD).str.replace(r"(?s)\n.*$", "")
    for pattern, mark in _MASKS:
        head = head.str.replace_all(pattern, mark)
    return head


def _mined(lines: Iterable[str]) -> dict[str, str]:
    """Masked line to template, the same whatever the order of the lines."""
    miner = TemplateMiner(config=TemplateMinerConfig())
    ordered = sorted(lines)
    cluster = {line: int(miner.add_log_message(line)["cluster_id"]) for line in ordered}
    first: dict[int, str] = {}
    for line in ordered:
        first.setdefault(cluster[line], line)
    return {line: first[cluster[line]] for line in ordered}


def with_templates(*logs: pl.DataFrame) -> list[pl.DataFrame]:
    """Each frame (logs schema) with a column `template`, equal in all of them for alike lines."""
    heads = [frame["message"].str.slice(0, _HEAD).alias("head") for frame in logs]
    seen = pl.concat(heads).unique().sort()  # a few hundred of many thousand lines
    marked = seen.to_frame().select(masked(pl.col("head"))).to_series().to_list()
    table = _mined(set(marked))
    new = pl.Series([table[line] for line in marked], dtype=pl.String)
    return [
        frame.with_columns(template=head.replace_strict(seen, new, return_dtype=pl.String))
        if seen.len()
        else frame.with_columns(template=pl.col("message"))
        for frame, head in zip(logs, heads, strict=True)
    ]
