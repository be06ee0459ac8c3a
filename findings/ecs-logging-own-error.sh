#!/usr/bin/env bash
# An application that puts `error` into the extra fields of its records works for months; the day one of these records
# carries an exception, whose fields the formatter puts under `error`, the formatter raises, and logging prints that
# to stderr and drops the record: the line about the failure is the one that is lost. What has a time as a field has
# Python's repr of it.
# Guessed: one of the two wins, the line is written, the time is in ISO 8601. Source: the package's README ("extra"),
# which says how dotted keys nest.
# Seen with ecs-logging 2.3.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check ecs-logging==2.3.0
cat >"$work/seen.py" <<'PY'
import contextlib
import datetime
import io
import json
import logging

import ecs_logging

shown, complaints = io.StringIO(), io.StringIO()
handler = logging.StreamHandler(shown)
handler.setFormatter(ecs_logging.StdlibFormatter())
log = logging.getLogger("pay")
log.addHandler(handler)
log.propagate = False
with contextlib.redirect_stderr(complaints):
    log.error("card refused", extra={"error": "expired"})
    try:
        raise ConnectionError("bank")
    except ConnectionError:
        log.exception("bank refused", extra={"error": "bank"})
    log.error("too late", extra={"due": datetime.datetime(2026, 11, 30, 9, tzinfo=datetime.UTC)})
for line in shown.getvalue().splitlines():
    record = json.loads(line)
    print("written:", record["message"], *([record["due"]] if "due" in record else []))
print("on stderr:", next(line for line in complaints.getvalue().splitlines() if line.startswith("TypeError"))[:31])
PY
cat >"$work/expected" <<'OUT'
written: card refused
written: too late datetime.datetime(2026, 11, 30, 9, 0, tzinfo=datetime.timezone.utc)
on stderr: TypeError: Type mismatch at key
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "ecs-logging-own-error: the behaviour has changed"; exit 1; }
echo "ecs-logging-own-error: as described"
