#!/usr/bin/env bash
# A flag's number comes from JSON, where 1 and 1.0 are one number. Asked for a float, the client of OpenFeature takes
# a flag of 1 for a wrong type and gives the caller's own default: a share of traffic that somebody turned up to 1
# stays at .05, and only who reads the details sees TYPE_MISMATCH. Asked for an integer it takes a flag of true for
# fitting and gives True, which counts as 1 from then on.
# Guessed: 1.0, and the default for true. Source: OpenFeature specification, 1.3.3.1 (numbers), 1.3.4 (wrong type).
# Seen with openfeature-sdk 0.10.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check openfeature-sdk==0.10.0
cat >"$work/seen.py" <<'PY'
from openfeature import api
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

api.set_provider(InMemoryProvider({"share": InMemoryFlag("on", {"on": 1}), "retries": InMemoryFlag("on", {"on": True})}))
client = api.get_client()
share = client.get_float_details("share", 0.05)
print("share is 1, asked as float:", share.value, share.error_code and share.error_code.value)
retries = client.get_integer_details("retries", 3)
print("retries is true, asked as integer:", retries.value, retries.error_code and retries.error_code.value)
PY
cat >"$work/expected" <<'OUT'
share is 1, asked as float: 0.05 TYPE_MISMATCH
retries is true, asked as integer: True None
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "openfeature-number-types: the behaviour has changed"; exit 1; }
echo "openfeature-number-types: as described"
