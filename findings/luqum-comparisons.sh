#!/usr/bin/env bash
# Of Lucene's ways to write a condition the parser knows all, and the builder for Elasticsearch answers some with
# another question: `status:>=500` becomes a match for 500 exactly, without an error, so that 503 is not found,
# while `status:[500 TO *]` is a range. `&&` and `!` are read as words to look for.
# Guessed: the two spellings of one range give one query. Source: Lucene's query parser syntax (Elasticsearch's
# reference of query_string: ranges, boolean operators).
# Seen with luqum 1.0.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check luqum==1.0.0
cat >"$work/seen.py" <<'PY'
from luqum.elasticsearch import ElasticsearchQueryBuilder
from luqum.parser import parser

build = ElasticsearchQueryBuilder()
for text in ("status:[500 TO *]", "status:>=500", "level:error && !service:web"):
    print(text, "->", build(parser.parse(text)))
PY
cat >"$work/expected" <<'OUT'
status:[500 TO *] -> {'range': {'status': {'gte': '500'}}}
status:>=500 -> {'match': {'status': {'query': '500', 'zero_terms_query': 'none'}}}
level:error && !service:web -> {'bool': {'should': [{'match': {'level': {'query': 'error', 'zero_terms_query': 'none'}}}, {'match': {'text': {'query': '&&', 'zero_terms_query': 'none'}}}, {'match': {'!service': {'query': 'web', 'zero_terms_query': 'none'}}}]}}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "luqum-comparisons: the behaviour has changed"; exit 1; }
echo "luqum-comparisons: as described"
