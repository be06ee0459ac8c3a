#!/usr/bin/env bash
# Two libraries of one process count under one name, `cache.hits`, each with attributes of its own. On the page of
# metrics the labels' names are those of the first; the second's values are put under them in their order, and what
# is left over is dropped: the sample of the database's cache is written with method="db" (its scope), no scope, and
# otel_scope_version="orders" (its table). A rule on a label's value counts what is none of it, or misses it. A
# histogram does the same. Two attributes whose names become one label, `a.b` and `a_b`: the last is left.
# Guessed: each sample has its own labels, and the scope tells them apart; "1;2". Source: OpenTelemetry, "Prometheus
# and OpenMetrics compatibility": labels otel_scope_name and otel_scope_version; values of colliding keys are joined
# by ";".
# Seen with opentelemetry-exporter-prometheus 0.66b2, opentelemetry-sdk 1.45.2, prometheus-client 0.26.0 on Python
# 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  opentelemetry-exporter-prometheus==0.66b2 opentelemetry-sdk==1.45.2 prometheus-client==0.26.0
cat >"$work/seen.py" <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY

provider = MeterProvider([PrometheusMetricReader()])
provider.get_meter("http").create_counter("cache.hits").add(1, {"method": "GET"})
provider.get_meter("db").create_counter("cache.hits").add(2, {"table": "orders", "zone": "z"})
provider.get_meter("http").create_counter("keys").add(3, {"a.b": "1", "a_b": "2"})
for family in REGISTRY.collect():
    if family.name in {"cache_hits", "keys"}:
        for sample in family.samples:
            told = {name: value for name, value in sorted(sample.labels.items()) if value}
            print(sample.name, sample.value, told)
PY
cat >"$work/expected" <<'OUT'
cache_hits_total 1 {'method': 'GET', 'otel_scope_name': 'http'}
cache_hits_total 2 {'method': 'db', 'otel_scope_version': 'orders'}
keys_total 3 {'a_b': '2', 'otel_scope_name': 'http'}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "otel-prometheus-two-scopes: the behaviour has changed"; exit 1; }
echo "otel-prometheus-two-scopes: as described"
