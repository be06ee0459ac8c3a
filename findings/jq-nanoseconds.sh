#!/usr/bin/env bash
# Times of logs and spans are whole nanoseconds of 19 digits. The binding hands its input to jq as text and reads
# the answer as text, and every number on the way becomes a double: even `.` changes the time by some nanoseconds,
# so that two lines of one microsecond may change places and a cursor made of the time finds its own line again or
# skips one.
# Guessed: a number that is only passed on stays, as jq's manual says of literals since 1.7. Source: jq 1.7 and
# 1.8 manual, "Basic filters: Identity".
# Seen with jq 1.13.0 (the package) on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check jq==1.13.0
cat >"$work/seen.py" <<'PY'
import jq

ENTRY = {"ts": 1764387000123456789}
print("given:", ENTRY["ts"])
print("by value:", jq.compile(".").input_value(ENTRY).first()["ts"])
print("by text:", jq.compile(".ts").input_text('{"ts": 1764387000123456789}').text())
PY
cat >"$work/expected" <<'OUT'
given: 1764387000123456789
by value: 1764387000123456768
by text: 1764387000123456768
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "jq-nanoseconds: the behaviour has changed"; exit 1; }
echo "jq-nanoseconds: as described"
