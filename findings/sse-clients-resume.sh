#!/usr/bin/env bash
# One event stream, three Python clients, and none reads it as the standard says. An id holds for the events after it until
# another comes (that is what a client resumes from): sseclient-py forgets it at the next event. What has no data is no
# event: httpx-sse hands it out. One space after the colon is taken off, the second is data: requests-sse takes both. And
# an event whose end never came is no event: sseclient-py hands the half out, as if the server had finished it.
# Guessed: all three read it as the standard does. Source: WHATWG HTML, server-sent events, "Interpreting an event stream".
# Seen with sseclient-py 1.9.0, httpx-sse 0.4.3, requests-sse 0.5.3 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q sseclient-py==1.9.0 httpx-sse==0.4.3 httpx==0.28.1 requests-sse==0.5.3 2>/dev/null
cat >"$work/seen.py" <<'PY'
import contextlib
import http.server
import threading

import httpx
import httpx_sse
import requests
import requests_sse
import sseclient

BODY = b"id: 7\ndata: opened\n\ndata: joined\n\nevent: ping\n\ndata:  indented\n\ndata: half"


class Stream(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stream)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/"
print("the standard:", [("7", "opened"), ("7", "joined"), ("7", " indented")])
events = sseclient.SSEClient(requests.get(url, stream=True)).events()
print("sseclient-py:", [(event.id, event.data) for event in events])
with httpx.Client() as client, httpx_sse.connect_sse(client, "GET", url) as source:
    print("httpx-sse:", [(event.id, event.data) for event in source.iter_sse()])
seen = []
with contextlib.suppress(Exception), requests_sse.EventSource(url, max_connect_retry=0) as source:
    for event in source:
        seen.append((event.last_event_id, event.data))
        if len(seen) == 3:
            break
print("requests-sse:", seen)
PY
cat >"$work/expected" <<'OUT'
the standard: [('7', 'opened'), ('7', 'joined'), ('7', ' indented')]
sseclient-py: [('7', 'opened'), (None, 'joined'), (None, ' indented'), (None, 'half')]
httpx-sse: [('7', 'opened'), ('7', 'joined'), ('7', ''), ('7', ' indented')]
requests-sse: [('7', 'opened'), ('7', 'joined'), ('7', 'indented')]
OUT
"$work/venv/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "sse-clients-resume: the behaviour has changed"; exit 1; }
echo "sse-clients-resume: as described"
