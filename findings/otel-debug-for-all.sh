#!/usr/bin/env bash
# Zipkin and Jaeger know, beside "sampled", a flag "debug": keep this trace whatever the sampling of the store says;
# people set it by hand for one request. The exporter for Zipkin and the propagator for Jaeger set it on every trace
# that is sampled, so that a store that thins out keeps all of it. A span of 200 ns has the duration 0, which Zipkin's
# model forbids and its page shows as none.
# Guessed: no debug unless somebody asked; 1 microsecond. Source: Zipkin's zipkin2-api.yaml (Span: debug, duration),
# Jaeger's documentation of propagation format, "flags".
# Seen with opentelemetry-exporter-zipkin-json 1.45.1, opentelemetry-propagator-jaeger 1.45.1, opentelemetry-sdk
# 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-exporter-zipkin-json==1.45.1 opentelemetry-propagator-jaeger==1.45.1 opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
import json

from opentelemetry import trace
from opentelemetry.exporter.zipkin.json.v2 import JsonV2Encoder
from opentelemetry.exporter.zipkin.node_endpoint import NodeEndpoint
from opentelemetry.propagators.jaeger import JaegerPropagator
from opentelemetry.sdk.trace import TracerProvider

span = TracerProvider().get_tracer("shop").start_span("pay", start_time=1_796_000_000_000_000_900)
sent: dict[str, str] = {}
JaegerPropagator().inject(sent, context=trace.set_span_in_context(span))
span.end(1_796_000_000_000_001_100)
(shown,) = json.loads(JsonV2Encoder().serialize([span], NodeEndpoint()))
print("Zipkin: debug", shown["debug"], "duration", shown["duration"])
flags = int(sent["uber-trace-id"].rsplit(":", 1)[1], 16)
print("Jaeger: sampled", bool(flags & 1), "debug", bool(flags & 2))
PY
cat >"$work/expected" <<'OUT'
Zipkin: debug True duration 0
Jaeger: sampled True debug True
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-debug-for-all: the behaviour has changed"; exit 1; }
echo "otel-debug-for-all: as described"
