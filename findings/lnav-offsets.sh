#!/usr/bin/env bash
# One view over the logs of two services, the one with times of +02:00, the other with Z: the lines are ordered by the
# clock on their walls. What the first service wrote at 10:00+02:00 (08:00 Z) stands behind what the second wrote at
# 09:00 Z, an hour later, so that the effect is read before its cause; a query between two moments finds the wrong
# lines. Each line keeps its own offset on the screen, which is why nothing looks wrong.
# Guessed: merged by instant, as the offset is in the line. Source: lnav's documentation, "merged into a single view ...
# by time".
# Seen with lnav 0.11.1 (Debian 12's package). Needs apt-get and dpkg.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq lnav=0.11.1-3 2>/dev/null
dpkg -x ./lnav_*.deb .
export HOME="$work" TERM=dumb TZ=UTC
cat >east.log <<'LOG'
2026-11-29T10:00:00.000+02:00 INFO deploy of payments 4.2 begins
2026-11-29T10:30:00.000+02:00 INFO deploy of payments 4.2 ends
LOG
cat >utc.log <<'LOG'
2026-11-29T08:10:00.000Z ERROR payments answers 500
2026-11-29T09:00:00.000Z INFO payments answers again
LOG
cat >"$work/expected" <<'OUT'
2026-11-29T08:10:00.000Z ERROR payments answers 500
2026-11-29T09:00:00.000Z INFO payments answers again
2026-11-29T10:00:00.000+02:00 INFO deploy of payments 4.2 begins
2026-11-29T10:30:00.000+02:00 INFO deploy of payments 4.2 ends
until_nine
2
OUT
{
  usr/bin/lnav -n east.log utc.log
  usr/bin/lnav -n -c ";SELECT count(*) AS until_nine FROM all_logs WHERE log_time <= '2026-11-29T09:00:00Z'" -c ":write-csv-to -" east.log utc.log
} | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "lnav-offsets: the behaviour has changed"; exit 1; }
echo "lnav-offsets: as described"
