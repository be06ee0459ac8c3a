#!/usr/bin/env bash
# The store in memory, with which one tests, and the one in SQLite answer one search differently. A filter "not equal"
# on a field that an item lacks finds it in memory and not in SQLite. A filter on a field that holds an object works
# in memory and raises in SQLite, "greater" beside an item without the field the other way round. In memory what was
# got is the kept object itself, so that changing it changes the store, and an item that is written again is as old as
# its last writing.
# Guessed: alike, as one BaseStore. Source: langgraph's reference of BaseStore.search, which lists the operators.
# Seen with langgraph 1.2.24, langgraph-checkpoint 4.3.2, langgraph-checkpoint-sqlite 3.1.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  langgraph==1.2.24 langgraph-checkpoint==4.3.2 langgraph-checkpoint-sqlite==3.1.2
cat >"$work/seen.py" <<'PY'
import sqlite3

from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

in_sqlite = SqliteStore(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None))
in_sqlite.setup()
STORES = {"in memory": InMemoryStore(), "SQLite": in_sqlite}


def found(store, condition: dict) -> str:
    try:
        return " ".join(item.key for item in store.search(("incidents",), filter=condition)) or "nothing"
    except (TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error)[:30]}"


for name, store in STORES.items():
    store.put(("incidents",), "one", {"severity": 1, "owner": {"team": "pay"}})
    store.put(("incidents",), "two", {"note": "no severity yet"})
for condition in ({"severity": {"$ne": 3}}, {"owner": {"team": "pay"}}, {"severity": {"$gt": 0}}):
    for name, store in STORES.items():
        print(f"{condition} {name}: {found(store, condition)}")
for name, store in STORES.items():
    store.get(("incidents",), "one").value["severity"] = 5
    print(f"{name}: severity is {store.get(('incidents',), 'one').value['severity']}", end=", ")
    first = store.get(("incidents",), "one").created_at
    store.put(("incidents",), "one", {"severity": 2})
    print("created when first written:", store.get(("incidents",), "one").created_at == first)
PY
cat >"$work/expected" <<'OUT'
{'severity': {'$ne': 3}} in memory: one two
{'severity': {'$ne': 3}} SQLite: one
{'owner': {'team': 'pay'}} in memory: one
{'owner': {'team': 'pay'}} SQLite: ValueError: Unsupported operator: team
{'severity': {'$gt': 0}} in memory: TypeError: float() argument must be a str
{'severity': {'$gt': 0}} SQLite: one
in memory: severity is 5, created when first written: False
SQLite: severity is 1, created when first written: True
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "langgraph-store-twins: the behaviour has changed"; exit 1; }
echo "langgraph-store-twins: as described"
