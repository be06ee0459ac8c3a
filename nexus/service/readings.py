"""What was read of the last deliveries: one that comes again word for word is not read again."""

from collections import OrderedDict

from tools.alerts.reading import Reading

#: As many readings are remembered, of bodies that are no longer.
MOST, LONGEST = 2_000, 16_384

#: A body with the form that its address named and the headers that forms read: all that a reading is made of
#: beside its time. What else stands in headers differs each time, such as the number of a trace.
Asked = tuple[bytes, str | None, tuple[tuple[str, str], ...]]


class RememberedReadings:
    """The last readings that do not depend on when they were made."""

    def __init__(self) -> None:
        self._known: OrderedDict[Asked, Reading] = OrderedDict()

    def get(self, asked: Asked) -> Reading | None:
        """What it said when it was received first; None if it has to be read."""
        reading = self._known.get(asked)
        if reading is not None:
            self._known.move_to_end(asked)
        return reading

    def keep(self, asked: Asked, reading: Reading) -> None:
        """Remember it, if it says by itself when everything began and ended."""
        timed = all(one.start_sent and (one.firing or one.ends_at is not None) for one in reading.alerts)
        if len(asked[0]) > LONGEST or not timed or reading.notices or reading.changes:
            return
        self._known[asked] = reading
        if len(self._known) > MOST:
            self._known.popitem(last=False)
