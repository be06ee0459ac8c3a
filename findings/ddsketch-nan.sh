#!/usr/bin/env bash
# A NaN, which a ratio without traffic is, is taken in as if it were zero: it counts, pulls every quantile down, and makes
# sum and average NaN for good. Nothing is raised.
# Guessed: refused or passed over.
# Seen with ddsketch 3.0.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check ddsketch==3.0.1
cat >"$work/seen.py" <<'PY'
import math

from ddsketch import DDSketch

sketch = DDSketch(0.01)
for value in (10, 10, 10, math.nan, math.nan, math.nan, math.nan):
    sketch.add(value)
print("count", sketch.count, "sum", sketch.sum, "median", sketch.get_quantile_value(0.5))
PY
cat >"$work/expected" <<'OUT'
count 7.0 sum nan median 0
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "ddsketch-nan: the behaviour has changed"; exit 1; }
echo "ddsketch-nan: as described"
