#!/usr/bin/env bash
# A night of duty written as DTSTART 22:00 Europe/Berlin with DURATION:PT8H lasts nine hours in the night in which summer time
# ends (and seven when it begins): the hours are added to the clock on the wall. RFC 5545 counts hours of a duration
# exactly, so the duty ends at 05:00 local time then. Two people, or nobody, hold the pager for that hour.
# Guessed: eight hours every night. Source: RFC 5545, 3.3.6.
# Seen with recurring-ical-events 3.8.2 icalendar 7.3.2 tzdata 2026.6 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2 tzdata==2026.6
cat >"$work/seen.py" <<'PY'
from datetime import UTC, datetime

import icalendar
import recurring_ical_events

TEXT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//duty//EN
BEGIN:VEVENT
UID:night
DTSTAMP:20261001T000000Z
DTSTART;TZID=Europe/Berlin:20261023T220000
DURATION:PT8H
RRULE:FREQ=DAILY;COUNT=3
SUMMARY:night
END:VEVENT
END:VCALENDAR
"""
calendar = icalendar.Calendar.from_ical(TEXT.replace("\n", "\r\n"))
for event in recurring_ical_events.of(calendar).between((2026, 10, 23), (2026, 10, 28)):
    start, end = (event[name].dt.astimezone(UTC) for name in ("DTSTART", "DTEND"))
    print(f"{start:%d %H:%M} to {end:%d %H:%M} UTC: {(end - start).total_seconds() / 3600:g} h")
PY
cat >"$work/expected" <<'OUT'
23 20:00 to 24 04:00 UTC: 8 h
24 20:00 to 25 05:00 UTC: 9 h
25 21:00 to 26 05:00 UTC: 8 h
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "recurring-ical-events-duration: the behaviour has changed"; exit 1; }
echo "recurring-ical-events-duration: as described"
