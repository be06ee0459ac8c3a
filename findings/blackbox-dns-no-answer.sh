#!/usr/bin/env bash
# The probe of a name that has lost its address is a success. A name server that still knows the name and has no A record
# for it answers NOERROR with an empty list, as after a record was deleted by mistake beside a TXT or an MX; the DNS
# prober counts any NOERROR as well, and an alert on `probe_success == 0`, the usual one, stays quiet while nobody
# reaches the service. Only with a rule for the answer's records does it fail.
# Guessed: no address, no success. Source: blackbox exporter's CONFIGURATION.md, dns_probe: `valid_rcodes` defaults to
# NOERROR; of an empty answer it says nothing.
# Seen with prometheus-blackbox-exporter 0.23.0 (Debian 12's package). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq prometheus-blackbox-exporter=0.23.0-4* 2>/dev/null
dpkg -x ./*.deb .
cat >"$work/seen.py" <<'PY'
import json
import pathlib
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))


def answer() -> None:
    """NOERROR and no record, for every question."""
    while True:
        asked, who = server.recvfrom(512)
        end = asked.index(b"\0", 12) + 5
        server.sendto(asked[:2] + b"\x81\x80\0\1" + bytes(6) + asked[12:end], who)


threading.Thread(target=answer, daemon=True).start()
plain = {"query_name": "shop.example", "query_type": "A", "preferred_ip_protocol": "ip4"}
ruled = plain | {"validate_answer_rrs": {"fail_if_none_matches_regexp": [".*192[.]0[.]2[.]7"]}}
modules = {name: {"prober": "dns", "dns": dns} for name, dns in (("plain", plain), ("ruled", ruled))}
pathlib.Path("blackbox.yml").write_text(json.dumps({"modules": modules}))
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
exporter = subprocess.Popen(
    ["usr/bin/prometheus-blackbox-exporter", "--config.file=blackbox.yml", f"--web.listen-address=127.0.0.1:{port}"],
    stderr=subprocess.DEVNULL,
)
try:
    for module in modules:
        query = urllib.parse.urlencode({"module": module, "target": f"127.0.0.1:{server.getsockname()[1]}"})
        for _ in range(200):
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/probe?{query}").read().decode()
                break
            except OSError:
                time.sleep(0.1)
        values = dict(line.split() for line in page.splitlines() if not line.startswith("#"))
        print(f"{module}: records {values['probe_dns_answer_rrs']}, success {values['probe_success']}")
finally:
    exporter.terminate()
    exporter.wait()
PY
cat >"$work/expected" <<'OUT'
plain: records 0, success 1
ruled: records 0, success 0
OUT
python3 "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "blackbox-dns-no-answer: the behaviour has changed"; exit 1; }
echo "blackbox-dns-no-answer: as described"
