#!/usr/bin/env bash
# An exporter's counter whose name does not end in `_total` is valid in the text format, and many are older than
# that habit. The parser gives its samples another name than the page holds, so a look for `jobs_done` finds
# nothing, and what is parsed and printed again (a proxy, a filter in front of an exporter) is another series for
# every rule that watches it.
# Guessed: samples are called as they are written. Source: Prometheus' exposition formats, text format 0.0.4,
# which has no such rule; it is OpenMetrics'.
# Seen with prometheus-client 0.26.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check prometheus-client==0.26.0
cat >"$work/seen.py" <<'PY'
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

PAGE = """# TYPE jobs_done counter
jobs_done 3
"""


class Page:
    def collect(self):
        return text_string_to_metric_families(PAGE)


print([one.name for family in Page().collect() for one in family.samples])
registry = CollectorRegistry()
registry.register(Page())
print(generate_latest(registry).decode().splitlines()[-1])
PY
cat >"$work/expected" <<'OUT'
['jobs_done_total']
jobs_done_total 3.0
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "prometheus-client-counter-name: the behaviour has changed"; exit 1; }
echo "prometheus-client-counter-name: as described"
