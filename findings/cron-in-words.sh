#!/usr/bin/env bash
# A step of a cron field begins anew with each hour, day or year: "*/45" runs at :00 and :45, so after 45 and after
# 15 minutes; "*/5" of the hours runs at 20:00 and at 0:00; "*/5" of the months in January, June and November, and
# two months later. Both packages that say a line in words tell one pause, "Every 45 minutes". Who reads that beside
# a job that ran 15 minutes after the last one takes it for a second scheduler.
# Guessed: words that name the minutes, as for a list of them. Source: crontab(5): steps are those of a range,
# 0-59/45.
# Seen with cron-descriptor 2.2.1, croniter 7.0.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check cron-descriptor==2.2.1 croniter==7.0.0
cat >"$work/seen.py" <<'PY'
from datetime import datetime

from cron_descriptor import get_description
from croniter import croniter

for line in ("*/45 * * * *", "0 */5 * * *", "0 0 1 */5 *"):
    runs = croniter(line, datetime(2026, 1, 1, 17)).all_next(datetime)
    times = [f"{moment:%b %d %H:%M}" for moment, _ in zip(runs, range(5), strict=False)]
    print(f"{line}: {get_description(line)}. It runs {', '.join(times)}")
print("0,45 * * * *:", get_description("0,45 * * * *"))
PY
cat >"$work/expected" <<'OUT'
*/45 * * * *: Every 45 minutes. It runs Jan 01 17:45, Jan 01 18:00, Jan 01 18:45, Jan 01 19:00, Jan 01 19:45
0 */5 * * *: Every 5 hours. It runs Jan 01 20:00, Jan 02 00:00, Jan 02 05:00, Jan 02 10:00, Jan 02 15:00
0 0 1 */5 *: At 12:00 AM, on day 1 of the month, every 5 months. It runs Jun 01 00:00, Nov 01 00:00, Jan 01 00:00, Jun 01 00:00, Nov 01 00:00
0,45 * * * *: At 0 and 45 minutes past the hour
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cron-in-words: the behaviour has changed"; exit 1; }
echo "cron-in-words: as described"
