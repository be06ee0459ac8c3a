#!/usr/bin/env bash
# A capture in the pcapng format may count its times from another moment than 1970: the interface has an offset in
# seconds, which is added to each. Two of three readers drop it, so that such a capture lies in January 1970 and its
# packets sort before those of every other one. Of nanoseconds, which an interface says it counts in, two of three
# keep a double: seven digits of nine, and two packets 20 ns apart have one time.
# Guessed: 2025-11-29, all nine digits. Source: the pcapng specification, section 4.2, if_tsoffset and if_tsresol.
# Seen with scapy 2.8.0, python-pcapng 2.1.1, dpkt 1.9.8 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check scapy==2.8.0 python-pcapng==2.1.1 dpkt==1.9.8
cat >"$work/seen.py" <<'PY'
import datetime
import io
import struct

import dpkt
import pcapng
from scapy.utils import rdpcap


def block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def capture(options: bytes, *times: int) -> bytes:
    """One interface and a packet of four bytes at each of the times, in the interface's unit."""
    whole = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    whole += block(1, struct.pack("<HHI", 1, 0, 65535) + options + option(0, b""))
    for time in times:
        whole += block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, 4, 4) + b"data")
    return whole


def read(data: bytes) -> dict[str, list]:
    packets = [one for one in pcapng.FileScanner(io.BytesIO(data)) if hasattr(one, "timestamp")]
    return {
        "scapy": [one.time for one in rdpcap(io.BytesIO(data))],
        "python-pcapng": [one.timestamp for one in packets],
        "dpkt": [time for time, _ in dpkt.pcapng.Reader(io.BytesIO(data))],
    }


moved = capture(option(14, struct.pack("<q", 1764380000)), 7_000_000_000)
for reader, (time,) in read(moved).items():
    print("with an offset:", reader, datetime.datetime.fromtimestamp(float(time), datetime.UTC))
near = capture(option(9, b"\x09"), 1764387000_000000100, 1764387000_000000120)
for reader, (first, second) in read(near).items():
    print("20 ns apart:", reader, "one time" if first == second else f"{float(second - first):.0e} s")
PY
cat >"$work/expected" <<'OUT'
with an offset: scapy 1970-01-01 01:56:40+00:00
with an offset: python-pcapng 1970-01-01 01:56:40+00:00
with an offset: dpkt 2025-11-29 03:30:00+00:00
20 ns apart: scapy 2e-08 s
20 ns apart: python-pcapng one time
20 ns apart: dpkt one time
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "pcapng-offset: the behaviour has changed"; exit 1; }
echo "pcapng-offset: as described"
