#!/usr/bin/env bash
# What changed in the last hour? Asked of GitPython, git stops at the first commit that is older: one commit whose
# date is wrong (a runner without a clock, a patch applied with the date of its author as committer) hides every
# commit below it, however new. Dulwich, which reads the same folder, goes on and names them all. Since git 2.37
# `--since-as-filter` does so too.
# Guessed: `since` is a filter, and both name the same commits. Source: git log's manual, "--since": "Show commits
# more recent than a specific date".
# Seen with GitPython 3.2.1, dulwich 1.2.21 on Python 3.11. Needs git (2.39).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check gitpython==3.2.1 dulwich==1.2.21
cat >"$work/seen.py" <<'PY'
import pathlib
import sys
import time

import git
from dulwich import porcelain
from dulwich.repo import Repo

NOW = int(time.time())
folder = pathlib.Path(sys.argv[1])
porcelain.init(folder)
for what, minutes in (("old work", 300), ("raises the time limit", 40), ("wrong clock", 3_000_000), ("new colours", 10)):
    (folder / what).write_text(what)
    porcelain.add(folder, [folder / what])
    at = NOW - minutes * 60
    porcelain.commit(
        folder, message=what.encode(), author=b"a <a@b>", committer=b"a <a@b>", author_timestamp=at, commit_timestamp=at
    )
print("GitPython:", [commit.summary for commit in git.Repo(folder).iter_commits(since=NOW - 3600)])
walked = Repo(folder).get_walker(since=NOW - 3600)
print("dulwich:", [entry.commit.message.decode().strip() for entry in walked])
PY
cat >"$work/expected" <<'OUT'
GitPython: ['new colours']
dulwich: ['new colours', 'raises the time limit']
OUT
"$work/env/bin/python" "$work/seen.py" "$work/shop" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "git-since-one-old-date: the behaviour has changed"; exit 1; }
echo "git-since-one-old-date: as described"
