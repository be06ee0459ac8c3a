#!/usr/bin/env bash
# After its pause a circuit breaker lets one call try whether the service is back, and holds the others until that call has
# told. Two breakers for coroutines let all of them through: ten callers that wait at that moment are ten calls against a
# service that has just been given rest. And neither counts a call that its caller gave up on: with asyncio's own time
# limit around it, a service that hangs never opens the breaker.
# Guessed: one trial call, and a time limit that runs out counts as a failure. Source: circuitbreaker's README ("half-open and
# allows one test-execution"); aiobreaker's says nothing of many calls.
# Seen with circuitbreaker 2.1.3 and aiobreaker 1.2.0 on Python 3.11.
set -euo pipefail
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q circuitbreaker==2.1.3 aiobreaker==1.2.0 2>/dev/null
cat >"$work/seen.py" <<'PY'
import asyncio
import datetime

import aiobreaker
import circuitbreaker

PAUSE = 0.3


def breakers():
    yield "circuitbreaker", circuitbreaker.CircuitBreaker(failure_threshold=2, recovery_timeout=PAUSE)
    yield "aiobreaker", aiobreaker.CircuitBreaker(fail_max=2, timeout_duration=datetime.timedelta(seconds=PAUSE))


async def trials(breaker) -> int:
    reached = 0

    @breaker
    async def call():
        nonlocal reached
        reached += 1
        await asyncio.sleep(0.05)
        raise ConnectionError

    for _ in range(3):
        await asyncio.gather(call(), return_exceptions=True)
    reached = 0
    await asyncio.sleep(PAUSE + 0.1)
    await asyncio.gather(*(call() for _ in range(10)), return_exceptions=True)
    return reached


async def hanging(breaker) -> int:
    reached = 0

    @breaker
    async def call():
        nonlocal reached
        reached += 1
        await asyncio.sleep(60)

    for _ in range(5):
        await asyncio.gather(asyncio.wait_for(call(), 0.02), return_exceptions=True)
    return reached


for name, breaker in breakers():
    print(f"{name}: of ten calls after the pause {asyncio.run(trials(breaker))} reach the service")
for name, breaker in breakers():
    print(f"{name}, opens at two failures: of five calls that time out {asyncio.run(hanging(breaker))} reach it")
PY
cat >"$work/expected" <<'OUT'
circuitbreaker: of ten calls after the pause 10 reach the service
aiobreaker: of ten calls after the pause 10 reach the service
circuitbreaker, opens at two failures: of five calls that time out 5 reach it
aiobreaker, opens at two failures: of five calls that time out 5 reach it
OUT
"$work/venv/bin/python" "$work/seen.py" | tee "$work/output"
diff "$work/expected" "$work/output" || { echo "breakers-half-open: the behaviour has changed"; exit 1; }
echo "breakers-half-open: as described"
