#!/usr/bin/env bash
# One flag goes to a tenth of the users, decided in the process by the shared rule `fractional`. The core for Python
# and the one for Node, both the newest, choose other users: one hashes CBOR of the flag's key and the user's, the
# other the two texts put together. Of a hundred users eight have the flag in Python, five in Node, none in both; so a
# user meets the new way in one service and the old one in the next, and "only those with the flag fail" is true of
# nobody. With the key spelt out (an address) it is no better.
# Guessed: the same users, since one definition in one file is read by both. Source: flagd's documentation, "Fractional
# operation" and the in-process providers, which name no difference between languages.
# Seen with openfeature-flagd-core 2.0.0 on Python 3.11, @openfeature/flagd-core 4.0.1 on Node 20.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check openfeature-flagd-core==2.0.0 openfeature-sdk==0.10.0
npm install --silent --no-audit --no-fund --prefix "$work" @openfeature/flagd-core@4.0.1 @openfeature/core@1.12.0
cat >"$work/flags.json" <<'FLAGS'
{"flags": {
  "new-checkout": {
    "state": "ENABLED", "variants": {"on": "on", "off": "off"}, "defaultVariant": "off",
    "targeting": {"fractional": [["on", 10], ["off", 90]]}
  },
  "by-address": {
    "state": "ENABLED", "variants": {"on": "on", "off": "off"}, "defaultVariant": "off",
    "targeting": {"fractional": [{"var": "email"}, ["on", 10], ["off", 90]]}
  }
}}
FLAGS
cat >"$work/seen.py" <<'PY'
import pathlib

from openfeature.contrib.tools.flagd.core.flagd_core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

core = FlagdCore()
core.set_flags((pathlib.Path(__file__).parent / "flags.json").read_text())
for flag in ("new-checkout", "by-address"):
    users = [EvaluationContext(f"user-{n}", {"email": f"user-{n}@example.org"}) for n in range(100)]
    values = [core.resolve_string_value(flag, "none", user).value for user in users]
    print(f"Python, {flag} is on for", *[n for n, value in enumerate(values) if value == "on"])
PY
cat >"$work/seen.js" <<'JS'
const fs = require("fs"), path = require("path"), { FlagdCore } = require("@openfeature/flagd-core")
const quiet = { debug() {}, info() {}, warn() {}, error() {} }, core = new FlagdCore()
core.setConfigurations(fs.readFileSync(path.join(__dirname, "flags.json"), "utf8"))
for (const flag of ["new-checkout", "by-address"]) {
  const users = [...Array(100).keys()].map(n => ({ targetingKey: `user-${n}`, email: `user-${n}@example.org` }))
  const values = users.map(user => core.resolveStringEvaluation(flag, "none", user, quiet).value)
  console.log(`Node, ${flag} is on for`, ...values.flatMap((value, n) => (value === "on" ? [n] : [])))
}
JS
cat >"$work/expected" <<'OUT'
Python, new-checkout is on for 0 2 3 5 49 72 86 92
Python, by-address is on for 29 33 45 50 62 66 67 82 86 97
Node, new-checkout is on for 9 14 39 44 51
Node, by-address is on for 4 18 38 43 49 51 65 71 75 79 85 87 94 97
OUT
{ "$work/env/bin/python" "$work/seen.py"; node "$work/seen.js"; } | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "flagd-other-users: the behaviour has changed"; exit 1; }
echo "flagd-other-users: as described"
