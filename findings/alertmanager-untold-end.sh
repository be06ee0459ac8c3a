#!/usr/bin/env bash
# Who was told that an alert fires is told when it ends, unless it ends while a silence or another alert keeps it
# quiet: then the end is told to nobody, neither at that moment nor when the silence is over, although the receiver
# holds the first message and the alert is over for Alertmanager. Whoever silences an alert while they mend it (the
# usual way) leaves its incident open at every receiver, for good. Restarting Alertmanager in between does no such
# harm.
# Guessed: what was told as firing is told as resolved, at the latest when the silence ends. Source: Alertmanager's
# configuration, `send_resolved`: "Whether to notify about resolved alerts".
# Seen with Alertmanager 0.25.0 (Debian 12's package), asked from Python 3.11. Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq prometheus-alertmanager=0.25.0* 2>/dev/null
dpkg -x ./prometheus-alertmanager_*.deb .
cat >seen.py <<'PY'
import datetime
import http.server
import json
import pathlib
import socket
import subprocess
import threading
import time
import urllib.request

told = []


class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        told.extend((one["labels"]["alertname"], one["status"]) for one in body["alerts"])
        self.send_response(200)
        self.end_headers()


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
pathlib.Path("config.yml").write_text(f"""
route: {{receiver: nexus, group_by: [alertname], group_wait: 1s, group_interval: 1s}}
inhibit_rules: [{{source_matchers: [alertname=SiteDown], target_matchers: [alertname=Inhibited]}}]
receivers: [{{name: nexus, webhook_configs: [{{url: 'http://127.0.0.1:{receiver.server_port}', send_resolved: true}}]}}]
""")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
begun = datetime.datetime.now(datetime.UTC)


def at(seconds):
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)).isoformat()


def ask(path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    where = f"http://127.0.0.1:{port}/api/v2{path}"
    request = urllib.request.Request(where, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")


def alert(name, ends):
    ask("/alerts", [{"labels": {"alertname": name}, "startsAt": begun.isoformat(), "endsAt": at(ends)}])


with open("log", "w") as log:
    flags = ["--config.file=config.yml", "--storage.path=data", "--cluster.listen-address="]
    run = ["usr/bin/prometheus-alertmanager", *flags, f"--web.listen-address=127.0.0.1:{port}"]
    server = subprocess.Popen(run, stdout=log, stderr=log)
try:
    for _ in range(100):
        try:
            ask("/status")
            break
        except OSError:
            time.sleep(0.1)
    for name in ("Plain", "Silenced", "Inhibited"):
        alert(name, 3600)
    time.sleep(3)
    matcher = {"name": "alertname", "value": "Silenced", "isRegex": False, "isEqual": True}
    window = {"startsAt": at(0), "endsAt": at(3600), "createdBy": "ann", "comment": "mending"}
    silence = ask("/silences", {"matchers": [matcher], **window})["silenceID"]
    alert("SiteDown", 3600)
    time.sleep(3)
    for name in ("Plain", "Silenced", "Inhibited"):
        alert(name, -1)
    time.sleep(4)
    ask(f"/silence/{silence}", method="DELETE")
    alert("SiteDown", -1)
    time.sleep(4)
    for name in ("Plain", "Silenced", "Inhibited", "SiteDown"):
        print(name, sorted({status for one, status in told if one == name}))
    print("known to Alertmanager:", [one["labels"]["alertname"] for one in ask("/alerts")])
finally:
    server.terminate()
    server.wait()
PY
cat >expected <<'OUT'
Plain ['firing', 'resolved']
Silenced ['firing']
Inhibited ['firing']
SiteDown ['firing', 'resolved']
known to Alertmanager: []
OUT
python3 seen.py | tee output
diff expected output || { echo "alertmanager-untold-end: the behaviour has changed"; exit 1; }
echo "alertmanager-untold-end: as described"
