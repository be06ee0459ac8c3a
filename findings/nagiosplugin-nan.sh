#!/usr/bin/env bash
# A plugin that divides errors by requests has NaN in an hour without requests, and the check is OK: a value that is
# neither below nor above a range is taken as inside it. The same NaN is inside the range that must NOT hold it (`@`),
# so there it is critical. Python's spelling of small numbers goes out as it is, `1e-07`, where the guidelines allow
# digits, sign and point only.
# Guessed: UNKNOWN, and a performance value of U or 0.0000001. Source: Monitoring Plugins development guidelines,
# "Plugin Output for Nagios", performance data (value in [-0-9.], U where it could not be determined).
# Seen with nagiosplugin 1.4.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check nagiosplugin==1.4.0
cat >"$work/seen.py" <<'PY'
import nagiosplugin


class Ratio(nagiosplugin.Resource):
    def __init__(self, value: float) -> None:
        self.value = value

    def probe(self):
        return nagiosplugin.Metric("ratio", self.value, context="ratio")


for value, limit in ((float("nan"), "0:0.05"), (float("nan"), "@0.05:1"), (1e-07, "0:0.05")):
    check = nagiosplugin.Check(Ratio(value), nagiosplugin.ScalarContext("ratio", critical=limit))
    check()
    print(value, "with critical", limit, "is", check.state, check.perfdata)
PY
cat >"$work/expected" <<'OUT'
nan with critical 0:0.05 is ok ['ratio=nan;;0.05']
nan with critical @0.05:1 is critical ['ratio=nan;;@0.05:1']
1e-07 with critical 0:0.05 is ok ['ratio=1e-07;;0.05']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "nagiosplugin-nan: the behaviour has changed"; exit 1; }
echo "nagiosplugin-nan: as described"
