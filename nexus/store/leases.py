"""Leases: who drives an incident. One runs out by the wall's time, or at once when its process is dead.

Proof needs the same kernel and the same pid namespace: a container that comes back under another name, or
another machine, says nothing about the pid of an earlier one, and its lease is left to run out.
"""

import os
from pathlib import Path

from incidents.errors import Refused, StaleLease
from incidents.value import iso
from nexus.store.records import Lease, Process


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    return Process(host=os.uname().nodename, pid=pid, started=_started(pid) or "", machine=_machine())


def is_alive(process: Process) -> bool | None:
    """Whether a process still runs; None if it is one of another machine, where nobody can tell."""
    if process.host != os.uname().nodename or (process.machine and process.machine != _machine()):
        return None
    started = _started(process.pid)
    return started is not None and started == process.started


def in_other_hands(lease: Lease) -> Refused:
    """The refusal of a verb that wants to drive what somebody else drives."""
    process = lease.process
    return Refused(
        f"{lease.incident} is worked on by process {process.pid} on {process.host}, at least until "
        f"{iso(lease.until)}; stop it first, or wait until then"
    )


def stale(incident: str, number: int) -> StaleLease:
    """The refusal of what a holder does whose lease has gone to somebody else, or was given back."""
    return StaleLease(
        f"Lease {number} of {incident} is no longer the one in force: another process drives it; "
        "nothing was changed"
    )


def _machine() -> str:
    """The boot and the pid namespace of this process; empty where the system has no such thing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


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
    import subprocess  # noqa: PLC0415 - where there is no /proc

    asked = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
    listed = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - no input in it
    return listed.stdout.strip() or None
