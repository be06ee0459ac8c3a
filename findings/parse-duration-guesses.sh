#!/usr/bin/env bash
# A setting for a time limit is read whatever it says. "1:30", a minute and a half or an hour and a half, is 1.03 ms:
# a number without a unit counts in milliseconds, the next one in the unit below. "1d-2h" is 26 hours. A comma groups
# thousands and nothing else, so that the one and a half hours of a German hand are fifteen. Only a text without any
# number is null.
# Guessed: null for all three. Source: the package's README, which says that commas and noise are passed over.
# Seen with parse-duration 2.1.9 on Node 20.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" parse-duration@2.1.9
cat >"$work/seen.js" <<'JS'
import("parse-duration").then(({ default: parse }) => {
  for (const text of ["1h30m", "1:30", "1,5h", "1d-2h", "soon"]) {
    console.log(`${text}: ${parse(text)} ms`);
  }
});
JS
cat >"$work/expected" <<'OUT'
1h30m: 5400000 ms
1:30: 1.03 ms
1,5h: 54000000 ms
1d-2h: 93600000 ms
soon: null ms
OUT
node "$work/seen.js" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "parse-duration-guesses: the behaviour has changed"; exit 1; }
echo "parse-duration-guesses: as described"
