#!/usr/bin/env bash
# OpenTelemetry's rules for Prometheus give a gauge of unit "1" the ending `_ratio`, and the Collector's exporter writes it.
# The Python exporter writes no ending for "1", while it does so for "%" and "ms". The same instrument has two names in
# Prometheus, by the way it came, and an alert rule finds one of them.
# Guessed: `queue_use_ratio`. Source: OpenTelemetry specification, "Prometheus and OpenMetrics compatibility", units.
# Seen with opentelemetry-sdk 1.45.2 opentelemetry-exporter-prometheus 0.66b2 prometheus-client 0.26.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2 opentelemetry-exporter-prometheus==0.66b2 prometheus-client==0.26.0
cat >"$work/seen.py" <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY

meter = MeterProvider(metric_readers=[PrometheusMetricReader()]).get_meter("shop")
meter.create_gauge("queue.use", unit="1").set(0.7)
meter.create_gauge("disk.use", unit="%").set(70)
meter.create_histogram("wait", unit="ms").record(12)
names = {family.name for family in REGISTRY.collect()}
print(sorted(name for name in names if name.startswith(("queue", "disk", "wait"))))
PY
cat >"$work/expected" <<'OUT'
['disk_use_percent', 'queue_use', 'wait_milliseconds']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-prometheus-unit-one: the behaviour has changed"; exit 1; }
echo "otel-prometheus-unit-one: as described"
