#!/usr/bin/env bash
# `submit` announces a deployment as a change event. Without a time of one's own, which it does not ask for, it
# raises AttributeError before anything is sent: a pipeline that announces its releases has none on the service's
# page, or fails after the release went out. With a time given it works.
# Guessed: sent with the moment of sending. Source: the package's reference of EventsApiV2Client.submit: `timestamp`
# may be None, as `source`, `custom_details` and `links` may.
# Seen with pagerduty 7.2.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check pagerduty==7.2.0
cat >"$work/seen.py" <<'PY'
import pagerduty


class Kept(pagerduty.EventsApiV2Client):
    def send_change_event(self, **event):
        print("sent:", event["payload"])


client = Kept("r" * 32)
for when in ({}, {"timestamp": "2026-12-01T10:00:00Z"}):
    try:
        client.submit("release 7", source="ci", **when)
    except AttributeError as error:
        print("AttributeError:", error)
PY
cat >"$work/expected" <<'OUT'
AttributeError: type object 'datetime.datetime' has no attribute 'timezone'
sent: {'summary': 'release 7', 'timestamp': '2026-12-01T10:00:00Z', 'source': 'ci'}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "pagerduty-change-event: the behaviour has changed"; exit 1; }
echo "pagerduty-change-event: as described"
