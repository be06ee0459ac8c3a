#!/usr/bin/env bash
# The renderer quotes a value with a space, an equals sign or a quotation mark in it, and not one with a tab or a
# backslash. A line break becomes `\n` outside of quotation marks, where logfmt knows no escapes, so that the folder
# C:\new and two lines are written alike and nobody can read them apart; a tab stays as it is and ends the value for
# every reader, the rest of it becoming keys of their own. A key with a space raises ValueError out of the call that
# logs.
# Guessed: what needs an escape is quoted, as Go's logfmt does. Source: brandur.org/logfmt, to which structlog's
# reference of LogfmtRenderer points.
# Seen with structlog 26.1.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check structlog==26.1.0
cat >"$work/seen.py" <<'PY'
from structlog.processors import LogfmtRenderer

write = LogfmtRenderer()
for value in ("C:\\new", "C:\new", "C:\\new dir", "slow\tquery"):
    print(ascii(value), "is written", ascii(write(None, "info", {"path": value})))
try:
    write(None, "info", {"order id": 7})
except ValueError as error:
    print("order id:", error)
PY
cat >"$work/expected" <<'OUT'
'C:\\new' is written 'path=C:\\new'
'C:\new' is written 'path=C:\\new'
'C:\\new dir' is written 'path="C:\\\\new dir"'
'slow\tquery' is written 'path=slow\tquery'
order id: Invalid key: "order id"
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "structlog-logfmt: the behaviour has changed"; exit 1; }
echo "structlog-logfmt: as described"
