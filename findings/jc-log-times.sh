#!/usr/bin/env bash
# The epoch of an access log's line depends on the zone of the machine that reads it, although the line holds its
# offset: 03:30 at +0000 and at +0200 are the same second, and another one in Tokyo. A syslog time of RFC 5424
# gets an epoch only if it has a fraction and does not end in +00:00; with +02:00 it is the reader's zone again.
# Guessed: the offset in the line decides. Source: Apache's documentation of the common log format (%t), RFC 5424
# section 6.2.3; the package's texts say "naive" for lines without a zone and with one alike.
# Seen with jc 1.26.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check jc==1.26.1
cat >"$work/seen.py" <<'PY'
import jc

ACCESS = '10.0.0.1 - - [29/Nov/2026:03:30:00 {}] "GET /pay HTTP/1.1" 502 17\n'
SYSLOG = "<165>1 2026-11-29T03:30:00{} host pay - - - declined\n"
for offset in ("+0000", "+0200"):
    print("clf", offset, jc.parse("clf", ACCESS.format(offset), quiet=True)[0]["epoch"])
for time in (".5+02:00", ".5+00:00", "+02:00"):
    print("syslog", time, jc.parse("syslog", SYSLOG.format(time), quiet=True)[0]["timestamp_epoch"])
PY
cat >"$work/expected" <<'OUT'
in UTC
clf +0000 1795923000
clf +0200 1795923000
syslog .5+02:00 1795923000
syslog .5+00:00 None
syslog +02:00 None
in Asia/Tokyo
clf +0000 1795890600
clf +0200 1795890600
syslog .5+02:00 1795890600
syslog .5+00:00 None
syslog +02:00 None
OUT
for zone in UTC Asia/Tokyo; do echo "in $zone"; TZ="$zone" "$work/env/bin/python" "$work/seen.py"; done | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "jc-log-times: the behaviour has changed"; exit 1; }
echo "jc-log-times: as described"
