"""Runs one program to its end, also where the process that wanted it is dead.

It runs as a program of its own, with nothing but the standard library. It inherits the lock of the execution
key and hands it on: as long as it or the program runs, nobody else gets that lock. Its arguments, in order:

    parent    the process that wants it
    record    the descriptor of the lock if the end is to be written into its file, else -1
    seconds   how long the program may take; after that its whole process group is killed
    clock     the clock of the next argument, as a number for `clock_gettime`
    until     when the program may be started at the latest: not by one that was stopped and continued
    program   and its arguments

What it writes is one line of JSON: `status`, or `limit`, `late`, `problem` where there is none.
"""

import json
import os
import select
import signal
import sys
import time

_READ = 65_536
#: As much of what a program prints is handed on, in bytes of each stream (see `tools.live.process.KEPT`).
_KEPT = 1_000_000
#: The words in front of what the guard itself has to say, and its exit status then.
MARK, UNABLE = "nexus-guard: ", 127
LATE = "too late"


def main(parent: int, record: int, seconds: float, clock: int, until: float, program: list[str]) -> int:
    """Run it; the exit status is the program's, 128 and the signal's number where one ended it."""
    end = time.monotonic() + seconds
    if time.clock_gettime(clock) >= until:
        return _unable(record, "late", LATE)
    streams = {1: os.pipe(), 2: os.pipe()}
    failure, told = os.pipe()  # closed by a program that starts
    child = os.fork()
    if child == 0:
        _become(program, streams, told)
    for _, write in (*streams.values(), (0, told)):
        os.close(write)
    problem = os.read(failure, _READ)
    if problem:
        os.waitpid(child, 0)
        return _unable(record, "problem", problem.decode())
    printed = {read: bytearray() for read, _ in streams.values()}
    ended = _waited(child, end) if _drained(printed, end) else None
    if ended is None:
        _write(record, {"limit": seconds})
        os.killpg(0, signal.SIGKILL)  # this process too
    status = os.waitstatus_to_exitcode(ended or 0)
    status = status if status >= 0 else 128 - status
    _write(record, {"status": status})
    for stream, (read, _) in streams.items():
        _hand_on(stream, bytes(printed[read]))
    if os.getppid() != parent:  # nobody is left who ends the program's own children
        os.killpg(0, signal.SIGKILL)
    return status


def _become(program: list[str], streams: dict[int, tuple[int, int]], told: int) -> None:
    try:
        for stream, (_, write) in streams.items():
            os.dup2(write, stream)
        for kind in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, a program expects them
            signal.signal(kind, signal.SIG_DFL)
        os.execvp(program[0], program)  # noqa: S606 - argv without a shell is the point
    except OSError as error:
        os.write(told, (error.strerror or "it cannot be run").encode())
    finally:
        os._exit(UNABLE)


def _drained(printed: dict[int, bytearray], end: float) -> bool:
    """Read until nobody writes any more, so that a program never waits for a reader; False if time is up."""
    open_ones = set(printed)
    while open_ones:
        left = end - time.monotonic()
        if left <= 0:
            return False
        for one in select.select(list(open_ones), [], [], left)[0]:
            part = os.read(one, _READ)
            printed[one] += part[: max(0, _KEPT - len(printed[one]))]
            if not part:
                open_ones.discard(one)
    return True


def _waited(child: int, end: float) -> "int | None":
    """The wait status of a child; None if time is up."""
    pause = 0.001
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() >= end:
            return None
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def _write(record: int, line: "dict[str, int | float | str]") -> None:
    if record >= 0:
        os.write(record, json.dumps(line).encode() + b"\n")
        os.fsync(record)


def _hand_on(stream: int, printed: bytes) -> None:
    try:
        while printed:
            printed = printed[os.write(stream, printed) :]
    except OSError:  # nobody reads it any more
        pass


def _unable(record: int, kind: str, why: str) -> int:
    _write(record, {kind: why})
    _hand_on(2, f"{MARK}{why}".encode())
    return UNABLE


if __name__ == "__main__":
    _, wanted_by, lock, limit, which, latest, *rest = sys.argv
    sys.exit(main(int(wanted_by), int(lock), float(limit), int(which), float(latest), rest))
