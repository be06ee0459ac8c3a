#!/usr/bin/env bash
# How long until the answer is due, in hours of business: `rules.difference(now, due)`. Once it is overdue the same call
# says how long it has been so, as a positive number: four hours left and four hours over are one. With business-duration
# the overdue one is NaN, which is neither below nor above a limit. Both are quiet.
# Guessed: negative, as due - now is. Source: the README of each, which computes with two moments in order only.
# Seen with businesstimedelta 1.0.1 and business-duration 0.68 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check businesstimedelta==1.0.1 business-duration==0.68 pandas==3.1.1
cat >"$work/seen.py" <<'PY'
import datetime

import businesstimedelta
from business_duration import businessDuration

OPEN, CLOSE = datetime.time(9), datetime.time(17)
DUE = datetime.datetime(2026, 11, 10, 11)
rules = businesstimedelta.Rules(
    [businesstimedelta.WorkDayRule(start_time=OPEN, end_time=CLOSE, working_days=[0, 1, 2, 3, 4])]
)
for said, now in (
    ("an hour before", datetime.datetime(2026, 11, 10, 10)),
    ("the working day before", datetime.datetime(2026, 11, 9, 15)),
    ("four hours over", datetime.datetime(2026, 11, 10, 15)),
):
    left = rules.difference(now, DUE)
    other = businessDuration(now, DUE, OPEN, CLOSE, unit="hour")
    print(f"{said}: {left.hours} hours {left.seconds} seconds; business-duration {other}; over 2: {other > 2}")
PY
cat >"$work/expected" <<'OUT'
an hour before: 1 hours 0 seconds; business-duration 1.0; over 2: False
the working day before: 4 hours 0 seconds; business-duration 4.0; over 2: True
four hours over: 4 hours 0 seconds; business-duration nan; over 2: False
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "businesstimedelta-overdue: the behaviour has changed"; exit 1; }
echo "businesstimedelta-overdue: as described"
