#!/usr/bin/env bash
# The rules look like Python and are evaluated by Python, but two operators differ: `//` cuts towards zero, and
# `**` groups from the left, so that 2 ** 3 ** 2 is 64. A rule on a value that may be below zero (a drift, a
# difference of counts) decides otherwise than the same line tried in a shell.
# Guessed: -4 and 512, as in Python. Source: the package's documentation of its expression syntax, which calls the
# operators floor division and exponentiation.
# Seen with rule-engine 5.1.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check rule-engine==5.1.0
cat >"$work/seen.py" <<'PY'
import rule_engine

for text in ("(0 - 7) // 2", "2 ** 3 ** 2"):
    print(text, "is", int(rule_engine.Rule(text).evaluate({})), "and in Python", eval(text))
PY
cat >"$work/expected" <<'OUT'
(0 - 7) // 2 is -3 and in Python -4
2 ** 3 ** 2 is 64 and in Python 512
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "rule-engine-arithmetic: the behaviour has changed"; exit 1; }
echo "rule-engine-arithmetic: as described"
