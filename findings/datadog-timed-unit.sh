#!/usr/bin/env bash
# The timer writes what it measured in seconds and marks it as milliseconds: a call of half a second goes out as
# `0.5|ms`. Whoever reads the line by the protocol (an exporter for Prometheus, Telegraf, a StatsD server) shows 0.5
# ms, and no alert on slow calls rings. `timing()` of the same client takes milliseconds; `use_ms=True` mends the
# timer and cuts to whole ones.
# Guessed: milliseconds. Source: the DogStatsD protocol and StatsD's "Timing", where `ms` is the type and the unit.
# Seen with datadog 0.56.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check datadog==0.56.0
cat >"$work/seen.py" <<'PY'
import socket
import time

from datadog.dogstatsd import DogStatsd

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
server.settimeout(5)


def sent(**options) -> str:
    client = DogStatsd(port=server.getsockname()[1], disable_telemetry=True, **options)
    with client.timed("pay"):
        time.sleep(0.5)
    client.flush()
    name, rest = server.recv(1000).decode().split(":")
    value, kind = rest.split("|")[:2]
    return f"{name} about {float(f'{float(value):.1g}'):g} of type {kind.strip()}"


print("half a second:", sent())
print("half a second, use_ms:", sent(use_ms=True))
PY
cat >"$work/expected" <<'OUT'
half a second: pay about 0.5 of type ms
half a second, use_ms: pay about 500 of type ms
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "datadog-timed-unit: the behaviour has changed"; exit 1; }
echo "datadog-timed-unit: as described"
