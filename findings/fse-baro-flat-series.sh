#!/usr/bin/env bash
# `robust_scorer` ranks only metrics that moved in the quiet time: a column that was constant before the injection is dropped.
# An error ratio of 0 that rises to .6, the plainest sign there is, appears nowhere in the ranking, not even last, and a
# metric that stays at its new level is dropped as well.
# Guessed: first in the ranking (an infinite z-score), or last.
# Seen with fse-baro 0.2.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check fse-baro==0.2.2 setuptools==84.2.1
cat >"$work/seen.py" <<'PY'
import warnings

import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
from baro.root_cause_analysis import robust_scorer  # noqa: E402

time = np.arange(200)
noise = 0.001 * (time % 5)
frame = pd.DataFrame({
    "time": time,
    "checkout_errors": np.where(time < 100, 0.0, 0.6 + noise),
    "checkout_instances": np.where(time < 100, 3 + noise, 0.0),
    "web_latency": np.where(time < 100, 0.1 + noise, 0.12 + noise),
})
print(robust_scorer(frame, inject_time=100)["ranks"])
PY
cat >"$work/expected" <<'OUT'
['web_latency']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "fse-baro-flat-series: the behaviour has changed"; exit 1; }
echo "fse-baro-flat-series: as described"
