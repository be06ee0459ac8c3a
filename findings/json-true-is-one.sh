#!/usr/bin/env bash
# In JSON `true` and 1 are two values, in Python they are equal. A flag that was 1 and becomes true (or a list of
# them) gives no merge patch at all, so the change is in no audit and reaches nobody. A JSON patch that may go on only
# if a field is 1, `test`, goes on where it is true; jsonpatch refuses, and the JSONPath query of the same package
# tells them apart.
# Guessed: a patch that sets true; the test fails. Source: RFC 7396; RFC 6902, 4.6 ("equal" is defined by JSON type).
# Seen with json-merge-patch 0.3.0, python-jsonpath 2.2.2, jsonpatch 1.48 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  json-merge-patch==0.3.0 python-jsonpath==2.2.2 jsonpatch==1.48
cat >"$work/seen.py" <<'PY'
import json_merge_patch
import jsonpatch
import jsonpath

print("merge patch:", json_merge_patch.create_patch({"enabled": 1, "size": 1}, {"enabled": True, "size": 2}))
FLAG = {"enabled": True}
ONLY_IF_ONE = [{"op": "test", "path": "/enabled", "value": 1}, {"op": "add", "path": "/share", "value": 100}]
print("python-jsonpath:", jsonpath.patch.apply(ONLY_IF_ONE, dict(FLAG)))
try:
    print("jsonpatch:", jsonpatch.apply_patch(FLAG, ONLY_IF_ONE))
except jsonpatch.JsonPatchTestFailed as error:
    print("jsonpatch:", type(error).__name__)
print("query for 1:", jsonpath.findall("$[?@.enabled == 1]", [FLAG, {"enabled": 1}]))
PY
cat >"$work/expected" <<'OUT'
merge patch: {'size': 2}
python-jsonpath: {'enabled': True, 'share': 100}
jsonpatch: JsonPatchTestFailed
query for 1: [{'enabled': 1}]
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "json-true-is-one: the behaviour has changed"; exit 1; }
echo "json-true-is-one: as described"
