#!/usr/bin/env bash
# A quoted value with any escape but \" (a line break or tab as \n, \t, a backslash as \\) is read as True, and every pair
# after it on the line is gone. Loggers write stack traces and Windows paths so. An empty value is True as well.
# Guessed: the escape is decoded, or kept as it is.
# Seen with logfmt 0.4 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check logfmt==0.4
cat >"$work/seen.py" <<'PY'
import io

import logfmt

for line in (
    r'level=error msg="first\nsecond" code=5',
    r'path="C:\\data" code=5',
    r'msg="say \"no\"" code=5',
    "user= code=5",
):
    print(line, "->", next(iter(logfmt.parse(io.StringIO(line)))))
PY
cat >"$work/expected" <<'OUT'
level=error msg="first\nsecond" code=5 -> {'level': 'error', 'msg': True}
path="C:\\data" code=5 -> {'path': True}
msg="say \"no\"" code=5 -> {'msg': 'say "no"', 'code': '5'}
user= code=5 -> {'user': True, 'code': '5'}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "logfmt-escapes: the behaviour has changed"; exit 1; }
echo "logfmt-escapes: as described"
