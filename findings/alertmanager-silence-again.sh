#!/usr/bin/env bash
# A tool keeps its silence by sending it again under its id: the same body with a later end. If the start that it sends lies
# in the past, as it does when it is the moment the work began, Alertmanager had moved that start to the moment of receipt,
# takes the second body for another silence, ends the first and answers a new id. Who ends the silence under the id they kept
# gets 200 and ends nothing. With the start read back from Alertmanager the same change keeps the id.
# Guessed: what comes under an id changes the silence of that id. Source: the API's description (openapi.yaml), which says
# "Post a new silence or update an existing one".
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

BASE = f"http://127.0.0.1:{sys.argv[1]}/api/v2/"
NOW = datetime.datetime.now(datetime.UTC)


def at(minutes: int) -> str:
    return (NOW + datetime.timedelta(minutes=minutes)).isoformat()


def ask(method: str, path: str, body: dict | None = None) -> dict:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(BASE + path, data, {"content-type": "application/json"}, method=method)
    return json.loads(urllib.request.urlopen(request).read() or b"{}")


def silence(**changed: str) -> dict:
    matcher = {"name": "service", "value": "checkout", "isRegex": False}
    words = {"matchers": [matcher], "createdBy": "dana", "comment": "maintenance"}
    return {**words, "startsAt": at(-10), "endsAt": at(60), **changed}


def post(body: dict) -> str:
    return ask("POST", "silences", body)["silenceID"]


def state(identity: str) -> str:
    return ask("GET", f"silence/{identity}")["status"]["state"]


for _ in range(50):
    try:
        ask("GET", "silences")
        break
    except urllib.error.URLError:
        time.sleep(0.1)
first = post(silence())
second = post(silence(id=first, endsAt=at(120)))
print("sent again, a later end:", "same id" if second == first else "another id", "- the first is", state(first))
ask("DELETE", f"silence/{first}")
print("after ending the first the second is", state(second))
kept = ask("GET", f"silence/{second}")["startsAt"]
third = post(silence(id=second, startsAt=kept, endsAt=at(180)))
print("with the start as Alertmanager has it:", "same id" if third == second else "another id")
PY
cat >"$work/expected" <<'OUT'
sent again, a later end: another id - the first is expired
after ending the first the second is active
with the start as Alertmanager has it: same id
OUT
python3 "$work/seen.py" "$port" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "alertmanager-silence-again: the behaviour has changed"; exit 1; }
echo "alertmanager-silence-again: as described"
