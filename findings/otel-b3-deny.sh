#!/usr/bin/env bash
# B3 has three answers to "is this trace sampled": yes, no, and not decided yet. A front that decides no may send `b3:
# 0` and no ids at all: the propagator wants ids, sees none, and the trace that was denied is recorded. A caller that
# has not decided sends ids alone: in one header that is read as yes, in many as no, and then nothing of these traces
# is ever recorded, neither here nor behind.
# Guessed: the denial is kept, both forms read alike, the undecided trace goes to the sampler, which says yes here.
# Source: openzipkin b3-propagation, "Sampling State": "Defer" and "Deny", and "Single Header".
# Seen with opentelemetry-propagator-b3 1.45.1, opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-propagator-b3==1.45.1 opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
from opentelemetry.propagators.b3 import B3MultiFormat, B3SingleFormat
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACER = TracerProvider(sampler=ParentBased(ALWAYS_ON)).get_tracer("shop")


def seen(propagator, headers: dict[str, str]) -> str:
    span = TRACER.start_span("pay", context=propagator.extract(headers))
    return "recorded" if span.is_recording() else "not recorded"


for what, propagator, headers in (
    ("denied, one header", B3SingleFormat(), {"b3": "0"}),
    ("denied, many headers", B3MultiFormat(), {"x-b3-sampled": "0"}),
    ("undecided, one header", B3SingleFormat(), {"b3": f"{TRACE}-{SPAN}"}),
    ("undecided, many headers", B3MultiFormat(), {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN}),
):
    print(f"{what}: {seen(propagator, headers)}")
PY
cat >"$work/expected" <<'OUT'
denied, one header: recorded
denied, many headers: recorded
undecided, one header: recorded
undecided, many headers: not recorded
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-b3-deny: the behaviour has changed"; exit 1; }
echo "otel-b3-deny: as described"
