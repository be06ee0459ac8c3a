#!/usr/bin/env bash
# A breaker around `async def` never opens: the decorator calls the function, gets a coroutine, and counts that as
# a success; what the coroutine raises when it is awaited is never seen. Five failures with `fail_max=2` leave the
# state closed and the count 0. The same decorator of `circuitbreaker` counts them.
# Guessed: a decorator of 2026 awaits, or refuses a coroutine function. Source: the package's README shows
# `call_async` for Tornado only.
# Seen with pybreaker 1.4.1 and circuitbreaker 2.1.3 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check pybreaker==1.4.1 circuitbreaker==2.1.3
cat >"$work/seen.py" <<'PY'
import asyncio

import pybreaker
from circuitbreaker import circuit

breaker = pybreaker.CircuitBreaker(fail_max=2)


@breaker
async def one() -> None:
    raise ConnectionError


@circuit(failure_threshold=2)
async def other() -> None:
    raise ConnectionError


async def called(function) -> list[str]:
    seen = []
    for _ in range(4):
        try:
            await function()
        except Exception as error:
            seen.append(type(error).__name__)
    return seen


print("pybreaker:", asyncio.run(called(one)), breaker.current_state, breaker.fail_counter)
print("circuitbreaker:", asyncio.run(called(other)))
PY
cat >"$work/expected" <<'OUT'
pybreaker: ['ConnectionError', 'ConnectionError', 'ConnectionError', 'ConnectionError'] closed 0
circuitbreaker: ['ConnectionError', 'ConnectionError', 'CircuitBreakerError', 'CircuitBreakerError']
OUT
"$work/env/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "pybreaker-coroutine: the behaviour has changed"; exit 1; }
echo "pybreaker-coroutine: as described"
