#!/usr/bin/env bash
# A zone file in the usual form: the class before the TTL, a record without a name for the owner of the last one, times
# with units. dns-zonefile leaves out the address of `api` ("IN 300 A"), gives its next record, which has no name, to
# the zone's apex, and reads the SOA's "1d 2h 4w 1h" as 1, 2, 4 and 1 seconds. A later $ORIGIN holds for all names before
# it too. Nothing is said; what is written out again is another zone.
# Guessed: as dnspython reads it. Source: RFC 1035, 5.1 ("[<TTL>] [<class>] <type>" or "[<class>] [<TTL>] <type>"; a
# blank owner is the last stated one); BIND 9, "Zone file": units of TTLs.
# Seen with dns-zonefile 0.3.2 on Node 20, dnspython 2.9.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check dnspython==2.9.2
npm install --silent --no-audit --no-fund --prefix "$work" dns-zonefile@0.3.2
cat >"$work/zone" <<'ZONE'
$ORIGIN example.org.
$TTL 1h
@    IN SOA ns1 hostmaster 2026120101 1d 2h 4w 1h
     IN NS ns1
ns1  IN A 192.0.2.1
api  IN 300 A 192.0.2.3
     IN TXT "owner=payments"
$ORIGIN eu.example.org.
db   IN A 192.0.2.9
ZONE
cat >"$work/seen.py" <<'PY'
import pathlib

import dns.zone

text = (pathlib.Path(__file__).parent / "zone").read_text()
zone = dns.zone.from_text(text, origin="example.org.", relativize=False)
for name, ttl, data in zone.iterate_rdatas():
    print("dnspython:", name, ttl, data.rdtype.name, data)
PY
cat >"$work/seen.js" <<'JS'
const fs = require("fs"), path = require("path"), { parse } = require("dns-zonefile").default
const zone = parse(fs.readFileSync(path.join(__dirname, "zone"), "utf8"))
for (const [kind, found] of Object.entries(zone)) console.log(`dns-zonefile: ${kind} ${JSON.stringify(found)}`)
JS
cat >"$work/expected" <<'OUT'
dnspython: example.org. 3600 SOA ns1.example.org. hostmaster.example.org. 2026120101 86400 7200 2419200 3600
dnspython: example.org. 3600 NS ns1.example.org.
dnspython: ns1.example.org. 3600 A 192.0.2.1
dnspython: api.example.org. 300 A 192.0.2.3
dnspython: api.example.org. 3600 TXT "owner=payments"
dnspython: db.eu.example.org. 3600 A 192.0.2.9
dns-zonefile: $origin "eu.example.org."
dns-zonefile: $ttl "1h"
dns-zonefile: soa {"name":"@","minimum":1,"expire":4,"retry":2,"refresh":1,"serial":2026120101,"rname":"hostmaster","mname":"ns1"}
dns-zonefile: ns [{"name":"@","host":"ns1"}]
dns-zonefile: a [{"name":"ns1","ip":"192.0.2.1"},{"name":"db","ip":"192.0.2.9"}]
dns-zonefile: txt [{"name":"@","txt":"\"owner=payments\""}]
OUT
{ "$work/env/bin/python" "$work/seen.py"; node "$work/seen.js"; } | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "zone-file-owners: the behaviour has changed"; exit 1; }
echo "zone-file-owners: as described"
