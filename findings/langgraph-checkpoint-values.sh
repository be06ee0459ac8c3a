#!/usr/bin/env bash
# A value of the state is the object itself until the run stops at an interrupt, and another one when it goes on. A
# deque of at most three has no limit any more; a time in Europe/Berlin is one at a fixed +02:00, so that "the same
# hour tomorrow" is wrong in the night the clock changes; a field of a pydantic model that is left out of its dump has
# its default again; a tuple is a list, a defaultdict a dict. No error tells, and a test without an interrupt sees
# none of it.
# Guessed: the same types and values, or a refusal. Source: langgraph's documentation of checkpointers, "Serializer".
# Seen with langgraph 1.2.24, langgraph-checkpoint 4.3.2, tzdata 2026.6 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  langgraph==1.2.24 langgraph-checkpoint==4.3.2 tzdata==2026.6
cat >"$work/seen.py" <<'PY'
import collections
import datetime
import typing
import zoneinfo

import pydantic
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt


class Call(pydantic.BaseModel):
    path: str
    tries: int = pydantic.Field(default=0, exclude=True)


class State(typing.TypedDict):
    last: collections.deque
    duty: datetime.datetime
    call: Call
    counts: dict
    pair: tuple


def show(state: State) -> None:
    last = state["last"].copy()
    last.append(4)
    tomorrow = state["duty"] + datetime.timedelta(days=1)
    print("  deque of three, one more:", list(last))
    print("  the same hour tomorrow, in UTC:", tomorrow.astimezone(datetime.UTC).strftime("%H:%M"))
    print("  tries:", state["call"].tries)
    print("  types:", type(state["counts"]).__name__, type(state["pair"]).__name__)


def before(state: State) -> None:
    print("in the first run")
    show(state)


def ask(state: State) -> None:
    interrupt("go on?")


def after(state: State) -> None:
    print("after the interrupt")
    show(state)


graph = StateGraph(State)
for node in (before, ask, after):
    graph.add_node(node)
graph.add_edge(START, "before")
graph.add_edge("before", "ask")
graph.add_edge("ask", "after")
graph.add_edge("after", END)
app = graph.compile(checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "one"}}
app.invoke(
    {
        "last": collections.deque((1, 2, 3), maxlen=3),
        "duty": datetime.datetime(2026, 10, 24, 9, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        "call": Call(path="/pay", tries=2),
        "counts": collections.defaultdict(int),
        "pair": (1, 2),
    },
    thread,
)
app.invoke(Command(resume="yes"), thread)
PY
cat >"$work/expected" <<'OUT'
in the first run
  deque of three, one more: [2, 3, 4]
  the same hour tomorrow, in UTC: 08:00
  tries: 2
  types: defaultdict tuple
after the interrupt
  deque of three, one more: [1, 2, 3, 4]
  the same hour tomorrow, in UTC: 07:00
  tries: 0
  types: dict list
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "langgraph-checkpoint-values: the behaviour has changed"; exit 1; }
echo "langgraph-checkpoint-values: as described"
