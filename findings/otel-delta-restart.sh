#!/usr/bin/env bash
# A counter that is read from elsewhere (a pool, a device, a process that may be started again) and told as deltas,
# as several vendors want it. When it starts again at 0 the delta is negative, in a sum that says of itself that it
# is monotonic: the rate of that minute is far below zero, and a sum over the hour lacks what was counted before.
# Guessed: the new value, as `rate()` takes it, or a gap. Source: OpenTelemetry's metrics data model, "Resets and
# Gaps": a monotonic sum does not fall, a reset begins with a new start time.
# Seen with opentelemetry-sdk 1.45.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
cat >"$work/seen.py" <<'PY'
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader

reader = InMemoryMetricReader(preferred_temporality={ObservableCounter: AggregationTemporality.DELTA})
seen = iter([10, 18, 2, 5])
provider = MeterProvider([reader])
provider.get_meter("shop").create_observable_counter("requests", [lambda _: [Observation(next(seen))]])
for _ in range(4):
    metric = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0]
    print("delta", metric.data.data_points[0].value, "monotonic", metric.data.is_monotonic)
PY
cat >"$work/expected" <<'OUT'
delta 10 monotonic True
delta 8 monotonic True
delta -16 monotonic True
delta 3 monotonic True
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-delta-restart: the behaviour has changed"; exit 1; }
echo "otel-delta-restart: as described"
