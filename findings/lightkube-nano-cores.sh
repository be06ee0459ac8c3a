#!/usr/bin/env bash
# What a pod uses is told by metrics-server in billionths of a core ("183574n"), by other sources in millionths
# ("250u"). Both are quantities of Kubernetes like "100m"; lightkube's reader raises ValueError for either, and for
# an exponent written "1E3". So the quantities of a manifest are read, and the usage that one compares with them is
# not.
# Guessed: a Decimal, as for "100m". Source: Kubernetes API reference, "Quantity": decimalSI is m, none, k, M, ...
# and n and u below; decimalExponent is "e" or "E".
# Seen with lightkube 1.0.1, kubernetes 37.0.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check lightkube==1.0.1 kubernetes==37.0.2
cat >"$work/seen.py" <<'PY'
from kubernetes.utils.quantity import parse_quantity as of_kubernetes
from lightkube.utils.quantity import parse_quantity as of_lightkube

for text in ("100m", "250u", "183574n", "1e3", "1E3"):
    told = []
    for read in (of_kubernetes, of_lightkube):
        try:
            told.append(f"{read(text):f}")
        except ValueError as error:
            told.append(f"ValueError: {error}")
    print(f"{text}: kubernetes {told[0]}, lightkube {told[1]}")
PY
cat >"$work/expected" <<'OUT'
100m: kubernetes 0.100, lightkube 0.100
250u: kubernetes 0.000250, lightkube ValueError: Invalid unit suffix: u
183574n: kubernetes 0.000183574, lightkube ValueError: Invalid unit suffix: n
1e3: kubernetes 1000, lightkube 1000.000
1E3: kubernetes 1000, lightkube ValueError: Invalid unit suffix: E3
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "lightkube-nano-cores: the behaviour has changed"; exit 1; }
echo "lightkube-nano-cores: as described"
