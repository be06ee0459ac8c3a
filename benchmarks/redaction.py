"""What it costs to take secrets out of 100,000 log lines, beside a search that no redaction can do without.

Run from the repository's root:

    POLARS_MAX_THREADS=1 python -m benchmarks.redaction

`plain` lines hold nothing that a secret has around it; of `hinted` ones a tenth does (an address, a word such
as `token`), of `leaky` ones a tenth holds a password. The baseline is one case-insensitive search of the same
frame for ten words, in the same run. Processor time, best of five.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence

import polars as pl

from tools.redaction.redact import redact
from tools.redaction.table import table
from tools.redaction.world import clean_column

LINES = 100_000
_SHAPES = (
    "2026-11-29T10:00:{0:02d}Z INFO checkout request {1} took {2} ms path=/api/v1/orders/{3}",
    "connection to 10.0.{0}.{3}:5432 refused after {2} s, pool {1}",
    "order {1} shipped from warehouse {0} in {2} h, trace 7c1e5a90b2d34f6881e0a4c3d5f6{3:04d}",
)
_HINTED = "login of user{1} at shop{0}.example failed, token bucket of {2} is empty, ask ops{3}@example.org"
_LEAKY = "cannot connect to postgres://app:pw{1}x{3}@db-{0}:5432/shop after {2} s"
_TEN = "(?i)alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett"


def main() -> None:
    """Print the table."""
    numbers = random.Random(1)  # noqa: S311 - lines, not keys
    plain = [_line(numbers, numbers.choice(_SHAPES)) for _ in range(LINES)]
    sets = {
        "plain": plain,
        "hinted": [_line(numbers, _HINTED) if at % 10 == 0 else line for at, line in enumerate(plain)],
        "leaky": [_line(numbers, _LEAKY) if at % 10 == 0 else line for at, line in enumerate(plain)],
    }
    began = time.process_time()
    redact("password=x")
    made_ready = (time.process_time() - began) * 1000
    _say(f"the table, read and compiled: {made_ready:.0f} ms, {len(table().signs)} hints")
    for name, lines in sets.items():
        _measure(name, lines)


def _measure(name: str, lines: Sequence[str]) -> None:
    frame = pl.DataFrame({"message": lines})
    base = _best(lambda: frame.select(pl.col("message").str.contains(_TEN).any()))
    ours = _best(lambda: clean_column(frame, "message"))
    _say(
        f"{name}: {ours * 1000:.0f} ms for {len(lines):,} lines, {ours / base:.1f} of a search for ten words"
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(5):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def _line(numbers: random.Random, shape: str) -> str:
    return shape.format(*(numbers.randrange(most) for most in (60, 1_000_000, 5_000, 10_000)))


if __name__ == "__main__":
    main()
