"""Who works on an incident: a claim lasts as long as its process lives."""

import os
import socket
import subprocess
from pathlib import Path

from incidents.errors import Refused
from incidents.value import iso
from nexus.store.records import Claim, Process


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(host=socket.gethostname(), pid=pid, started=_started(pid) or "")


def is_alive(process: Process) -> bool | None:
    """Whether a process still runs; None if it is one of another machine, where nobody can tell."""
    if process.host != socket.gethostname():
        return None
    started = _started(process.pid)
    return started is not None and started == process.started


def replaced(held: Claim | None, mine: Claim, take_over: bool) -> Claim | None:
    """The claim of somebody else that `mine` may replace, or None if there is none.

    Raises:
        Refused: it may not be replaced.
    """
    if held is None or held.owner == mine.owner:
        return None
    alive = is_alive(held.process)
    if alive is False or take_over:
        return held
    who = f"process {held.process.pid} on {held.process.host} since {iso(held.at)}"
    state = "which is running" if alive else "and whether it still runs cannot be told from here"
    raise Refused(f"{mine.incident} is worked on by {who}, {state}; stop it first, or take the incident over")


def _started(pid: int) -> str | None:
    """When a process was started, in whatever form the system tells it; None if there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The 3rd field of the file is the state, the 22nd the start in clock ticks since the boot.
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return None if fields[0] in {"Z", "X"} else f"{boot} {fields[19]}"
    asked = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - no input in it
    return listed.stdout.strip() or None
