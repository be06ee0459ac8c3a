#!/usr/bin/env bash
# A span has at most 128 attributes and 128 events. Past the limit it is the oldest that go: the route, the method
# and the customer that were set when the span began, and the first exception, which the others came of. What is
# left is the newest detail of a loop. The number of dropped ones is right.
# Guessed: what is over the limit is not taken in. Source: OpenTelemetry specification, "Attribute Limits": an
# attribute that would exceed the limit "MUST be discarded".
# Seen with opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
import logging

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

logging.disable()
kept, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
with provider.get_tracer("shop").start_as_current_span("pay", attributes={"http.route": "/pay"}) as span:
    span.add_event("the database refused")
    for one in range(128):
        span.set_attribute(f"item.{one}", one)
        span.add_event(f"tried again {one}")
(span,) = kept.get_finished_spans()
route = span.attributes.get("http.route")
print(len(span.attributes), "attributes, the route:", route, "dropped:", span.dropped_attributes)
print(len(span.events), "events, the first:", span.events[0].name, "dropped:", span.dropped_events)
PY
cat >"$work/expected" <<'OUT'
128 attributes, the route: None dropped: 1
128 events, the first: tried again 0 dropped: 1
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-span-limits: the behaviour has changed"; exit 1; }
echo "otel-span-limits: as described"
