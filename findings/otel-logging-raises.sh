#!/usr/bin/env bash
# A line with a placeholder too many, `log.error("order %s of %s", 7)`, is a slip that Python's logging forgives:
# its handlers print what is wrong to stderr and the program goes on. OpenTelemetry's handler lets the TypeError out
# of the call that logs: the payment fails because of a line about it, in a branch that nobody has tried before. And
# a level of one's own below DEBUG has no severity (UNSPECIFIED), where the format has TRACE.
# Guessed: logging raises nothing. Source: the logging module, "Exceptions raised during logging": "exceptions
# raised during logging are swallowed"; OpenTelemetry's logs data model, SeverityNumber 1 to 4 is TRACE.
# Seen with opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
import logging

from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

kept, provider = InMemoryLogRecordExporter(), LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor(kept))
log = logging.getLogger("shop")
log.setLevel(1)
log.propagate = False
log.addHandler(LoggingHandler(logger_provider=provider))
try:
    log.error("order %s of %s", 7)
    print("the call went on")
except TypeError as error:
    print("out of the call that logs:", type(error).__name__, error)
log.log(5, "every step")
log.debug("some steps")
for one in kept.get_finished_logs():
    print(one.log_record.body, one.log_record.severity_number.name)
PY
cat >"$work/expected" <<'OUT'
out of the call that logs: TypeError not enough arguments for format string
every step UNSPECIFIED
some steps DEBUG
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-logging-raises: the behaviour has changed"; exit 1; }
echo "otel-logging-raises: as described"
