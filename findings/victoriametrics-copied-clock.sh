#!/usr/bin/env bash
# A gauge that was 0 and is 1 for ten seconds: a range query up to now says 0 for the last half minute, at every point,
# as if it had been measured there. The points are copies of the last one that is older than 30 s
# (-search.latencyOffset). The clock is copied as well: time(), asked at every moment, stands still. nocache=1 cures
# the instant query (which else is evaluated 30 s before the time that it says) and not the range query. Whoever
# compares "now" with "before" sees nothing change. build information names neither product nor version.
# Guessed: samples that are too fresh are absent, as in Prometheus; time() is the moment that was asked for; nocache
# changes how fast an answer comes, not which. Source: VictoriaMetrics' README, "Query latency".
# Seen with VictoriaMetrics 1.79.5 (Debian 12's package victoria-metrics).
set -euo pipefail
work="$(mktemp -d)"
pid=""
trap '[ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; }; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq victoria-metrics=1.79.5+ds1-2+b5 2>/dev/null
dpkg -x ./*.deb .
port=$((20000 + RANDOM % 10000))
usr/bin/victoria-metrics -httpListenAddr="127.0.0.1:$port" -storageDataPath="$work/data" >log 2>&1 &
pid=$!
cat >seen.py <<'PY'
import json
import sys
import time
import urllib.parse
import urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}"


def asked(path, **query):
    with urllib.request.urlopen(f"{base}{path}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)["data"]


for _ in range(100):
    try:
        asked("/api/v1/status/buildinfo")
        break
    except OSError:
        time.sleep(0.1)
now = int(time.time())
lines = "".join(f"g {int(age <= 10)} {(now - age) * 1000}\n" for age in range(120, 1, -2))
urllib.request.urlopen(urllib.request.Request(f"{base}/api/v1/import/prometheus", lines.encode(), method="POST"))
urllib.request.urlopen(f"{base}/internal/force_flush")
span = {"start": now - 60, "end": now, "step": 5}
for more in ({}, {"nocache": 1}):
    said = "with nocache" if more else "as it is"
    (value,) = (one["value"] for one in asked("/api/v1/query", query="g", time=now, **more)["result"])
    (points,) = (one["values"] for one in asked("/api/v1/query_range", query="g", **span, **more)["result"])
    print(f"{said}: instant {value[1]}, the last three points of the range {[point[1] for point in points[-3:]]}")
(clock,) = (one["values"] for one in asked("/api/v1/query_range", query="time()", nocache=1, **span)["result"])
still = [at for at, value in clock if float(value) < at]
print("time() stands still for", "about 30 s" if 20 <= now - min(still) <= 35 else now - min(still))
print("build information:", asked("/api/v1/status/buildinfo"))
PY
cat >expected <<'OUT'
as it is: instant 0, the last three points of the range ['0', '0', '0']
with nocache: instant 1, the last three points of the range ['0', '0', '0']
time() stands still for about 30 s
build information: {}
OUT
python3 seen.py "$port" | tee output
diff expected output || { echo "victoriametrics-copied-clock: the behaviour has changed"; exit 1; }
echo "victoriametrics-copied-clock: as described"
