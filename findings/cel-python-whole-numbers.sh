#!/usr/bin/env bash
# JSON does not tell 95 from 95.0, and a rule that somebody wrote for an alert's value meets both. `value > 90`
# works for 90.5, `value > 90.0` raises for 95, and `value == 5` raises for 5.0: a comparison works if the left
# side is the double and raises if it is the integer. CEL defines equality and order across int, uint and double
# as on one number line.
# Guessed: all four are answered. Source: CEL language definition, "Numeric values" and "Equality".
# Seen with cel-python 0.5.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check cel-python==0.5.0
cat >"$work/seen.py" <<'PY'
import celpy

environment = celpy.Environment()
for rule, value in (("value > 90", 90.5), ("value > 90.0", 95), ("value == 5", 5.0), ("5 == value", 5)):
    program = environment.program(environment.compile(rule))
    try:
        print(rule, "with", value, "is", bool(program.evaluate({"value": celpy.json_to_cel(value)})))
    except celpy.CELEvalError as error:
        print(rule, "with", value, "raises", type(error).__name__)
PY
cat >"$work/expected" <<'OUT'
value > 90 with 90.5 is True
value > 90.0 with 95 raises CELEvalError
value == 5 with 5.0 raises CELEvalError
5 == value with 5 is True
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cel-python-whole-numbers: the behaviour has changed"; exit 1; }
echo "cel-python-whole-numbers: as described"
