#!/usr/bin/env bash
# A flag is on for the addresses of the company, 10.0.0.0/24 and 2001:db8::/32. The engine that the SDKs for Python,
# Ruby, .NET and others share takes both; the SDK for Node, which evaluates on its own, never takes the second, so
# that a person sees the switch in one service and not in the next, by the network they came over. And a property
# that is empty is below 5 in Node, since the empty text is 0 there, and is not in the engine.
# Guessed: the same answers, since a strategy is defined once. Source: Unleash's reference of activation strategies,
# "IPs", and of its constraint operators, numeric.
# Seen with unleash-client 6.12.1 on Node 20, yggdrasil-engine 2.0.0 (in UnleashClient 6.9.1) on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check yggdrasil-engine==2.0.0
npm install --silent --no-audit --no-fund --prefix "$work" unleash-client@6.12.1
cat >"$work/flags.json" <<'FLAGS'
{"version": 2, "features": [
  {"name": "console", "type": "release", "enabled": true, "strategies": [
    {"name": "remoteAddress", "parameters": {"IPs": "10.0.0.0/24, 2001:db8::/32"}, "constraints": []}
  ]},
  {"name": "few-errors", "type": "release", "enabled": true, "strategies": [
    {"name": "default", "parameters": {}, "constraints": [
      {"contextName": "errors", "operator": "NUM_LT", "values": [], "value": "5", "inverted": false, "caseInsensitive": false}
    ]}
  ]}
]}
FLAGS
cat >"$work/asked.json" <<'ASKED'
[["console", {"remoteAddress": "10.0.0.9"}], ["console", {"remoteAddress": "2001:db8::9"}],
 ["few-errors", {"properties": {"errors": "4"}}], ["few-errors", {"properties": {"errors": ""}}], ["few-errors", {}]]
ASKED
cat >"$work/seen.py" <<'PY'
import json
import pathlib

from yggdrasil_engine.engine import UnleashEngine

folder = pathlib.Path(__file__).parent
engine = UnleashEngine()
engine.take_state((folder / "flags.json").read_text())
for flag, context in json.loads((folder / "asked.json").read_text()):
    print("Python:", flag, json.dumps(context), "on" if engine.is_enabled(flag, context).is_enabled else "off")
PY
cat >"$work/seen.js" <<'JS'
const fs = require("fs"), path = require("path"), { InMemStorageProvider, Unleash } = require("unleash-client")
const read = name => JSON.parse(fs.readFileSync(path.join(__dirname, name), "utf8"))
const unleash = new Unleash({
  appName: "shop", url: "http://127.0.0.1:1/api", disableMetrics: true, refreshInterval: 0,
  storageProvider: new InMemStorageProvider(), bootstrap: { data: read("flags.json").features },
})
for (const event of ["error", "warn"]) unleash.on(event, () => {})
unleash.on("ready", () => {
  for (const [flag, context] of read("asked.json")) {
    const told = JSON.stringify(context).replace(/([:,])/g, "$1 ").replace(/"(.*?)"/g, text => text.replace(/([:,]) /g, "$1"))
    console.log("Node:", flag, told, unleash.isEnabled(flag, context) ? "on" : "off")
  }
  process.exit(0)
})
JS
cat >"$work/expected" <<'OUT'
Python: console {"remoteAddress": "10.0.0.9"} on
Python: console {"remoteAddress": "2001:db8::9"} on
Python: few-errors {"properties": {"errors": "4"}} on
Python: few-errors {"properties": {"errors": ""}} off
Python: few-errors {} off
Node: console {"remoteAddress": "10.0.0.9"} on
Node: console {"remoteAddress": "2001:db8::9"} off
Node: few-errors {"properties": {"errors": "4"}} on
Node: few-errors {"properties": {"errors": ""}} on
Node: few-errors {} off
OUT
{ "$work/env/bin/python" "$work/seen.py"; node "$work/seen.js"; } | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "unleash-ipv6-range: the behaviour has changed"; exit 1; }
echo "unleash-ipv6-range: as described"
