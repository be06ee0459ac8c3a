#!/usr/bin/env bash
# What a program is given is cut where its settings look complete. In `environment` an unquoted value ends at a "#": what
# stands behind it is a comment, so that the other variables of the list are gone with the rest of the password; the
# last one ends at a space. A command ends at " ;", in quotation marks too. A key with a slip of the pen is passed over,
# and of two programs of one name, in two included files, the later one is the only one. Nothing is said of these.
# Guessed: the whole values, or an error, as there is for a "%". Source: supervisor's documentation, "[program:x]
# section": values with other than letters and digits should be quoted; of what happens else it says nothing.
# Seen with supervisor 4.3.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check supervisor==4.3.0 setuptools==80.9.0
cat >"$work/seen.py" <<'PY'
import pathlib
import tempfile
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from supervisor.options import ServerOptions


def read(*lines: str) -> list:
    """The programs that supervisord would start."""
    path = pathlib.Path(tempfile.mkdtemp()) / "supervisord.conf"
    path.write_text("\n".join(("[supervisord]", "nodaemon=true", *lines, "")))
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return [program for group in options.process_group_configs for program in group.process_configs]


def told(*settings: str):
    (program,) = read("[program:worker]", *settings)
    return program


print(told("command=/bin/worker", "environment=USER=shop,PASSWORD=a#1,HOST=db").environment)
print(told("command=/bin/worker", "environment=HOST=db,TITLE=card payments").environment)
print(told("command=/bin/sh -c 'first ; second'").command)
print(told("command=/bin/worker", "autorestrat=false").autorestart.__name__)
two = read("[program:worker]", "command=/bin/one", "[program:worker]", "command=/bin/two")
print([(program.name, program.command) for program in two])
PY
cat >"$work/expected" <<'OUT'
{'USER': 'shop', 'PASSWORD': 'a'}
{'HOST': 'db', 'TITLE': 'card'}
/bin/sh -c 'first
RestartWhenExitUnexpected
[('worker', '/bin/two')]
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "supervisor-cut-settings: the behaviour has changed"; exit 1; }
echo "supervisor-cut-settings: as described"
