#!/usr/bin/env bash
# How long was it down? Five packages say a time in words for a page or an update. An outage of 1:59 is "1 hour" for
# three of them and "2 hours" for two; 51 minutes are "1 hour" for Babel, 21 hours "1 day", six days "1 week" (a
# unit is left as soon as 85 % of the next one is reached, and then rounded); ten days are a week for four of them,
# 25 days "a month" for arrow and humanize. Whoever lets one package write the update and another the page tells two
# lengths of one outage.
# Guessed: rounded to the unit that fits, alike in all. Source: Babel's documentation of format_timedelta
# (`threshold`); the others' name no rule.
# Seen with babel 2.19.0, arrow 1.4.0, humanize 4.17.0, timeago 1.0.16, pendulum 3.3.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  babel==2.19.0 arrow==1.4.0 humanize==4.17.0 timeago==1.0.16 pendulum==3.3.0
cat >"$work/seen.py" <<'PY'
from datetime import UTC, datetime, timedelta

import arrow
import humanize
import pendulum
import timeago
from babel.dates import format_timedelta

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
for long in (0.85 * HOUR, timedelta(minutes=119), 21 * HOUR, 36 * HOUR, 6 * DAY, 10 * DAY, 25 * DAY):
    then = NOW - long
    told = (
        format_timedelta(long, locale="en"),
        arrow.get(then).humanize(NOW),
        humanize.naturaltime(then, when=NOW),
        timeago.format(then, NOW),
        pendulum.instance(then).diff_for_humans(pendulum.instance(NOW)),
    )
    print(f"{long}:", " | ".join(told))
PY
cat >"$work/expected" <<'OUT'
0:51:00: 1 hour | 51 minutes ago | 51 minutes ago | 51 minutes ago | 51 minutes before
1:59:00: 2 hours | an hour ago | 2 hours ago | 1 hour ago | 1 hour before
21:00:00: 1 day | 21 hours ago | 21 hours ago | 21 hours ago | 21 hours before
1 day, 12:00:00: 2 days | a day ago | a day ago | 1 day ago | 1 day before
6 days, 0:00:00: 1 week | 6 days ago | 6 days ago | 6 days ago | 6 days before
10 days, 0:00:00: 1 week | a week ago | 10 days ago | 1 week ago | 1 week before
25 days, 0:00:00: 4 weeks | a month ago | a month ago | 3 weeks ago | 4 weeks before
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "outage-in-words: the behaviour has changed"; exit 1; }
echo "outage-in-words: as described"
