#!/usr/bin/env bash
# One instrument of the semantic conventions, `http.server.request.duration` in seconds, is
# `http_server_request_duration_seconds` on the page of a service in Python (and by the Collector), and
# `http_server_request_duration` on that of a service in Node; bytes and the unit of a gauge likewise. An alert or a
# dashboard that is written for the one finds nothing of the other, and no data is no alert.
# Guessed: one name. Source: OpenTelemetry specification, "Prometheus and OpenMetrics compatibility", which appends the unit.
# Seen with opentelemetry-exporter-prometheus 0.66b2 on Python 3.11, @opentelemetry/exporter-prometheus 0.223.0 on Node 20.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2 opentelemetry-exporter-prometheus==0.66b2 prometheus-client==0.26.0
npm install --silent --no-audit --no-fund --prefix "$work" @opentelemetry/api@1.9.1 @opentelemetry/sdk-metrics@2.12.1 @opentelemetry/exporter-prometheus@0.223.0
cat >"$work/seen.py" <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest

meter = MeterProvider([PrometheusMetricReader()]).get_meter("shop")
meter.create_histogram("http.server.request.duration", unit="s").record(0.2)
meter.create_counter("network.io", unit="By").add(5)
meter.create_gauge("queue.age", unit="ms").set(3)
for line in generate_latest(REGISTRY).decode().splitlines():
    if line.startswith("# TYPE") and any(word in line for word in ("http", "network", "queue")):
        print("Python:", line)
PY
cat >"$work/seen.js" <<'JS'
const { MeterProvider } = require("@opentelemetry/sdk-metrics")
const { PrometheusExporter, PrometheusSerializer } = require("@opentelemetry/exporter-prometheus")
const exporter = new PrometheusExporter({ preventServerStart: true })
const meter = new MeterProvider({ readers: [exporter] }).getMeter("shop")
meter.createHistogram("http.server.request.duration", { unit: "s" }).record(0.2)
meter.createCounter("network.io", { unit: "By" }).add(5)
meter.createGauge("queue.age", { unit: "ms" }).record(3)
exporter.collect().then(({ resourceMetrics }) => {
  for (const line of new PrometheusSerializer().serialize(resourceMetrics).split("\n"))
    if (line.startsWith("# TYPE") && !line.includes("target_info")) console.log("Node:", line)
})
JS
cat >"$work/expected" <<'OUT'
Python: # TYPE http_server_request_duration_seconds histogram
Python: # TYPE network_io_bytes_total counter
Python: # TYPE queue_age_milliseconds gauge
Node: # TYPE http_server_request_duration histogram
Node: # TYPE network_io_total counter
Node: # TYPE queue_age gauge
OUT
{ "$work/env/bin/python" "$work/seen.py"; node "$work/seen.js"; } | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-prometheus-node-units: the behaviour has changed"; exit 1; }
echo "otel-prometheus-node-units: as described"
