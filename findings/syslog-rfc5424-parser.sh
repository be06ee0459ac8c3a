#!/usr/bin/env bash
# RFC 5424 lets a parameter stand several times in one element (its own example is `[origin ip="..." ip="..."]`) and marks
# UTF-8 text by a BOM. The parser keeps the last of the repeated parameters without a word, leaves the BOM in front of
# the message, so that an anchored pattern finds nothing, and gives a missing time as a token object that is not None.
# Guessed: a list, no BOM, None. Source: RFC 5424, 6.4, 7.2.
# Seen with syslog-rfc5424-parser 0.3.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check syslog-rfc5424-parser==0.3.2
cat >"$work/seen.py" <<'PY'
from syslog_rfc5424_parser import SyslogMessage

HEAD = "<165>1 2026-11-29T03:30:00.003Z web1 shop - - "
origin = SyslogMessage.parse(HEAD + '[origin ip="192.0.2.1" ip="192.0.2.129"] up').as_dict()
print("origin:", origin["sd"]["origin"])
print("text:", ascii(SyslogMessage.parse(HEAD + "- \ufeffstarted").as_dict()["msg"]))
missing = SyslogMessage.parse("<165>1 - web1 shop - - - up").as_dict()["timestamp"]
print("no time:", type(missing).__name__, missing is None)
PY
cat >"$work/expected" <<'OUT'
origin: {'ip': '192.0.2.129'}
text: '\ufeffstarted'
no time: Token False
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "syslog-rfc5424-parser: the behaviour has changed"; exit 1; }
echo "syslog-rfc5424-parser: as described"
