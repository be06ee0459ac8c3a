#!/usr/bin/env bash
# A digest of a thousand equal latencies and one slow call says that the 99th percentile is near the slow call:
# equal values are kept as one centroid, and a percentile between two centroids is a straight line between their
# means, however heavy the one is. The true 99th percentile is 10. The median of four ones and a nine is told as
# 2.6.
# Guessed: percentiles inside a run of equal values are that value. Source: the package's README ("percentile"),
# T. Dunning's paper, where singletons and heavy centroids are told apart.
# Seen with tdigest 0.5.2.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check tdigest==0.5.2.2
cat >"$work/seen.py" <<'PY'
from tdigest import TDigest

latency = TDigest()
for _ in range(1000):
    latency.update(10.0)
latency.update(500.0)
print("1,000 times 10 ms and once 500 ms:", [round(latency.percentile(p), 1) for p in (50, 95, 99)])

few = TDigest()
few.batch_update([1, 1, 1, 1, 9])
print("median of 1, 1, 1, 1, 9:", round(few.percentile(50), 1))
PY
cat >"$work/expected" <<'OUT'
1,000 times 10 ms and once 500 ms: [10.5, 451.5, 490.7]
median of 1, 1, 1, 1, 9: 2.6
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "tdigest-equal-values: the behaviour has changed"; exit 1; }
echo "tdigest-equal-values: as described"
