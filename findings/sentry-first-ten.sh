#!/usr/bin/env bash
# What a service adds to an error by `set_extra`, or by `extra=` of its log records, is cut to its first ten keys,
# and each list or mapping in it to ten entries: of the eleven pods of a list the last is gone, and what was added
# last, next to the failure, is not there. What was given by `set_context` comes whole. And a log record at a level
# of one's own that is above ERROR (ALERT, 42) arrives as an event without any level, below it (NOTICE, 25) its
# breadcrumb has the level "notice", which Sentry does not know.
# Guessed: all keys, as for a context; error and warning. Source: Sentry's event payload: level is one of fatal,
# error, warning, info, debug; the SDK's documentation of extras and contexts names no such limit.
# Seen with sentry-sdk 2.75.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check sentry-sdk==2.75.0
cat >"$work/seen.py" <<'PY'
import logging

import sentry_sdk
from sentry_sdk.transport import Transport

told = []


class Kept(Transport):
    def capture_envelope(self, envelope):
        told.extend(item.payload.json for item in envelope.items if item.payload.json)


sentry_sdk.init("http://key@localhost/1", transport=Kept)
facts = {f"fact {number}": number for number in range(1, 13)}
with sentry_sdk.new_scope() as scope:
    for name, value in facts.items():
        scope.set_extra(name, value)
    scope.set_extra("pods", list(range(12)))
    scope.set_context("facts", facts)
    sentry_sdk.capture_message("payments fail")
event = told[-1]
print("extras:", [name for name in event["extra"] if name != "sys.argv"])
print("context:", len(event["contexts"]["facts"]) - ("type" in event["contexts"]["facts"]))
log = logging.getLogger("shop")
log.propagate = False
log.addHandler(logging.NullHandler())
logging.addLevelName(25, "NOTICE")
logging.addLevelName(42, "ALERT")
log.setLevel(1)
log.error("refused", extra={"pods": list(range(12))})
print("a list of 12:", told[-1]["extra"]["pods"])
log.log(25, "degraded")
log.log(42, "payments stopped")
print("level of an event at ALERT:", told[-1].get("level"))
print("levels of breadcrumbs:", [one["level"] for one in told[-1]["breadcrumbs"]["values"]])
PY
cat >"$work/expected" <<'OUT'
extras: ['fact 1', 'fact 2', 'fact 3', 'fact 4', 'fact 5', 'fact 6', 'fact 7', 'fact 8', 'fact 9', 'fact 10']
context: 12
a list of 12: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
level of an event at ALERT: None
levels of breadcrumbs: ['error', 'notice']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "sentry-first-ten: the behaviour has changed"; exit 1; }
echo "sentry-first-ten: as described"
