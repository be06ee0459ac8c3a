#!/usr/bin/env bash
# Rules in JsonLogic are written once and read in many languages; flags (flagd) and alert conditions are kept in it.
# In JavaScript a value that is not there is less than 5 and at least 0: an error ratio that nobody measured passes
# "below 5 %", as does an empty list. The reader in Python says false to all of these, and -7 modulo 2, which decides
# on shares of traffic, is -1 there and 1 here.
# Guessed: what is missing passes no comparison, and all readers agree. Source: jsonlogic.com, "Numeric Operations".
# Seen with json-logic-js 2.0.5 on Node 20, json-logic-qubit 0.9.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check json-logic-qubit==0.9.1
npm install --silent --no-audit --no-fund --prefix "$work" json-logic-js@2.0.5
cat >"$work/seen.py" <<'PY'
import json
import pathlib
import subprocess

from json_logic import jsonLogic

FOLDER = pathlib.Path(__file__).parent
NODE = "const [rule, data] = JSON.parse(process.argv[1]); console.log(require('json-logic-js').apply(rule, data))"


def in_javascript(rule: object, data: object) -> str:
    asked = json.dumps([rule, data])
    return subprocess.run(
        ["node", "-e", NODE, asked], cwd=FOLDER, capture_output=True, text=True, check=True
    ).stdout.strip()


RATIO = {"var": "ratio"}
for rule, data in (
    ({"<": [RATIO, 5]}, {}),
    ({">=": [RATIO, 0]}, {"ratio": None}),
    ({"<": [RATIO, 5]}, {"ratio": []}),
    ({"%": [RATIO, 2]}, {"ratio": -7}),
):
    in_python = json.dumps(jsonLogic(rule, data))
    print(json.dumps(rule), "of", json.dumps(data), "JavaScript:", in_javascript(rule, data), "Python:", in_python)
PY
cat >"$work/expected" <<'OUT'
{"<": [{"var": "ratio"}, 5]} of {} JavaScript: true Python: false
{">=": [{"var": "ratio"}, 0]} of {"ratio": null} JavaScript: true Python: false
{"<": [{"var": "ratio"}, 5]} of {"ratio": []} JavaScript: true Python: false
{"%": [{"var": "ratio"}, 2]} of {"ratio": -7} JavaScript: -1 Python: 1
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "jsonlogic-missing-value: the behaviour has changed"; exit 1; }
echo "jsonlogic-missing-value: as described"
