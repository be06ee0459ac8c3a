#!/usr/bin/env bash
# A subquery without a step, `rate(x[5m:])`, is written out again as `rate(x{}[5m])`: a range of raw samples instead of
# values at the evaluation interval, another query with other results. `max_over_time(rate(x[1m])[30m:])`, the usual form,
# comes out as text that the parser itself refuses. Whoever adds a label matcher by parse, edit and print changes it.
# Guessed: what was parsed is what is printed.
# Seen with promql-parser 0.12.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check promql-parser==0.12.0
cat >"$work/seen.py" <<'PY'
import promql_parser

for query in ("rate(x[5m:])", "max_over_time(rate(x[1m])[30m:])", "max_over_time(rate(x[1m])[30m:10s])"):
    written = str(promql_parser.parse(query))
    try:
        promql_parser.parse(written)
        again = "read again"
    except ValueError:
        again = "refused when read again"
    print(query, "->", written, "|", again)
PY
cat >"$work/expected" <<'OUT'
rate(x[5m:]) -> rate(x{}[5m]) | read again
max_over_time(rate(x[1m])[30m:]) -> max_over_time(rate(x{}[1m])[30m]) | refused when read again
max_over_time(rate(x[1m])[30m:10s]) -> max_over_time(rate(x{}[1m])[30m:10s]) | read again
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "promql-parser-subquery: the behaviour has changed"; exit 1; }
echo "promql-parser-subquery: as described"
