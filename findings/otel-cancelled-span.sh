#!/usr/bin/env bash
# A call that its caller gave up on is what one looks for in a trace. Its span, left by asyncio's cancellation (a time
# limit around it, a client that hung up), has no event and no status, and looks like one that went well; only its
# length tells. So do all spans inside the time limit; the span around it, where the TimeoutError comes out, is an
# error.
# Guessed: an exception event and the status ERROR, as for every exception. Source: the API's docstring of
# start_as_current_span ("record any exceptions raised within the context").
# Seen with opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
import asyncio

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

KEPT = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(KEPT))
TRACER = PROVIDER.get_tracer("shop")


async def query(seconds: float) -> None:
    with TRACER.start_as_current_span("query"):
        await asyncio.sleep(seconds)
        raise ConnectionError("refused")


async def request(seconds: float) -> None:
    with TRACER.start_as_current_span("request"):
        async with asyncio.timeout(0.05):
            await query(seconds)


for seconds in (0, 60):
    KEPT.clear()
    try:
        asyncio.run(request(seconds))
    except (ConnectionError, TimeoutError) as error:
        print(type(error).__name__)
    for span in KEPT.get_finished_spans():
        print(" ", span.name, span.status.status_code.name, [event.attributes["exception.type"] for event in span.events])
PY
cat >"$work/expected" <<'OUT'
ConnectionError
  query ERROR ['ConnectionError']
  request ERROR ['ConnectionError']
TimeoutError
  query UNSET []
  request ERROR ['TimeoutError']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-cancelled-span: the behaviour has changed"; exit 1; }
echo "otel-cancelled-span: as described"
