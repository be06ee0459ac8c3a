#!/usr/bin/env bash
# A changed file whose name has a letter beyond ASCII has two names in one package: `commit.stats` of GitPython keeps
# git's quotation marks and octal escapes, `commit.diff` decodes them, so that lines counted by the one never meet the
# file named by the other. unidiff, reading the patch, keeps the quoted form as well, and no file of the tree is
# called so. And with the patch asked for, a file that only became executable is no longer among the modified ones.
# Guessed: one name, the file's own; one list, with the patch or without. Source: git's manual, core.quotePath.
# Seen with GitPython 3.2.1, unidiff 1.0.1 on Python 3.11. Needs git (2.39).
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check gitpython==3.2.1 unidiff==1.0.1
cat >"$work/seen.py" <<'PY'
import pathlib
import sys

import git
import unidiff

folder = pathlib.Path(sys.argv[1])
repo = git.Repo.init(folder)
repo.config_writer().set_value("user", "name", "a").set_value("user", "email", "a@b").release()
prices, start = folder / "größe.yaml", folder / "start.sh"
for number in (1, 2):
    prices.write_text(f"limit: {number}\n")
    start.write_text("run\n")
    start.chmod(0o644 if number == 1 else 0o755)
    repo.git.add("--all")
    repo.git.commit("-qm", f"limit {number}")
before, after = repo.commit("HEAD~1"), repo.commit("HEAD")
print("stats:", sorted(after.stats.files))
print("diff:", [change.b_path for change in before.diff(after).iter_change_type("M")])
print("diff with patch:", [change.b_path for change in before.diff(after, create_patch=True).iter_change_type("M")])
print("unidiff:", [file.path for file in unidiff.PatchSet(repo.git.diff("HEAD~1", "HEAD"))])
PY
cat >"$work/expected" <<'OUT'
stats: ['"gr\\303\\266\\303\\237e.yaml"', 'start.sh']
diff: ['größe.yaml', 'start.sh']
diff with patch: ['größe.yaml']
unidiff: ['"gr\\303\\266\\303\\237e.yaml"', 'start.sh']
OUT
"$work/env/bin/python" "$work/seen.py" "$work/shop" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "git-quoted-paths: the behaviour has changed"; exit 1; }
echo "git-quoted-paths: as described"
