"""Deliveries: the list, and one with its alerts and its body."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from nexus.cli.terminal.style import LABEL, joined, plain, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from incidents.disposition import AlertOutcome, ToldOutcome
    from nexus.service.deliveries import DeliveryView

#: Of so many alerts of one delivery a list tells.
_MOST_LISTED = 3
#: Of so many of one incident its view tells.
_MOST_TOLD = 30


def deliveries_table(found: "Sequence[DeliveryView]") -> RenderableType:
    """One row for each delivery, with its first alerts."""
    if not found:
        return Text("No deliveries.")
    made = table("N", "Received", "Sender", "What became of it")
    made.columns[0].no_wrap = made.columns[1].no_wrap = True
    made.columns[3].ratio = 1
    made.expand = True
    for one in found:
        told = [_line(outcome) for outcome in one.alerts[:_MOST_LISTED]]
        more = len(one.alerts) - len(told)
        told += [Text(f"and {more} more", LABEL)] if more > 0 else []
        at = Text(f"{one.received_at:%m-%d %H:%M:%S}", LABEL)
        made.add_row(str(one.number), at, plain(one.sender or "unknown"), joined(*told, by="\n"))
    return made


def delivery_view(one: "DeliveryView") -> RenderableType:
    """One delivery whole."""
    again = f", read again from {one.replay_of}" if one.replay_of is not None else ""
    at = f"{one.received_at:%Y-%m-%d %H:%M:%S} UTC"
    head = f"Delivery {one.number} by {one.sender or 'unknown'} at {at}{again}"
    body = one.body if one.body is not None else "The body is not kept."
    return Group(
        Text(f"{one.disposition}", "bold"), plain(head), *(_line(outcome) for outcome in one.alerts),
        *(plain(f"{header.name}: {header.value}", LABEL) for header in one.headers), plain(body, LABEL),
    )  # fmt: skip


def dispositions_lines(told: "Sequence[ToldOutcome]") -> list[RenderableType]:
    """What became of the alerts of one incident, each with the delivery that told it first."""
    lines: list[RenderableType] = []
    for one in told[:_MOST_TOLD]:
        again = f", {one.times} times" if one.times > 1 else ""
        number = Text(f" [delivery {one.delivery}{again}]", LABEL)
        lines.append(_line(one.model_copy(update={"incident": None})).append_text(number))
    if (more := len(told) - len(lines)) > 0:
        lines.append(Text(f"and {more} more: nexus alerts --incident {told[0].incident}", LABEL))
    return lines


def _line(outcome: "AlertOutcome") -> Text:
    where = f" ({outcome.incident})" if outcome.incident is not None else ""
    title = f"{outcome.title}: " if outcome.title else ""
    return Text.assemble(
        (f"{outcome.disposition}{where}", "bold"), " ", plain(title), plain(outcome.reason, LABEL)
    )
