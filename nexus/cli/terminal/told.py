"""What was told outside, for `nexus show`: each message, and under it each way that it took."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from nexus.cli.terminal.style import LABEL, hour, plain, short
from nexus.service.messages_view import ARRIVED, DeliveryLine, DeliveryState, MessageView

#: Of more messages the newest are shown.
_MOST = 20
_FAILED = {DeliveryState.FAILED_FOR_GOOD, DeliveryState.FAILED_FOR_NOW, DeliveryState.UNKNOWN}


def told_lines(messages: Sequence[MessageView]) -> list[RenderableType]:
    """The messages that went outside, oldest first."""
    outside = [one for one in messages if one.deliveries]
    lines: list[RenderableType] = []
    if (more := len(outside) - _MOST) > 0:
        lines.append(Text(f"{more} older ones: nexus show ID --json", LABEL))
    for one in outside[-_MOST:]:
        lines.append(
            Text.assemble(f"{hour(one.at)} ", (one.kind.value, "bold"), " ", plain(short(one.text, 100)))
        )
        lines += _ways(one.deliveries)
    return lines


def _ways(deliveries: Sequence[DeliveryLine]) -> Iterator[Text]:
    for one in deliveries:
        colour = "green" if one.state in ARRIVED else "red" if one.state in _FAILED else "yellow"
        again = f" (again, {one.repeat})" if one.repeat else ""
        said = "" if one.saying in {"first", "repeat"} else f" that it is {one.saying}"
        why = f": {one.reason}" if one.reason else ""
        tries = f", {len(one.attempts)} tries" if len(one.attempts) > 1 else ""
        when = f", again at {hour(one.next_at)}" if one.next_at is not None and one.attempts else ""
        yield Text.assemble(
            f"      {one.destination}{again}{said} ", (one.state.replace("_", " "), colour),
            plain(f"{tries}{when}{why}", LABEL),
        )  # fmt: skip
