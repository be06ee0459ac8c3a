#!/usr/bin/env bash
# `ping -n HOST`, as a probe asks so that no name is looked up for each answer, prints the address alone. Of a host that
# was given by name `jc` then reads no answer (each is a line it cannot parse), and one that came twice as an answer of
# the host "icmp_seq" with the number 64 and no time. "Destination Host Unreachable" is in no list, with names or
# without. The summary at the end is right, so that only those see it who ask which packet was lost, and how late.
# Guessed: one reply for each line. Source: iputils' ping(8), -n; the package's schema of the parser.
# Seen with jc 1.26.1 on Python 3.11; lines as of ping from iputils 20221126.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check jc==1.26.1
cat >"$work/seen.py" <<'PY'
import jc

HEAD = "PING shop.example (192.0.2.1) 56(84) bytes of data.\n"
TAIL = """
--- shop.example ping statistics ---
3 packets transmitted, 2 received, +1 duplicates, +1 errors, 33.3333% packet loss, time 2003ms
rtt min/avg/max/mdev = 9.410/9.413/9.420/0.004 ms
"""
NUMERIC = """64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=9.41 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=9.41 ms
64 bytes from 192.0.2.1: icmp_seq=2 ttl=64 time=9.42 ms (DUP!)
From 192.0.2.254 icmp_seq=3 Destination Host Unreachable
"""
NAMED = NUMERIC.replace("bytes from 192.0.2.1:", "bytes from web.example (192.0.2.1):")
for said, lines in (("with names", NAMED), ("with -n", NUMERIC)):
    read = jc.parse("ping", HEAD + lines + TAIL)
    print(f"{said}: sent {read['packets_transmitted']}, received {read['packets_received']}")
    for one in read["responses"]:
        print("   ", one["type"], *(one.get(key) for key in ("response_ip", "icmp_seq", "ttl", "time_ms")))
PY
cat >"$work/expected" <<'OUT'
with names: sent 3, received 2
    reply 192.0.2.1 1 64 9.41
    reply 192.0.2.1 2 64 9.41
    reply 192.0.2.1 2 64 9.42
with -n: sent 3, received 2
    unparsable_line None None None None
    unparsable_line None None None None
    reply icmp_seq 64 9 None
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "jc-ping-numeric: the behaviour has changed"; exit 1; }
echo "jc-ping-numeric: as described"
