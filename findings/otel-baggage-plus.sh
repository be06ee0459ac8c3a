#!/usr/bin/env bash
# W3C baggage percent-encodes its values, and a plus sign stands for itself. The propagator reads it as a space and
# writes a space as a plus, as forms do: a phone number, an offset `+02:00` or a queue named `a+b` that another
# language sent arrives as another value, and a customer "Mo Li" leaves as `Mo+Li`. Both ends in Python hide it. A
# property after `;` becomes part of the value.
# Guessed: the plus stays, a space leaves as %20, the property is no part of the value. Source: W3C Baggage, "Header
# Content" (value, property).
# Seen with opentelemetry-api 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-api==1.45.2
cat >"$work/seen.py" <<'PY'
from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator

PROPAGATOR = W3CBaggagePropagator()
for header in ("queue=a+b", "queue=a%2Bb", "since=2026-11-30T09:00:00+02:00", "team=pay;origin=edge"):
    print(header, "is read as", dict(baggage.get_all(PROPAGATOR.extract({"baggage": header}))))
sent: dict[str, str] = {}
PROPAGATOR.inject(sent, context=baggage.set_baggage("customer", "Mo Li"))
print("Mo Li is sent as", sent["baggage"])
PY
cat >"$work/expected" <<'OUT'
queue=a+b is read as {'queue': 'a b'}
queue=a%2Bb is read as {'queue': 'a+b'}
since=2026-11-30T09:00:00+02:00 is read as {'since': '2026-11-30T09:00:00 02:00'}
team=pay;origin=edge is read as {'team': 'pay;origin=edge'}
Mo Li is sent as customer=Mo+Li
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-baggage-plus: the behaviour has changed"; exit 1; }
echo "otel-baggage-plus: as described"
