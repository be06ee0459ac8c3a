#!/usr/bin/env bash
# Prometheus 3 allows any UTF-8 in names, in quotes: {"http.requests", "service.name"="web"}. The parser reads that, and
# str() writes it out again without the quotes: sum by (service.name), {__name__="http.requests",service.name="web"}. No
# Prometheus takes that text, and the parser itself refuses it; prettify() of the same node keeps the quotes.
# Guessed: both write one query, and what is quoted stays quoted.
# Source: https://prometheus.io/docs/prometheus/latest/querying/basics/ (UTF-8 names must be quoted).
# Seen with promql-parser 0.12.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check promql-parser==0.12.0
cat >"$work/seen.py" <<'PY'
import promql_parser

for query in ('{"http.requests", "service.name"="web"}', 'sum by ("service.name") (up)', 'up{"pod"="a"}'):
    parsed = promql_parser.parse(query)
    for written in dict.fromkeys((str(parsed), parsed.prettify())):
        try:
            promql_parser.parse(written)
            again = "read again"
        except ValueError:
            again = "refused when read again"
        print(query, "->", written, "|", again)
PY
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
cat >"$work/expected" <<'OUT'
{"http.requests", "service.name"="web"} -> {__name__="http.requests",service.name="web"} | refused when read again
{"http.requests", "service.name"="web"} -> {"service.name"="web",__name__="http.requests"} | read again
sum by ("service.name") (up) -> sum by (service.name)(up{}) | refused when read again
sum by ("service.name") (up) -> sum by ("service.name") (up) | read again
up{"pod"="a"} -> up{pod="a"} | read again
OUT
diff "$work/expected" "$work/output" || { echo "promql-parser-utf8: the behaviour has changed"; exit 1; }
echo "promql-parser-utf8: as described"
