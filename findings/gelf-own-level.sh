#!/usr/bin/env bash
# Two handlers that send Python's log records as GELF, and a level of one's own (NOTICE, between INFO and WARNING). One sends
# Python's number, 25, where GELF knows syslog's 0 to 7: who filters "level <= 4" never sees it. The other raises KeyError
# inside the logging machinery, which prints it to stderr: the record is lost. And both send a field that is true, a list or
# an object as it is, where the format allows texts and numbers only.
# Guessed: the next known level, and a text for what is neither. Source: GELF 1.1, "GELF payload specification".
# Seen with graypy 2.1.0 and pygelf 0.4.3 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check graypy==2.1.0 pygelf==0.4.3 2>/dev/null
cat >"$work/seen.py" <<'PY'
import contextlib
import io
import json
import logging
import socket
import zlib

import graypy
import pygelf

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
receiver.settimeout(1)
host, port = receiver.getsockname()
logging.addLevelName(25, "NOTICE")


def received() -> dict | None:
    try:
        return json.loads(zlib.decompress(receiver.recv(65535)))
    except TimeoutError:
        return None


handlers = {
    "graypy": graypy.GELFUDPHandler(host, port, debugging_fields=False),
    "pygelf": pygelf.GelfUdpHandler(host, port, compress=True, include_extra_fields=True),
}
for name, handler in handlers.items():
    log = logging.Logger(name)
    log.addHandler(handler)
    log.warning("restarted", extra={"paid": True, "orders": [1, 2]})
    message = received()
    print(f"{name}: warning is {message['level']}, fields {message['_paid']!r} and {message['_orders']!r}")
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        log.log(25, "drained")
    message = received()
    print(f"{name}: notice is", message["level"] if message else "lost", *(["KeyError: 25"] if "KeyError: 25" in told.getvalue() else []))
PY
cat >"$work/expected" <<'OUT'
graypy: warning is 4, fields True and [1, 2]
graypy: notice is 25
pygelf: warning is 4, fields True and [1, 2]
pygelf: notice is lost KeyError: 25
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "gelf-own-level: the behaviour has changed"; exit 1; }
echo "gelf-own-level: as described"
