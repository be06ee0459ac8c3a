"""The result of game days as text."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from demo.gameday.verdict import Seen, Verdict
from incidents.people_did import told

_MOMENTS = ("alert", "finding", "proposal", "approval", "execution", "recovery", "end")
_QUESTIONS = ("service", "category", "action", "severity")


def table(held: Sequence[tuple[Seen, Verdict]]) -> str:
    """One row for each scenario: seconds since the fault, then what was right; below, what was said."""
    head = ("seconds after the fault", *_MOMENTS, *_QUESTIONS)
    rows = [head, *(_row(seen, verdict) for seen, verdict in held)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    said = [line for seen, verdict in held for line in _said(seen, verdict)]
    unsafe = "; ".join(f"{v.scenario}: {', '.join(v.unsafe)}" for _, v in held if v.unsafe)
    right = sum(verdict.right for _, verdict in held)
    last = f"{right} of {len(held)} right. Wrong, worse and no undo offered: {unsafe or 'none'}."
    return "\n".join(["", *lines, "", *said, "", last])


def _said(seen: Seen, verdict: Verdict) -> Iterator[str]:
    yield f"{seen.scenario}: {verdict.said}{_thought(seen)}"
    if seen.acted is not None:
        yield f"  {seen.acted.expected}: {'as it should' if seen.acted.right else 'NOT AS IT SHOULD'}"
        yield from (f"    {one}" for one in seen.acted.told)


def _row(seen: Seen, verdict: Verdict) -> tuple[str, ...]:
    times = [_since(seen.fault, getattr(seen, name)) for name in _MOMENTS]
    return seen.scenario, *times, *(_mark(getattr(verdict, name)) for name in _QUESTIONS)


def _thought(seen: Seen) -> str:
    if seen.alert is None or seen.proposal is None:
        return ""
    took = (seen.proposal - seen.alert).total_seconds()
    meanwhile = f" · {told(seen.people, seen.proposal)}" if seen.people is not None else ""
    return f" · alert to proposal {took:.1f} s, {seen.waited:.1f} s of it for backends{meanwhile}"


def _since(fault: datetime, moment: datetime | None) -> str:
    return "-" if moment is None else f"{(moment - fault).total_seconds():.1f}"


def _mark(right: bool | None) -> str:
    return "-" if right is None else "yes" if right else "NO"
