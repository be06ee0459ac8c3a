#!/usr/bin/env bash
# A page with one histogram for each route comes out as one histogram: of a histogram with labels the parser keeps
# neither labels nor sum nor count, and each series overwrites the buckets of the one before. Who reads an exporter
# with it sees the last route's latencies as those of the service. Summaries go the same way; a gauge on the same page
# keeps its labels.
# Guessed: one entry for each set of labels, with sum and count. Source: Prometheus' exposition formats, text format
# 0.0.4, "Histograms and summaries"; the package's README, whose example has no labels on its histogram.
# Seen with parse-prometheus-text-format 1.1.1 on Node 20.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" parse-prometheus-text-format@1.1.1
cat >"$work/seen.js" <<'JS'
const parse = require("parse-prometheus-text-format");

const series = (route, slow) =>
  `took_bucket{route="${route}",le="1"} 10\ntook_bucket{route="${route}",le="+Inf"} ${slow}\n` +
  `took_sum{route="${route}"} 20\ntook_count{route="${route}"} ${slow}\n`;
const page =
  '# TYPE open gauge\nopen{route="/pay"} 1\nopen{route="/cart"} 2\n' +
  "# TYPE took histogram\n" + series("/pay", 90) + series("/cart", 11) +
  '# TYPE size summary\nsize{route="/pay",quantile="0.5"} 7\nsize{route="/cart",quantile="0.5"} 3\n';
for (const family of parse(page)) {
  console.log(family.name, family.type, JSON.stringify(family.metrics));
}
JS
cat >"$work/expected" <<'OUT'
open GAUGE [{"value":"1","labels":{"route":"/pay"}},{"value":"2","labels":{"route":"/cart"}}]
took HISTOGRAM [{"buckets":{"1":"10","+Inf":"11"}}]
size SUMMARY [{"quantiles":{"0.5":"3"}}]
OUT
node "$work/seen.js" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "parse-prometheus-text-histogram: the behaviour has changed"; exit 1; }
echo "parse-prometheus-text-histogram: as described"
