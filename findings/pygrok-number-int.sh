#!/usr/bin/env bash
# `%{NUMBER:n:int}` matches a decimal and then fails on its own match: ValueError out of `match`, so one line "took 1.5 s"
# ends the reading of a file. `1e3` is read as 1. In COMBINEDAPACHELOG the referrer and the agent keep their quotes.
# Guessed: no match or 1, 1000, and no quotes.
# Seen with pygrok 1.0.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check pygrok==1.0.0 setuptools==84.2.1
cat >"$work/seen.py" <<'PY'
from pygrok import Grok

try:
    print("1.5:", Grok("took %{NUMBER:n:int}").match("took 1.5 s"))
except ValueError as error:
    print("1.5: ValueError:", error)
print("1e3:", Grok("took %{NUMBER:n:int}").match("took 1e3 s"))
line = '192.0.2.7 - - [29/Nov/2026:03:30:00 +0000] "GET /pay HTTP/1.1" 200 512 "-" "curl/8.1"'
found = Grok("%{COMBINEDAPACHELOG}").match(line)
print("referrer", found["referrer"], "agent", found["agent"])
PY
cat >"$work/expected" <<'OUT'
1.5: ValueError: invalid literal for int() with base 10: '1.5'
1e3: {'n': 1}
referrer "-" agent "curl/8.1"
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "pygrok-number-int: the behaviour has changed"; exit 1; }
echo "pygrok-number-int: as described"
