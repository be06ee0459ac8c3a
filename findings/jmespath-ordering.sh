#!/usr/bin/env bash
# JMESPath's specification orders numbers only; anything else compared with `<` or `>` is null. The Python library orders
# strings too (by code point, so times as text seem to work, and "10" comes before "9"), and a text beside a number is
# neither null nor a JMESPath error: Python's own TypeError comes out of `search`. A mapping that reads alert bodies with
# `[?value > `5`]` breaks on the first sender that writes its number as text, past `except JMESPathError`.
# Guessed: null, and the element is passed over. Source: jmespath.org specification, "Comparison Operators".
# Seen with jmespath 1.1.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check jmespath==1.1.0
cat >"$work/seen.py" <<'PY'
import jmespath
from jmespath.exceptions import JMESPathError

print("strings:", jmespath.search("[?@ > '10']", ["9", "100", "2"]))
try:
    print("mixed:", jmespath.search("[?value > `5`]", [{"value": 6}, {"value": "7"}]))
except TypeError as error:
    print("mixed:", type(error).__name__, "JMESPathError", isinstance(error, JMESPathError))
PY
cat >"$work/expected" <<'OUT'
strings: ['9', '100', '2']
mixed: TypeError JMESPathError False
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "jmespath-ordering: the behaviour has changed"; exit 1; }
echo "jmespath-ordering: as described"
