#!/usr/bin/env bash
# `yield store.get() | env.timeout(1)` gives up waiting, but the get stays in the store's queue: the next item goes to it
# and to nobody. A simulated worker with a time limit loses work without a trace unless it cancels the get.
# Guessed: the event that lost the race is withdrawn.
# Seen with simpy 4.1.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check simpy==4.1.2
cat >"$work/seen.py" <<'PY'
import simpy


def impatient(env, store):
    get = store.get()
    won = yield get | env.timeout(1)
    print("impatient got", list(won.values()))


def producer(env, store):
    yield env.timeout(2)
    yield store.put("job")


def later(env, store):
    yield env.timeout(3)
    get = store.get()
    won = yield get | env.timeout(5)
    print("later got", list(won.values()), "left in store", store.items)


env = simpy.Environment()
store = simpy.Store(env)
for process in (impatient, producer, later):
    env.process(process(env, store))
env.run()
PY
cat >"$work/expected" <<'OUT'
impatient got [None]
later got [None] left in store []
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "simpy-abandoned-get: the behaviour has changed"; exit 1; }
echo "simpy-abandoned-get: as described"
