#!/usr/bin/env bash
# The handler stamps a line with the moment it sends it, not with the moment it was logged, which the record holds.
# Behind a queue, as its README recommends so that logging does not wait for the network, a line that waited while
# Loki was away comes after what it led to, in the very minutes one reads about later. An extra tag that is a number
# or None goes out as one, where Loki takes texts only.
# Guessed: the record's own time; texts. Source: Loki's HTTP API, POST /loki/api/v1/push: labels and lines are
# strings; the logging module's LogRecord.created.
# Seen with python-logging-loki 0.3.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check python-logging-loki==0.3.1
cat >"$work/seen.py" <<'PY'
import logging
import time

from logging_loki.emitter import LokiEmitterV1

record = logging.makeLogRecord({"name": "pay", "msg": "bank refused", "tags": {"order": 7, "customer": None}})
record.created = time.time() - 600
((stream,),) = LokiEmitterV1("http://127.0.0.1:9/loki/api/v1/push").build_payload(record, "bank refused").values()
((sent, line),) = stream["values"]
print("logged 10 minutes ago, sent as", round((time.time() - int(sent) / 1e9) / 60), "minutes ago")
print("labels:", {name: stream["stream"][name] for name in ("order", "customer")})
PY
cat >"$work/expected" <<'OUT'
logged 10 minutes ago, sent as 0 minutes ago
labels: {'order': 7, 'customer': None}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "python-logging-loki-late: the behaviour has changed"; exit 1; }
echo "python-logging-loki-late: as described"
