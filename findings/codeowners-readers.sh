#!/usr/bin/env bash
# Who owns the file that broke is who is paged, and three packages read that from a CODEOWNERS file differently. Below
# `/docs/*`, which GitHub takes for the files of that folder alone, both packages of npm find those of its subfolders
# too. And a comment behind the owners, which GitHub's own example has, becomes four owners in one of them: "#",
# "the", "shop", "team".
# Guessed: one owner each, as GitHub has it. Source: GitHub's documentation, "About code owners", example file ("docs/*
# will match ... but not further nested files"; "#This is an inline comment.").
# Seen with codeowners 5.1.1 and codeowners-utils 1.0.2 on Node 20, codeowners 0.9.0 (PyPI) on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check codeowners==0.9.0
npm install --silent --no-audit --no-fund --prefix "$work" codeowners@5.1.1 codeowners-utils@1.0.2
mkdir "$work/tree"
cat >"$work/tree/CODEOWNERS" <<'OWNERS'
*        @org/all
/docs/*  @org/writers
/shop/   @org/shop # the shop team
OWNERS
cat >"$work/seen.py" <<'PY'
import pathlib

from codeowners import CodeOwners

owners = CodeOwners((pathlib.Path(__file__).parent / "tree" / "CODEOWNERS").read_text())
for path in ("docs/index.md", "docs/runbooks/disk.md", "shop/pay.py"):
    print(f"codeowners (PyPI): {path}", " ".join(name for _, name in owners.of(path)))
PY
cat >"$work/seen.js" <<'JS'
const fs = require("fs"), path = require("path")
const Codeowners = require("codeowners"), { matchFile, parse } = require("codeowners-utils")
const tree = path.join(__dirname, "tree")
const owners = new Codeowners(tree), entries = parse(fs.readFileSync(path.join(tree, "CODEOWNERS"), "utf8"))
for (const file of ["docs/index.md", "docs/runbooks/disk.md", "shop/pay.py"]) {
  console.log(`codeowners (npm): ${file}`, owners.getOwner(file).join(" "))
  console.log(`codeowners-utils: ${file}`, matchFile(file, entries).owners.join(" "))
}
JS
cat >"$work/expected" <<'OUT'
codeowners (PyPI): docs/index.md @org/writers
codeowners (PyPI): docs/runbooks/disk.md @org/all
codeowners (PyPI): shop/pay.py @org/shop
codeowners (npm): docs/index.md @org/writers
codeowners-utils: docs/index.md @org/writers
codeowners (npm): docs/runbooks/disk.md @org/writers
codeowners-utils: docs/runbooks/disk.md @org/writers
codeowners (npm): shop/pay.py @org/shop # the shop team
codeowners-utils: shop/pay.py @org/shop
OUT
{ "$work/env/bin/python" "$work/seen.py"; node "$work/seen.js"; } | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "codeowners-readers: the behaviour has changed"; exit 1; }
echo "codeowners-readers: as described"
