#!/usr/bin/env bash
# Counts are unsigned, of 32 bits. "How many fewer than expected" of a group with one row and an expected two is
# 4294967295, not -1, without a word: what went missing is told as the greatest surplus. `diff()` of the same counts
# is right, since it changes the type. And the median is not the quantile of one half: that takes the nearest value,
# so that the p50 of four latencies is one of them.
# Guessed: -1, and one number for both. Source: polars' reference, `pl.len` (it names the type), `quantile` (it names
# the interpolation).
# Seen with polars 2.1.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0
cat >"$work/seen.py" <<'PY'
import polars as pl

calls = pl.DataFrame({"service": ["pay", "shop", "shop"]}).group_by("service").len().sort("service")
print("counted:", calls["len"].to_list(), "of type", calls["len"].dtype)
print("counted less 2:", (calls["len"] - 2).to_list())
print("differences:", calls["len"].reverse().diff().to_list())
latencies = pl.Series([1, 2, 3, 4])
print("median:", latencies.median(), "- quantile of one half:", latencies.quantile(0.5))
PY
cat >"$work/expected" <<'OUT'
counted: [1, 2] of type UInt32
counted less 2: [4294967295, 0]
differences: [None, -1]
median: 2.5 - quantile of one half: 3.0
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "polars-count-below: the behaviour has changed"; exit 1; }
echo "polars-count-below: as described"
