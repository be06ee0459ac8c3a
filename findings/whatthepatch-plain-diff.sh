#!/usr/bin/env bash
# A patch over several files whose headers hold names and no times (difflib's unified_diff, tools that strip
# times) is read as one file: the second file's headers and lines become changes of the first, and the second is
# in no list. With `diff --git` before each it is read rightly.
# Guessed: `---` and `+++` begin a file. Source: the unified format, GNU diffutils manual, "Detailed Description
# of Unified Format".
# Seen with whatthepatch 1.0.7 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check whatthepatch==1.0.7
cat >"$work/seen.py" <<'PY'
import whatthepatch

WEB = "--- a/web.py\n+++ b/web.py\n@@ -1 +1 @@\n-timeout = 3\n+timeout = 30\n"
PAY = "--- a/pay.py\n+++ b/pay.py\n@@ -1 +1 @@\n-retries = 1\n+retries = 5\n"
for headers in (False, True):
    patch = "".join(
        (f"diff --git a/{name} b/{name}\nindex 1111111..2222222 100644\n" if headers else "") + text
        for name, text in (("web.py", WEB), ("pay.py", PAY))
    )
    read = [(one.header.new_path, [change.line for change in one.changes]) for one in whatthepatch.parse_patch(patch)]
    print("with git's headers:" if headers else "without:", read)
PY
cat >"$work/expected" <<'OUT'
without: [('web.py', ['timeout = 3', 'timeout = 30', '-- a/pay.py', '++ b/pay.py', 'retries = 1', 'retries = 5'])]
with git's headers: [('web.py', ['timeout = 3', 'timeout = 30']), ('pay.py', ['retries = 1', 'retries = 5'])]
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "whatthepatch-plain-diff: the behaviour has changed"; exit 1; }
echo "whatthepatch-plain-diff: as described"
