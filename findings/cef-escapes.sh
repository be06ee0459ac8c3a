#!/usr/bin/env bash
# CEF escapes a pipe in its header, and an equals sign, a backslash and a line's end in its extension. `pycef`
# undoes none of the latter; `jc` does. An escaped pipe in the name cuts both short: the name is empty, the
# severity gone, and the first key of the extension is glued to what was left over, without a word.
# Guessed: both undo what the format escapes. Source: ArcSight Common Event Format, implementation standard,
# "Character encoding".
# Seen with pycef 1.11 and jc 1.26.1 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check pycef==1.11 jc==1.26.1
cat >"$work/seen.py" <<'PY'
import jc
import pycef

EXTENSION = r"CEF:0|Vendor|Wall|1|100|denied|8|request=https://shop.example/?a\=b src=10.0.0.1"
HEADER = r"CEF:0|Vendor|Wall|1|100|denied \| dropped|8|src=10.0.0.1"
print("pycef extension:", pycef.parse(EXTENSION)["request"])
read = pycef.parse(HEADER)
print("pycef header:", {key: value for key, value in read.items() if key in ("Name", "Severity") or "src" in key})
print("jc extension:", jc.parse("cef", EXTENSION, quiet=True)[0]["request"])
read = jc.parse("cef", HEADER, quiet=True)[0]
print("jc header:", {key: value for key, value in read.items() if key in ("name", "agentSeverity") or "src" in key})
PY
cat >"$work/expected" <<'OUT'
pycef extension: https://shop.example/?a\=b
pycef header: {'Name': '', 'dropped|8|src': '10.0.0.1'}
jc extension: https://shop.example/?a=b
jc header: {'name': '', 'dropped_8_src': '10.0.0.1'}
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "cef-escapes: the behaviour has changed"; exit 1; }
echo "cef-escapes: as described"
