#!/usr/bin/env bash
# A node of an earlier release is still named in a branch. Where the branch is a conditional edge, the run raises;
# where it is a Command, it ends there as if it were finished: the log has a warning, `next` is empty, and no
# checkpoint tells that a step was left out. A key that the state does not have is dropped from an update without even
# that.
# Guessed: an error in all three. Source: langgraph's graph API documentation, "Command" and "State".
# Seen with langgraph 1.2.24, langgraph-checkpoint 4.3.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check langgraph==1.2.24 langgraph-checkpoint==4.3.2
cat >"$work/seen.py" <<'PY'
import typing

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command

THREAD = {"configurable": {"thread_id": "one"}}


class State(typing.TypedDict, total=False):
    severity: int


def ran(way: str) -> str:
    graph = StateGraph(State)
    graph.add_node("approve", lambda state: {"severity": 1})
    graph.add_edge(START, "triage")
    if way == "conditional edge":
        graph.add_node("triage", lambda state: {"severity": 2})
        graph.add_conditional_edges("triage", lambda state: "aprove", ["approve"])
    elif way == "Command":
        graph.add_node("triage", lambda state: Command(goto="aprove", update={"severity": 2}))
    else:
        graph.add_node("triage", lambda state: {"severity": 2, "severitty": 1})
    app = graph.compile(checkpointer=InMemorySaver())
    try:
        app.invoke({"severity": 3}, THREAD)
    except KeyError as error:
        return f"KeyError {error}"
    kept = app.get_state(THREAD)
    return f"ended with {kept.values}, next {kept.next}, errors {[task.error for task in kept.tasks]}"


for way in ("conditional edge", "Command", "update"):
    print(f"{way}: {ran(way)}")
PY
cat >"$work/expected" <<'OUT'
conditional edge: KeyError 'aprove'
Command: ended with {'severity': 2}, next (), errors []
update: ended with {'severity': 2}, next (), errors []
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "langgraph-unknown-names: the behaviour has changed"; exit 1; }
echo "langgraph-unknown-names: as described"
