#!/usr/bin/env bash
# A check at 02:30 in Berlin, and the night in which the clock goes from 03:00 back to 02:00: croniter runs it twice,
# the others once. A check on every half hour: cron-converter leaves out the second hour of the two, so that nothing
# is watched for an hour. In spring it tells one instant twice, as 02:00+01:00 (which no clock shows) and as
# 03:00+02:00, so that an hourly job starts twice.
# Guessed: what has an hour runs once, what has none runs at each of its instants. Source: cron(8) of Debian and
# Vixie: jobs at fixed hours are not run twice when the clock is set back by less than three hours; "*" jobs follow
# the new time.
# Seen with croniter 7.0.0, cronsim 2.8, cron-converter 2.0.2, tzdata 2026.6 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  croniter==7.0.0 cronsim==2.8 cron-converter==2.0.2 tzdata==2026.6
cat >"$work/seen.py" <<'PY'
import datetime
import zoneinfo

from cron_converter import Cron
from croniter import croniter
from cronsim import CronSim

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def by_croniter(line: str, start: datetime.datetime):
    times = croniter(line, start)
    return lambda: times.get_next(datetime.datetime)


def by_cronsim(line: str, start: datetime.datetime):
    return CronSim(line, start).__next__


def by_cron_converter(line: str, start: datetime.datetime):
    return Cron(line).schedule(start).next


for line, start in (
    ("30 2 * * *", datetime.datetime(2026, 10, 25, tzinfo=BERLIN)),
    ("*/30 * * * *", datetime.datetime(2026, 10, 25, 1, 45, tzinfo=BERLIN)),
    ("0 * * * *", datetime.datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN)),
):
    print(line)
    for name, reader in (("croniter", by_croniter), ("cronsim", by_cronsim), ("cron-converter", by_cron_converter)):
        following = reader(line, start)
        print(f"  {name:15}", *(following().strftime("%dth %H:%M%z") for _ in range(2 if line[0] == "3" else 4)))
PY
cat >"$work/expected" <<'OUT'
30 2 * * *
  croniter        25th 02:30+0200 25th 02:30+0100
  cronsim         25th 02:30+0200 26th 02:30+0100
  cron-converter  25th 02:30+0200 26th 02:30+0100
*/30 * * * *
  croniter        25th 02:00+0200 25th 02:30+0200 25th 02:00+0100 25th 02:30+0100
  cronsim         25th 02:00+0200 25th 02:30+0200 25th 02:00+0100 25th 02:30+0100
  cron-converter  25th 02:00+0200 25th 02:30+0200 25th 03:00+0100 25th 03:30+0100
0 * * * *
  croniter        29th 01:00+0100 29th 03:00+0200 29th 04:00+0200 29th 05:00+0200
  cronsim         29th 01:00+0100 29th 03:00+0200 29th 04:00+0200 29th 05:00+0200
  cron-converter  29th 01:00+0100 29th 02:00+0100 29th 03:00+0200 29th 04:00+0200
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cron-clock-change: the behaviour has changed"; exit 1; }
echo "cron-clock-change: as described"
