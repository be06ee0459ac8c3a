#!/usr/bin/env bash
# A line that rsyslog passes on loses its sender. The format that it forwards in by default, and the one with exact
# times, cut "name[pid]:" to 32 characters: of payment-reconciliation-worker-blue[12345]: the process number and the
# colon are gone, so that the next reader takes the name for part of the words or cannot tell two workers apart. And
# a name with a slash, shop/pay, goes out by RFC 5424 as "shop": pay is in no field and in no text.
# Guessed: passed on as it came. Source: RFC 5424 allows 48 characters for APP-NAME and the slash; rsyslog's
# reference of templates writes %syslogtag:1:32% without a word on what that cuts.
# Seen with rsyslog 8.2302.0 (Debian 12's package). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq rsyslog=8.2302.0* libestr0 libfastjson4 2>/dev/null
for package in ./*.deb; do dpkg -x "$package" .; done
cat >seen.py <<'PY'
import os
import pathlib
import socket
import subprocess
import time

LINES = (
    "<131>Dec  1 10:00:00 web1 payment-reconciliation-worker-blue[12345]: refused",
    "<131>Dec  1 10:00:00 web1 shop/pay[7]: refused",
)
libraries = next(pathlib.Path("usr/lib").glob("*-linux-gnu")).resolve()


def local():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(5)
    return made


with local() as free:
    door = free.getsockname()[1]
formats = ("RSYSLOG_TraditionalForwardFormat", "RSYSLOG_ForwardFormat", "RSYSLOG_SyslogProtocol23Format")
readers = {name: local() for name in formats}
actions = [
    f'action(type="omfwd" target="127.0.0.1" port="{reader.getsockname()[1]}" protocol="udp" template="{name}")'
    for name, reader in readers.items()
]
head = ('module(load="imudp")', f'input(type="imudp" port="{door}" address="127.0.0.1")')
pathlib.Path("config").write_text("\n".join((*head, *actions, "")))
server = subprocess.Popen(
    ["usr/sbin/rsyslogd", "-n", "-f", "config", "-i", f"{os.getcwd()}/pid", "-M", f"{libraries}/rsyslog"],
    env={**os.environ, "LD_LIBRARY_PATH": str(libraries), "TZ": "UTC"},
)
try:
    while f":{door:04X} " not in pathlib.Path("/proc/net/udp").read_text():
        time.sleep(0.1)
    for line in LINES:
        local().sendto(line.encode(), ("127.0.0.1", door))
        for name, reader in readers.items():
            came = reader.recv(9000).decode().strip()
            print(f"{name}: {came[came.index('web1'):]}")
finally:
    server.terminate()
    server.wait()
PY
cat >expected <<'OUT'
RSYSLOG_TraditionalForwardFormat: web1 payment-reconciliation-worker-bl refused
RSYSLOG_ForwardFormat: web1 payment-reconciliation-worker-bl refused
RSYSLOG_SyslogProtocol23Format: web1 payment-reconciliation-worker-blue 12345 - -  refused
RSYSLOG_TraditionalForwardFormat: web1 shop/pay[7]: refused
RSYSLOG_ForwardFormat: web1 shop/pay[7]: refused
RSYSLOG_SyslogProtocol23Format: web1 shop 7 - -  refused
OUT
python3 seen.py | tee output
diff expected output || { echo "rsyslog-program-names: the behaviour has changed"; exit 1; }
echo "rsyslog-program-names: as described"
