#!/usr/bin/env bash
# One line of five fields, and five packages that read it, each with a page that says cron. "0 9 * * 1" is Monday; in
# APScheduler's `from_crontab` it is Tuesday, and "1-5" is Tuesday to Saturday. "0 9 13 * 5" is each 13th and each
# Friday; three of the five take it as Friday the 13th (in APScheduler: Saturday), so that a weekly check runs twice a
# year. With a step for the days, "*/2" and Monday, the two that follow cron part ways as well.
# Guessed: five times the same days. Source: crontab(5) (day of week 0 and 7 are Sunday; "if both fields are
# restricted, the command will be run when either field matches"; a field that begins with * is not restricted).
# Seen with croniter 7.0.0, cronsim 2.8, cron-converter 2.0.2, APScheduler 3.11.3, huey 3.5.4 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  croniter==7.0.0 cronsim==2.8 cron-converter==2.0.2 apscheduler==3.11.3 huey==3.5.4
cat >"$work/seen.py" <<'PY'
import datetime

from apscheduler.triggers.cron import CronTrigger
from cron_converter import Cron
from croniter import croniter
from cronsim import CronSim
from huey import crontab

MINUTE = datetime.timedelta(minutes=1)
START = datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC)
DAYS = [START + datetime.timedelta(days=n) for n in range(28)]


def apscheduler(line: str, nine: datetime.datetime) -> bool:
    return CronTrigger.from_crontab(line, timezone=datetime.UTC).get_next_fire_time(None, nine) == nine


def huey(line: str, nine: datetime.datetime) -> bool:
    return crontab(**dict(zip(("minute", "hour", "day", "month", "day_of_week"), line.split(), strict=True)))(nine)


READERS = {
    "croniter": lambda line, nine: croniter.match(line, nine),
    "cronsim": lambda line, nine: next(CronSim(line, nine - MINUTE)) == nine,
    "cron-converter": lambda line, nine: Cron(line).schedule(nine - MINUTE).next() == nine,
    "APScheduler": apscheduler,
    "huey": huey,
}
for line in ("0 9 * * 1", "0 9 13 * 5", "0 9 */2 * 1"):
    print(line)
    for name, runs in READERS.items():
        days = [day.strftime("%a%d") for day in DAYS if runs(line, day.replace(hour=9))]
        print(f"  {name:15}", " ".join(days) or "no day of February 2026")
PY
cat >"$work/expected" <<'OUT'
0 9 * * 1
  croniter        Mon02 Mon09 Mon16 Mon23
  cronsim         Mon02 Mon09 Mon16 Mon23
  cron-converter  Mon02 Mon09 Mon16 Mon23
  APScheduler     Tue03 Tue10 Tue17 Tue24
  huey            Mon02 Mon09 Mon16 Mon23
0 9 13 * 5
  croniter        Fri06 Fri13 Fri20 Fri27
  cronsim         Fri06 Fri13 Fri20 Fri27
  cron-converter  Fri13
  APScheduler     no day of February 2026
  huey            Fri13
0 9 */2 * 1
  croniter        Sun01 Mon02 Tue03 Thu05 Sat07 Mon09 Wed11 Fri13 Sun15 Mon16 Tue17 Thu19 Sat21 Mon23 Wed25 Fri27
  cronsim         Mon09 Mon23
  cron-converter  Mon09 Mon23
  APScheduler     Tue03 Tue17
  huey            Mon09 Mon23
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cron-days: the behaviour has changed"; exit 1; }
echo "cron-days: as described"
