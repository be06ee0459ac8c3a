#!/usr/bin/env bash
# A load balancer of Amazon's sends `Root=...` alone, and a caller that leaves the decision to the service adds
# `Sampled=?`. In both the trace has its id already. The propagator takes neither: the service begins a trace of
# another id, and the id in the balancer's log, or in the alert of the caller, is in no backend.
# Guessed: the id is taken, the service decides on sampling. Source: AWS X-Ray Developer Guide, "Tracing header"
# (Sampled and Parent are optional; "?" asks for the decision) and Elastic Load Balancing, "Request tracing" (Root
# alone).
# Seen with opentelemetry-propagator-aws-xray 1.0.2, opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-propagator-aws-xray==1.0.2 opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.sdk.trace import TracerProvider

ROOT = "Root=1-65a1b2c3-0123456789abcdef01234567"
tracer = TracerProvider().get_tracer("shop")
for more in (";Parent=0123456789abcdef;Sampled=1", ";Parent=0123456789abcdef;Sampled=?", ";Sampled=?", ""):
    context = AwsXRayPropagator().extract({"X-Amzn-Trace-Id": ROOT + more})
    trace = tracer.start_span("pay", context).get_span_context().trace_id
    print(f"Root{more}:", "its trace" if f"{trace:032x}" == "65a1b2c30123456789abcdef01234567" else "another trace")
PY
cat >"$work/expected" <<'OUT'
Root;Parent=0123456789abcdef;Sampled=1: its trace
Root;Parent=0123456789abcdef;Sampled=?: another trace
Root;Sampled=?: another trace
Root: another trace
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-xray-undecided: the behaviour has changed"; exit 1; }
echo "otel-xray-undecided: as described"
