#!/usr/bin/env bash
# A node with a RetryPolicy of three attempts calls a service. A refused connection, a 503 and httpx's own time limits
# are tried again; Python's TimeoutError, which asyncio.timeout raises around the same call, is not, because it is an
# OSError, nor is a 429, which asks for nothing but another try. A 404 is tried three times if requests brought it,
# whose answers of 400 and more count as false, and once if httpx did. An error of one's own has three or one by what
# it was derived from.
# Guessed: a time limit and a 429 are what retries are for, a 404 is not. Source: langgraph's guide on retry policies,
# where OSError is one name of twelve and answers by requests and httpx count "only" from 500 on.
# Seen with langgraph 1.2.24, langgraph-checkpoint 4.3.2, httpx 0.28.1, requests 2.34.2 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check \
  langgraph==1.2.24 langgraph-checkpoint==4.3.2 httpx==0.28.1 requests==2.34.2
cat >"$work/seen.py" <<'PY'
import asyncio
import typing

import httpx
import requests
from langgraph.graph import START, StateGraph
from langgraph.types import RetryPolicy


class State(typing.TypedDict):
    service: str


def answer(status: int) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://pay")
    return httpx.HTTPStatusError(str(status), request=request, response=httpx.Response(status, request=request))


def answer_of_requests(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(str(status), response=response)


async def attempts(error: Exception | None) -> str:
    made = 0

    async def call(state: State) -> None:
        nonlocal made
        made += 1
        if error is not None:
            raise error
        async with asyncio.timeout(0.01):
            await asyncio.sleep(60)

    graph = StateGraph(State)
    graph.add_node("call", call, retry_policy=RetryPolicy(max_attempts=3, initial_interval=0.001))
    graph.add_edge(START, "call")
    raised = None
    try:
        await graph.compile().ainvoke({"service": "pay"})
    except Exception as error_at_last:
        raised = error_at_last
    return f"{made} ({type(raised).__name__})"


for what, error in (
    ("connection refused", ConnectionRefusedError()),
    ("503", answer(503)),
    ("429", answer(429)),
    ("404 by httpx", answer(404)),
    ("404 by requests", answer_of_requests(404)),
    ("time limit of httpx", httpx.ReadTimeout("slow")),
    ("time limit of asyncio", None),
    ("an error of one's own", type("BankError", (Exception,), {})()),
    ("the same from RuntimeError", type("BankError", (RuntimeError,), {})()),
):
    print(f"{what}: attempts", asyncio.run(attempts(error)))
PY
cat >"$work/expected" <<'OUT'
connection refused: attempts 3 (ConnectionRefusedError)
503: attempts 3 (HTTPStatusError)
429: attempts 1 (HTTPStatusError)
404 by httpx: attempts 1 (HTTPStatusError)
404 by requests: attempts 3 (HTTPError)
time limit of httpx: attempts 3 (ReadTimeout)
time limit of asyncio: attempts 1 (TimeoutError)
an error of one's own: attempts 3 (BankError)
the same from RuntimeError: attempts 1 (BankError)
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "langgraph-retry-default: the behaviour has changed"; exit 1; }
echo "langgraph-retry-default: as described"
