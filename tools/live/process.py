"""Running a program under limits: argv without a shell, bounded time, bounded output, nothing left behind.

What is run while an execution key is held (`holding`) runs under `guard.py`: it inherits the key's lock and
keeps to its time limit also where this process is killed.
"""

import asyncio
import math
import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from incidents.errors import StaleLease, ToolFailed
from tools.clock import BOOT_CLOCK
from tools.live.guard import LATE, MARK, UNABLE
from tools.redaction.redact import redact
from tools.wording import plain

#: Where programs are looked for; what else the environment of Nexus holds is not handed on.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: As much of what a program prints is kept, in bytes of each stream; the rest is read and dropped.
KEPT = 1_000_000
_READ = 65_536
_GUARD = Path(__file__).with_name("guard.py")
#: How much later than this process its guard ends a program, in seconds.
_LATER = 2.0
#: The descriptor of the lock that is held for what is being done.
_LOCK: ContextVar[int | None] = ContextVar("lock", default=None)


@dataclass(frozen=True)
class Ran:
    """What a program did: its exit status and what it printed, undecodable bytes replaced."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """One redacted line of what it said, for a sentence about its failure."""
        return plain(redact(self.err.strip() or self.out.strip()), 300) or "it printed nothing"


@contextmanager
def holding(lock: int) -> Iterator[None]:
    """Let every program that is run meanwhile hold a lock too, by its open file."""
    before = _LOCK.set(lock)
    try:
        yield
    finally:
        _LOCK.reset(before)


async def run(
    argv: Sequence[str],
    *,
    timeout: timedelta,  # noqa: ASYNC109 - kept here: a program is killed with its children, not only left
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
    limits: Mapping[int, int] | None = None,
    record: int | None = None,
    until: float = math.inf,
) -> Ran:
    """Run a program to its end; its process group is killed when time is up or the caller is cancelled.

    Args:
        argv: the program and its arguments, as they are.
        timeout: how long it may take.
        folder: where it runs.
        environment: all that it gets to see beside `PATH` and a plain locale.
        text: its standard input; nothing otherwise.
        limits: `resource.RLIMIT_...` and the value that the program and its children may not exceed.
        record: while a lock is held: its descriptor, if how the program ended is to be written into its file.
        until: while a lock is held: when it may be started at the latest, in `tools.clock.since_boot`.

    Raises:
        ToolFailed: it cannot be started, or did not end in time.
        StaleLease: it was not started, because `until` had passed.
    """
    name, lock = Path(argv[0]).name, _LOCK.get()
    try:
        process = await asyncio.create_subprocess_exec(
            *(argv if lock is None else _guarded(argv, timeout, record, until)),
            pass_fds=() if lock is None else (lock,),
            cwd=folder,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=asyncio.subprocess.PIPE if text is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "an argument holds a zero byte"
        raise ToolFailed(f"{name} cannot be started: {why}") from None
    try:
        with suppress(ProcessLookupError):  # it has ended already
            for which, value in (limits or {}).items():
                resource.prlimit(process.pid, which, (value, value))
        async with asyncio.timeout(timeout.total_seconds()):
            ran = await _ended(process, text)
    except TimeoutError:
        seconds = timeout.total_seconds()
        raise ToolFailed(f"{name} did not end within {seconds:g} s and was killed") from None
    finally:
        await _buried(process)
    if lock is not None and ran.status == UNABLE and ran.err.startswith(MARK):
        why = ran.err.removeprefix(MARK)
        if why == LATE:
            raise StaleLease(f"{name} was not started: Nexus stood still into the last third of its lease")
        raise ToolFailed(f"{name} cannot be started: {why}")
    return ran


def _guarded(argv: Sequence[str], timeout: timedelta, record: int | None, until: float) -> list[str]:
    given = (
        os.getpid(),
        -1 if record is None else record,
        timeout.total_seconds() + _LATER,
        BOOT_CLOCK,
        until,
    )
    return [sys.executable, "-I", "-S", str(_GUARD), *map(str, given), *argv]


async def _ended(process: asyncio.subprocess.Process, text: str | None) -> Ran:
    out, err, _ = await asyncio.gather(
        _kept(process.stdout), _kept(process.stderr), _fed(process.stdin, text or "")
    )
    return Ran(await process.wait(), out, err)


async def _kept(stream: asyncio.StreamReader | None) -> str:
    kept = bytearray()
    while stream is not None and (part := await stream.read(_READ)):
        kept += part[: KEPT - len(kept)]
    return kept.decode("utf-8", errors="replace")


async def _fed(stream: asyncio.StreamWriter | None, text: str) -> None:
    if stream is None:
        return
    with suppress(ConnectionError):  # it did not want to read
        stream.write(text.encode())
        await stream.drain()
    stream.close()


async def _buried(process: asyncio.subprocess.Process) -> None:
    """End what is left of the group: children that outlive the program would go on changing things."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await asyncio.shield(process.wait())
