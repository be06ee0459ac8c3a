#!/usr/bin/env bash
# `parse_size` knows GB and GiB and tells them apart; "1Gi", as every manifest of Kubernetes has it, is one decimal
# gigabyte, and "512Mi" 512 million: where a unit is not known whole, its first letter counts. In `binary=True` "1GB"
# is binary as well, so no setting reads a page on which both stand. The other way round 59.999 seconds are "60
# seconds", and a minute less than an hour of them "59 minutes and 60 seconds"; what is below 5 ms is "0 seconds".
# Guessed: 1073741824, and 1Gx refused; 1 minute, 1 hour. Source: the package's documentation ("both decimal and
# binary").
# Seen with humanfriendly 10.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check humanfriendly==10.0
cat >"$work/seen.py" <<'PY'
import humanfriendly

for text in ("1GB", "1GiB", "1Gi", "512Mi", "1Gx"):
    print(text, humanfriendly.parse_size(text), "binary:", humanfriendly.parse_size(text, binary=True))
for seconds in (59.999, 3599.999, 0.004):
    print(seconds, "is", humanfriendly.format_timespan(seconds))
PY
cat >"$work/expected" <<'OUT'
1GB 1000000000 binary: 1073741824
1GiB 1073741824 binary: 1073741824
1Gi 1000000000 binary: 1073741824
512Mi 512000000 binary: 536870912
1Gx 1000000000 binary: 1073741824
59.999 is 60 seconds
3599.999 is 59 minutes and 60 seconds
0.004 is 0 seconds
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "humanfriendly-gi: the behaviour has changed"; exit 1; }
echo "humanfriendly-gi: as described"
