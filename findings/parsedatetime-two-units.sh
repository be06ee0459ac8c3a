#!/usr/bin/env bash
# "Since 1h30m ago" lies in the future: only the unit that stands beside "ago" is counted backwards, the others
# forwards, so that at noon "2 hours and 30 minutes ago" is half past one in the afternoon and "1h30m ago" half past
# twelve. "half an hour ago" is an hour ago. The flag that tells what was understood is the same as for a right
# answer.
# Guessed: 9:30, 10:30, 11:30. Source: the package's README ("natural language", examples with several units).
# Seen with parsedatetime 2.6 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check parsedatetime==2.6
cat >"$work/seen.py" <<'PY'
from datetime import datetime

from parsedatetime import Calendar

for text in ("1h ago", "30 minutes ago", "1h30m ago", "2 hours and 30 minutes ago", "half an hour ago"):
    moment, flag = Calendar().parseDT(text, sourceTime=datetime(2026, 12, 1, 12))
    print(f"{text}: {moment:%d %b %H:%M}, understood {flag}")
PY
cat >"$work/expected" <<'OUT'
1h ago: 01 Dec 11:00, understood 2
30 minutes ago: 01 Dec 11:30, understood 2
1h30m ago: 01 Dec 12:30, understood 2
2 hours and 30 minutes ago: 01 Dec 13:30, understood 2
half an hour ago: 01 Dec 11:00, understood 2
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "parsedatetime-two-units: the behaviour has changed"; exit 1; }
echo "parsedatetime-two-units: as described"
