#!/usr/bin/env bash
# OTLP's JSON form writes trace and span ids as hex. Protobuf's own JSON reader, which the generated classes offer,
# takes them for base64: nothing is raised, a trace id of 16 bytes becomes one of 24, a span id of 8 one of 12.
# Written out again a real id becomes base64, which no OTLP receiver reads as an id.
# Guessed: it either reads hex or refuses. Source of the form: OTLP specification, "JSON Protobuf Encoding".
# Seen with opentelemetry-proto 1.45.2 protobuf 7.36.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-proto==1.45.2 protobuf==7.36.2
cat >"$work/seen.py" <<'PY'
from google.protobuf import json_format
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

SENT = '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%s","name":"pay"}]}]}]}'
trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
read = json_format.Parse(SENT % (trace, span), TracesData()).resource_spans[0].scope_spans[0].spans[0]
print("trace id: bytes", len(read.trace_id), "same", read.trace_id == bytes.fromhex(trace))
print("span id: bytes", len(read.span_id), "same", read.span_id == bytes.fromhex(span))
read.trace_id = bytes.fromhex(trace)
print("written:", json_format.MessageToDict(read)["traceId"])
PY
cat >"$work/expected" <<'OUT'
trace id: bytes 24 same False
span id: bytes 12 same False
written: CvdlGRbNQ92ESOshHIAxnA==
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otlp-json-ids: the behaviour has changed"; exit 1; }
echo "otlp-json-ids: as described"
