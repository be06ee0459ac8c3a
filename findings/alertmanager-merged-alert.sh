#!/usr/bin/env bash
# Two answers of Alertmanager's door for alerts. A list with one alert it cannot take is answered 400, and the others of
# that list are taken all the same: who sends the list again after mending it sends them twice, who gives up has told half.
# And what is told again does not replace what was told: a firing alert keeps its earliest start and its LATEST end, so
# that a sender who shortens `endsAt` (from 30 to 10 minutes) is not heard; the alert stays for 30 minutes.
# Guessed: 400 takes nothing; the newest word on an alert counts. Source: the API's description (openapi.yaml), which says
# neither.
# Seen with Alertmanager 0.25.0 (Debian 12's package), asked from Python 3.11. Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
(cd "$work" && apt-get download -qq prometheus-alertmanager=0.25.0* 2>/dev/null && dpkg -x prometheus-alertmanager_*.deb .)
echo 'route: {receiver: nobody}
receivers: [{name: nobody}]' >"$work/config.yml"
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$work/usr/bin/prometheus-alertmanager" --config.file="$work/config.yml" --storage.path="$work/data" \
  --web.listen-address="127.0.0.1:$port" --cluster.listen-address= >"$work/log" 2>&1 &
server=$!
cat >"$work/seen.py" <<'PY'
import datetime
import json
import sys
import time
import urllib.error
import urllib.request

BASE = f"http://127.0.0.1:{sys.argv[1]}/api/v2/alerts"
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def at(minutes: int) -> str:
    return (NOW + datetime.timedelta(minutes=minutes)).isoformat()


def minutes(moment: str) -> int:
    return round((datetime.datetime.fromisoformat(moment) - NOW).total_seconds() / 60)


def post(*alerts: dict) -> int:
    body = json.dumps(alerts).encode()
    try:
        return urllib.request.urlopen(urllib.request.Request(BASE, body, {"content-type": "application/json"})).status
    except urllib.error.HTTPError as error:
        return error.code


def kept(name: str) -> list[dict]:
    return json.load(urllib.request.urlopen(f"{BASE}?filter=alertname={name}"))


for _ in range(50):
    try:
        kept("none")
        break
    except urllib.error.URLError:
        time.sleep(0.1)
code = post({"labels": {"alertname": "disk"}}, {"labels": {"alertname": "queue", "to-do": "1"}})
print("a good one and a bad one:", code, "and kept", len(kept("disk")))
for start, end in ((-20, 30), (-5, 10)):
    post({"labels": {"alertname": "latency"}, "startsAt": at(start), "endsAt": at(end)})
    (one,) = kept("latency")
    print(f"told {start} to {end} min: kept {minutes(one['startsAt'])} to {minutes(one['endsAt'])}")
PY
cat >"$work/expected" <<'OUT'
a good one and a bad one: 400 and kept 1
told -20 to 30 min: kept -20 to 30
told -5 to 10 min: kept -20 to 30
OUT
python3 "$work/seen.py" "$port" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "alertmanager-merged-alert: the behaviour has changed"; exit 1; }
echo "alertmanager-merged-alert: as described"
