#!/usr/bin/env bash
# The HTTP binding percent-encodes attribute values in headers. The package's two doors disagree: `cloudevents.core` decodes
# them, `cloudevents.v1.http.from_http`, the one that its older documentation teaches, does not. So a subject of "card data"
# is another one by each door, and a key made of it never pairs an alert with its end. `v1` also parses a body of
# `text/plain` as JSON where it happens to be JSON, so its type depends on its words.
# Guessed: decoded by both, text stays text. Source: CloudEvents HTTP protocol binding, 3.1.3.2.
# Seen with cloudevents 2.2.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check cloudevents==2.2.0
cat >"$work/seen.py" <<'PY'
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.v1.http import from_http

HEADERS = {
    "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "alert",
    "ce-subject": "card%20data", "content-type": "text/plain",
}
old = from_http(HEADERS, b"17")
new = from_http_event(HTTPMessage(headers=HEADERS, body=b"17"))
print("v1:", old["subject"], repr(old.data))
print("core:", new.get_subject(), repr(new.get_data()))
PY
cat >"$work/expected" <<'OUT'
v1: card%20data 17
core: card data '17'
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cloudevents-binary-mode: the behaviour has changed"; exit 1; }
echo "cloudevents-binary-mode: as described"
