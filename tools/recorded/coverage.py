"""What a recording cannot answer: said as `unrecorded`, so that nobody reads it as "there was no data".

A query that lies inside of what was recorded and finds no rows met silence. One that reaches beyond it, asks
for a channel that was not recorded, or for what came after an action that nobody recorded, met a recording.
"""

from collections.abc import Sequence
from datetime import timedelta

from incidents.findings import Window
from tools.telemetry.data_gaps import note_gap
from tools.wording import clock_time

#: Every gap sentence that is the recording's, and not the system's, begins with this.
UNRECORDED = "unrecorded: "

_CHANNEL = UNRECORDED + "this recording has no {channel}"

#: What a recording may have.
CHANNELS = ("metrics", "logs", "traces", "changes")
#: Samples come every so often; a recording that ends this shortly before what is asked for is whole.
SLACK = timedelta(minutes=1)


def note_channel(channel: str) -> None:
    """Say that a channel is not part of a recording."""
    note_gap(_CHANNEL.format(channel=channel))


def note_outside(asked: Window, held: Window) -> None:
    """Say which part of a query lies before or after what was recorded."""
    if asked.start < held.start - SLACK:
        note_gap(
            f"{UNRECORDED}nothing is known from before {clock_time(held.start)}, where the recording begins"
        )
    if asked.end > held.end + SLACK:
        note_gap(f"{UNRECORDED}nothing is known from after {clock_time(held.end)}, where the recording ends")


def note_action(title: str) -> None:
    """Say that nobody recorded what an action leads to."""
    note_gap(f"{UNRECORDED}nobody recorded what happens after an attempt to {title}")


def lacks(gaps: Sequence[str], channel: str) -> bool:
    """Whether what was noted says that a recording has no such channel."""
    return _CHANNEL.format(channel=channel) in gaps
