#!/usr/bin/env bash
# A calendar of duty is one event that repeats. `ics` reads it, keeps RRULE and EXDATE as unknown lines, and its
# timeline holds the first week only: asked who is on duty on a later Monday it says nobody, without an error or a
# warning.
# Guessed: the timeline expands what repeats. Source: RFC 5545, 3.8.5.3; the package's documentation names
# Timeline as what to iterate.
# Seen with ics 0.7.3 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check ics==0.7.3 arrow==1.4.0
cat >"$work/seen.py" <<'PY'
import arrow
from ics import Calendar

TEXT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//duty//EN
BEGIN:VEVENT
UID:1@duty.example
DTSTAMP:20261101T000000Z
DTSTART:20261102T080000Z
DTEND:20261102T160000Z
RRULE:FREQ=WEEKLY
SUMMARY:first line
END:VEVENT
END:VCALENDAR
"""
timeline = Calendar(TEXT).timeline
for monday in ("2026-11-02T09:00:00+00:00", "2026-11-09T09:00:00+00:00", "2026-11-16T09:00:00+00:00"):
    print(monday[:10], [one.name for one in timeline.at(arrow.get(monday))])
print("events in all:", len(list(timeline)))
PY
cat >"$work/expected" <<'OUT'
2026-11-02 ['first line']
2026-11-09 []
2026-11-16 []
events in all: 1
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "ics-recurrence: the behaviour has changed"; exit 1; }
echo "ics-recurrence: as described"
