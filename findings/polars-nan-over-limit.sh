#!/usr/bin/env bash
# A ratio without traffic is NaN, and a filter for what is over a limit keeps it: NaN counts as greater than every
# number. So the service that nobody called is over its limit, and first in the list of the worst, while `max()` of
# the same column passes over it. DuckDB answers the filter alike and its `max` is NaN.
# Guessed: NaN is not over the limit, as in Python, NumPy and pandas, and the worst is the one that `max` names.
# Source: polars' user guide, "Missing data", which says that NaN is a value; IEEE 754 has every comparison with it
# false.
# Seen with polars 2.1.0, duckdb 2.0.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 duckdb==2.0.0
cat >"$work/seen.py" <<'PY'
import duckdb
import polars as pl

ratios = pl.DataFrame({"service": ["idle", "pay", "shop"], "errors": [0, 20, 1], "requests": [0, 100, 100]}).with_columns(
    ratio=pl.col("errors") / pl.col("requests")
)
print("over 0.05:", ratios.filter(pl.col("ratio") > 0.05)["service"].to_list())
print("worst:", ratios.top_k(1, by="ratio")["service"].item(), "- max:", ratios["ratio"].max())
asked = "SELECT 'nan'::DOUBLE > 0.05, max(r) FROM (VALUES ('nan'::DOUBLE), (0.2), (0.01)) AS ratios(r)"
((over, most),) = duckdb.sql(asked).fetchall()
print("DuckDB, NaN over 0.05:", over, "- max:", most)
PY
cat >"$work/expected" <<'OUT'
over 0.05: ['idle', 'pay']
worst: idle - max: 0.2
DuckDB, NaN over 0.05: True - max: nan
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "polars-nan-over-limit: the behaviour has changed"; exit 1; }
echo "polars-nan-over-limit: as described"
