#!/usr/bin/env bash
# A ratio of errors to requests where nobody called: a number by zero is 0 in InfluxQL, so the minute without any
# traffic is the healthiest of all, and so is one in which errors were counted while the count of requests was not.
# The minutes for which nothing was written are null, in the same answer. And a count of what is over a limit,
# filled with 0, has no row at all if nothing is over it: a rule on "count < 1" has nothing to compare.
# Guessed: null (or an error) for both; a row of 0. Source: InfluxQL reference, "Mathematical operators", which says
# nothing of zero, and `fill()`.
# Seen with InfluxDB 1.6.7 (Debian 12's package influxdb 1.6.7~rc0-1+b13). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
pid=""
trap '[ -z "$pid" ] || { kill "$pid"; wait "$pid" || true; }; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq influxdb=1.6.7* 2>/dev/null
dpkg -x ./influxdb_*.deb .
port=$((20000 + RANDOM % 10000))
cat >config <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$((port + 1))"
[meta]
dir = "$work/meta"
[data]
dir = "$work/data"
wal-dir = "$work/wal"
[http]
bind-address = "127.0.0.1:$port"
[monitor]
store-enabled = false
CONF
usr/bin/influxd -config config >log 2>&1 &
pid=$!
cat >seen.py <<'PY'
import json
import sys
import time
import urllib.parse
import urllib.request

base = f"http://127.0.0.1:{sys.argv[1]}"


def ask(path, body=b"", **query):
    with urllib.request.urlopen(f"{base}{path}?{urllib.parse.urlencode(query)}", data=body) as answer:
        return answer.read()


for _ in range(100):
    try:
        ask("/query", q="create database shop")
        break
    except OSError:
        time.sleep(0.1)
begin = 1796119200  # 2026-12-01T10:00:00Z
counts = ((1, 10), (0, 0), (5, 0))
lines = "\n".join(f"calls errors={e}i,requests={r}i {begin + 60 * n}" for n, (e, r) in enumerate(counts))
ask("/write", lines.encode(), db="shop", precision="s")
span = f"time >= {begin}s and time < {begin + 240}s group by time(1m)"
for query in (
    f"select sum(errors) / sum(requests) from calls where {span}",
    f"select count(errors) from calls where errors > 100 and {span} fill(0)",
):
    (result,) = json.loads(ask("/query", db="shop", q=query))["results"]
    rows = [[moment[11:16], value] for series in result.get("series", ()) for moment, value in series["values"]]
    print(query.split(" from ")[0], "->", rows)
PY
cat >expected <<'OUT'
select sum(errors) / sum(requests) -> [['10:00', 0.1], ['10:01', 0], ['10:02', 0], ['10:03', None]]
select count(errors) -> []
OUT
python3 seen.py "$port" | tee output
diff expected output || { echo "influxdb-no-traffic: the behaviour has changed"; exit 1; }
echo "influxdb-no-traffic: as described"
