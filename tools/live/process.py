"""Running a program under limits: argv without a shell, bounded time, bounded output, nothing left behind."""

import asyncio
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from incidents.errors import ToolFailed
from tools.redaction.redact import redact
from tools.wording import plain

#: Where programs are looked for; what else the environment of Nexus holds is not handed on.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: As much of what a program prints is kept, in bytes of each stream; the rest is read and dropped.
KEPT = 1_000_000
_READ = 65_536


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


async def run(
    argv: Sequence[str],
    *,
    timeout: timedelta,  # noqa: ASYNC109 - kept here: a program is killed with its children, not only left
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
    limits: Mapping[int, int] | None = None,
) -> Ran:
    """Run a program to its end; its process group is killed when time is up or the caller is cancelled.

    Args:
        argv: the program and its arguments, as they are.
        timeout: how long it may take.
        folder: where it runs.
        environment: all that it gets to see beside `PATH` and a plain locale.
        text: its standard input; nothing otherwise.
        limits: `resource.RLIMIT_...` and the value that the program and its children may not exceed.

    Raises:
        ToolFailed: it cannot be started, or did not end in time.
    """
    name = Path(argv[0]).name
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
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
            return await _ended(process, text)
    except TimeoutError:
        seconds = timeout.total_seconds()
        raise ToolFailed(f"{name} did not end within {seconds:g} s and was killed") from None
    finally:
        await _buried(process)


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
