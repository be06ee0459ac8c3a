#!/usr/bin/env bash
# `add_entry()` puts each entry before the ones added earlier. A status feed filled newest first, as it is read from a table,
# comes out oldest first, and readers that show the top ten show the ten oldest.
# Guessed: in the order of adding.
# Seen with feedgen 1.0.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check feedgen==1.0.0
cat >"$work/seen.py" <<'PY'
import re

from feedgen.feed import FeedGenerator

feed = FeedGenerator()
feed.title("status")
feed.link(href="https://status.example.org")
feed.description("status")
for title in ("newest", "older", "oldest"):
    feed.add_entry().title(title)
print(re.findall("<title>(.*?)</title>", feed.rss_str().decode())[1:])
PY
cat >"$work/expected" <<'OUT'
['oldest', 'older', 'newest']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "feedgen-order: the behaviour has changed"; exit 1; }
echo "feedgen-order: as described"
