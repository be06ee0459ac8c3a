#!/usr/bin/env bash
# Two people swap: Monday's duty of a weekly series is moved to Thursday, which a calendar writes as a second event
# with the series' UID and Monday as its RECURRENCE-ID. Asked for Thursday alone, node-ical knows nobody; asked for
# Monday alone, icalevents and ical still name the one who gave the day away, ical in every window, so that the moved
# duty is there twice. And one more day, added by RDATE, is in two of the four. Who asks "who is on duty today" pages
# somebody who is not, or nobody; who lists the month with the same package sees another answer.
# Guessed: one answer, whatever the window. Source: RFC 5545, 3.8.4.4 (what a recurrence id names is replaced) and
# 3.8.5.2 (RDATE).
# Seen with node-ical 0.26.1 on Node 20; icalevents 0.3.1, ical 14.3.1, recurring-ical-events 3.8.2 (right in all),
# icalendar 7.3.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check icalevents==0.3.1 ical==14.3.1 recurring-ical-events==3.8.2 icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund --prefix "$work" node-ical@0.26.1
cat >"$work/duty.ics" <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Duty//EN
BEGIN:VEVENT
UID:duty@example.org
DTSTAMP:20261101T000000Z
SUMMARY:Ada
DTSTART:20261102T090000Z
DTEND:20261102T170000Z
RRULE:FREQ=WEEKLY;COUNT=4
RDATE:20261107T090000Z
END:VEVENT
BEGIN:VEVENT
UID:duty@example.org
DTSTAMP:20261101T000000Z
RECURRENCE-ID:20261109T090000Z
SUMMARY:Ada
DTSTART:20261112T090000Z
DTEND:20261112T170000Z
END:VEVENT
END:VCALENDAR
ICS
cat >"$work/seen.py" <<'PY'
import datetime
import json
import pathlib
import subprocess

import icalendar
import recurring_ical_events
from ical.calendar_stream import IcsCalendarStream
from icalevents.icalevents import events

UTC = datetime.UTC
FOLDER = pathlib.Path(__file__).parent
TEXT = (FOLDER / "duty.ics").read_text()
NODE = """
const [from, to] = process.argv.slice(1).map(day => new Date(day)), ical = require("node-ical")
const events = Object.values(ical.sync.parseFile("duty.ics")).filter(one => one.type === "VEVENT")
console.log(JSON.stringify(events.flatMap(one => ical.expandRecurringEvent(one, {from, to})).map(one => one.start.getUTCDate())))
"""


def days(start: datetime.datetime, end: datetime.datetime) -> dict[str, list[int]]:
    given = [start.isoformat(), end.isoformat()]
    node = subprocess.run(["node", "-e", NODE, *given], cwd=FOLDER, capture_output=True, text=True, check=True)
    calendar = IcsCalendarStream.calendar_from_ics(TEXT)
    between = recurring_ical_events.of(icalendar.Calendar.from_ical(TEXT)).between(start, end)
    return {
        "recurring-ical-events": sorted(one["DTSTART"].dt.day for one in between),
        "icalevents": sorted(one.start.day for one in events(string_content=TEXT.encode(), start=start, end=end)),
        "ical": sorted(one.dtstart.day for one in calendar.timeline_tz(UTC).overlapping(start, end)),
        "node-ical": sorted(json.loads(node.stdout)),
    }


for said, first, last in (("the month", 1, 30), ("the 12th, taken", 12, 13), ("the 9th, given away", 9, 10)):
    asked = days(datetime.datetime(2026, 11, first, tzinfo=UTC), datetime.datetime(2026, 11, last, tzinfo=UTC))
    for package, found in asked.items():
        print(f"{said}: {package} {found}")
PY
cat >"$work/expected" <<'OUT'
the month: recurring-ical-events [2, 7, 12, 16, 23]
the month: icalevents [2, 12, 16, 23]
the month: ical [2, 7, 9, 12, 16, 23]
the month: node-ical [2, 12, 16, 23]
the 12th, taken: recurring-ical-events [12]
the 12th, taken: icalevents [12]
the 12th, taken: ical [12]
the 12th, taken: node-ical []
the 9th, given away: recurring-ical-events []
the 9th, given away: icalevents [9]
the 9th, given away: ical [9]
the 9th, given away: node-ical []
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "ics-swapped-duty: the behaviour has changed"; exit 1; }
echo "ics-swapped-duty: as described"
