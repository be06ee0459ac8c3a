#!/usr/bin/env bash
# A line of syslog names no year. Both readers take the year of the moment of reading: what was logged on New Year's
# Eve and is read after midnight lies a year ahead, where no window finds it. One of them sets month and day of
# "now" one after the other: on the 31st a line of a month with thirty days is told as one of this month, and the
# fraction of the second is that of the reading, so that a line that is read twice is two lines.
# Guessed: the last such day before the reading; no fraction. Source: RFC 3164, 4.1.2 (no year, whole seconds); what
# to assume it leaves to the reader.
# Seen with syslog-parse 2.0.0 and glossy 0.1.7 (npm) on Node.js 20, the clock given.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" syslog-parse@2.0.0 glossy@0.1.7
cat >"$work/seen.mjs" <<'JS'
import glossy from "glossy";
import parse from "syslog-parse";

const Real = Date;
const read = (at, line) => {
  globalThis.Date = class extends Real {
    constructor(...given) {
      super(...(given.length ? given : [at]));
    }
  };
  const told = [parse(line).time, glossy.Parse.parse(line).time].map((time) => time.toISOString());
  globalThis.Date = Real;
  console.log(`${line.slice(5, 20)}, read at ${at}: syslog-parse ${told[0]}, glossy ${told[1]}`);
};
const line = (moment) => `<131>${moment} web1 pay[7]: refused`;
read("2026-12-01T10:00:05.891Z", line("Dec  1 10:00:00"));
read("2026-12-01T10:00:06.923Z", line("Dec  1 10:00:00"));
read("2026-12-31T00:05:00.000Z", line("Nov 30 23:59:59"));
read("2027-01-01T00:05:00.000Z", line("Dec 31 23:59:59"));
JS
cat >"$work/expected" <<'OUT'
Dec  1 10:00:00, read at 2026-12-01T10:00:05.891Z: syslog-parse 2026-12-01T10:00:00.891Z, glossy 2026-12-01T10:00:00.000Z
Dec  1 10:00:00, read at 2026-12-01T10:00:06.923Z: syslog-parse 2026-12-01T10:00:00.923Z, glossy 2026-12-01T10:00:00.000Z
Nov 30 23:59:59, read at 2026-12-31T00:05:00.000Z: syslog-parse 2026-12-30T23:59:59.000Z, glossy 2026-11-30T23:59:59.000Z
Dec 31 23:59:59, read at 2027-01-01T00:05:00.000Z: syslog-parse 2027-12-31T23:59:59.000Z, glossy 2027-12-31T23:59:59.000Z
OUT
TZ=UTC node "$work/seen.mjs" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "syslog-of-last-month: the behaviour has changed"; exit 1; }
echo "syslog-of-last-month: as described"
