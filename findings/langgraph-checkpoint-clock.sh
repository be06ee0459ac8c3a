#!/usr/bin/env bash
# A thread that passes from one process to another, whose clock is two minutes behind, gets no further: a checkpoint is kept
# at each resume, without an error, and whoever asks for the newest still gets the one of the first process, so that the last
# step never runs. The savers take the greatest id for the newest, and ids are made of the clock of the process that wrote them. It is enough
# that a clock was set back between two processes on one machine.
# Guessed: the newest checkpoint of a thread is the one that was put last.
# Seen with langgraph 1.2.22, langgraph-checkpoint-sqlite 3.1.2 and Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check langgraph==1.2.22 langgraph-checkpoint-sqlite==3.1.2
cat >"$work/turn.py" <<'PY'
"""One turn of a thread, as a process on a machine whose clock is off by so many seconds."""

import sys
import time
from typing import TypedDict

real = time.time_ns
time.time_ns = lambda: real() + int(sys.argv[2]) * 1_000_000_000

from langgraph.checkpoint.sqlite import SqliteSaver  # noqa: E402
from langgraph.graph import END, START, StateGraph  # noqa: E402


class State(TypedDict):
    done: list[str]


def step(name):
    def run(state: State) -> State:
        print(f"  {name} runs")
        return {"done": [*state["done"], name]}

    return run


graph = StateGraph(State)
names = ["look", "plan", "act"]
for name, after in zip(names, [START, *names]):
    graph.add_node(name, step(name))
    graph.add_edge(after, name)
graph.add_edge("act", END)
with SqliteSaver.from_conn_string(sys.argv[1]) as saver:
    compiled = graph.compile(checkpointer=saver, interrupt_before=["plan", "act"])
    config = {"configurable": {"thread_id": "one"}}
    begun = compiled.get_state(config).values
    compiled.invoke(None if begun else {"done": []}, config)
    print("  done as it is read:", compiled.get_state(config).values["done"])
    print("  checkpoints:", len(list(saver.list(config))))
PY
turn() {
  echo "$3"
  "$work/env/bin/python" "$work/turn.py" "$1" "$2" 2>>"$work/log"
}
{
  turn "$work/right.db" 0 "one clock: the first process"
  turn "$work/right.db" 0 "one clock: the second"
  turn "$work/right.db" 0 "one clock: the second again"
  turn "$work/apart.db" 0 "two clocks: the first process"
  turn "$work/apart.db" -120 "two clocks: the second, two minutes behind"
  turn "$work/apart.db" -120 "two clocks: the second again"
  turn "$work/apart.db" -120 "two clocks: the second once more"
} >"$work/output"
cat "$work/output"
cat >"$work/expected" <<'OUT'
one clock: the first process
  look runs
  done as it is read: ['look']
  checkpoints: 3
one clock: the second
  plan runs
  done as it is read: ['look', 'plan']
  checkpoints: 4
one clock: the second again
  act runs
  done as it is read: ['look', 'plan', 'act']
  checkpoints: 5
two clocks: the first process
  look runs
  done as it is read: ['look']
  checkpoints: 3
two clocks: the second, two minutes behind
  plan runs
  done as it is read: ['look', 'plan']
  checkpoints: 4
two clocks: the second again
  done as it is read: ['look', 'plan']
  checkpoints: 5
two clocks: the second once more
  done as it is read: ['look', 'plan']
  checkpoints: 6
OUT
diff "$work/expected" "$work/output" || { echo "langgraph-checkpoint-clock: the behaviour has changed"; exit 1; }
echo "langgraph-checkpoint-clock: as described"
