"""The supervisor that keeps the shop's processes: its configuration, and the calls that are needed.

supervisord (https://supervisord.org) answers XML-RPC over a unix socket. A service is a process group with
its name; its members are `<service>_00`, `<service>_01`, ...
"""

import configparser
import http.client
import shlex
import socket
import sys
import xmlrpc.client
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from demo.catalogue import DEPLOYED, Entry
from demo.processes import START_SECONDS, NotReadyError, Process, kept, wait_for

ROOT = Path(__file__).parent.parent
#: The longest path of a unix socket that Linux takes, in bytes.
_LONGEST_SOCKET = 107
#: supervisord's faults for "is where you want it": already started, not running; and for a failed start.
_ALREADY, _NO_START = frozenset({60, 70}), 50
_STOPPED = "STOPPED"


class Supervisor:
    """supervisord of one run, and its client.

    Args:
        run: The run's folder; configuration, socket and log are kept there.
    """

    def __init__(self, run: Path) -> None:
        self.socket = run / "supervisor.sock"
        if len(str(self.socket).encode()) > _LONGEST_SOCKET:
            raise NotReadyError(f"{self.socket} is too long for a unix socket; use a shorter folder")
        self._run = run
        self._process: Process | None = None

    def start(self) -> None:
        """Starts supervisord itself; of the shop nothing runs yet."""
        configuration = self._run / "supervisord.conf"
        with configuration.open("w") as file:
            _configuration(self._run, self.socket).write(file)
        self._process = Process(
            "supervisord",
            kept(sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", configuration),
            output=self._run / "output" / "supervisord.txt",
        )
        wait_for("supervisord", self._answers, seconds=START_SECONDS)

    def stop(self) -> None:
        """Stops supervisord, which stops what it keeps."""
        if self._process:
            # All at once; by itself it would stop one service after the other.
            with suppress(OSError, xmlrpc.client.Fault):
                self._call("stopAllProcesses", True)
            self._process.stop(grace=20)

    def check(self) -> None:
        """Complains if supervisord has ended, or gave up one of its processes.

        Raises:
            NotReadyError: It says which.
        """
        if self._process:
            self._process.check()

    def members(self, service: str) -> list[str]:
        """The names of a service's processes that are wanted, running or not."""
        return [
            f"{one['group']}:{one['name']}"
            for one in self._all()
            if one["group"] == service and one["statename"] != _STOPPED
        ]

    def pids(self) -> dict[str, int]:
        """The process id of every running process, by its name within its group."""
        return {one["name"]: one["pid"] for one in self._all() if one["pid"]}

    def state(self, member: str) -> str:
        """The state's name: `RUNNING`, `BACKOFF`, `FATAL`, ..."""
        name: str = self._call("getProcessInfo", member)["statename"]
        return name

    def restart(self, service: str) -> None:
        """Stops and starts what is wanted of a service, or the first process if nothing is."""
        for member in self.members(service) or [member_of(service, 0)]:
            self.end(member)
            self.begin(member)

    def resize(self, service: str, count: int) -> None:
        """Lets the first `count` processes of a service run and no others."""
        for number in range(DEPLOYED[service].instances):
            if number < count:
                self.begin(member_of(service, number))
            else:
                self.end(member_of(service, number))

    def begin(self, member: str) -> None:
        """Starts one process; whether it came up shows in its state."""
        self._put("startProcess", member, False)

    def end(self, member: str) -> None:
        """Stops one process; requests under way are finished."""
        self._put("stopProcess", member, True)

    def _put(self, method: str, member: str, wait: bool) -> None:
        try:
            self._call(method, member, wait)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in _ALREADY | {_NO_START}:
                raise

    def _answers(self) -> bool | None:
        self.check()
        try:
            return bool(self._call("getSupervisorVersion"))
        except OSError:
            return None

    def _all(self) -> Sequence[dict[str, Any]]:
        found: Sequence[dict[str, Any]] = self._call("getAllProcessInfo")
        return found

    def _call(self, method: str, *arguments: str | bool) -> Any:
        with xmlrpc.client.ServerProxy("http://supervisor", _Transport(self.socket)) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)


def member_of(service: str, number: int) -> str:
    """The supervisor's name of an instance, counted from 0."""
    return f"{service}:{service}_{number:02d}"


def _configuration(run: Path, where: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read_dict(
        {
            "unix_http_server": {"file": _plain(where), "chmod": "0700"},
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
            },
            "supervisord": {
                "logfile": _plain(run / "output" / "supervisor.log"),
                "pidfile": _plain(run / "supervisord.pid"),
                "childlogdir": _plain(run / "output"),
            },
            **{f"program:{entry.name}": _program(run, entry) for entry in DEPLOYED.values()},
        }
    )
    return parser


def _program(run: Path, entry: Entry) -> dict[str, str]:
    app = run / "releases" / entry.name / "current" / "app.py"
    argv = [sys.executable, str(app), "--inventory", str(run / "inventory.json")]
    return {
        "command": f"{_plain(shlex.join(argv))} --number %(process_num)d",
        "process_name": "%(program_name)s_%(process_num)02d",
        "numprocs": str(entry.instances),
        "directory": _plain(run),
        "environment": f'PYTHONPATH="{_plain(ROOT)}",PYTHONDONTWRITEBYTECODE="1"',
        # Which of them run is said by whoever deploys or scales.
        "autostart": "false",
        "autorestart": "true",
        "startretries": "2",
        "stopwaitsecs": "12",
        "redirect_stderr": "true",
        "stdout_logfile": f"{_plain(run / 'output')}/%(program_name)s_%(process_num)02d.txt",
    }


def _plain(text: Path | str) -> str:
    # supervisord expands %(…)s in its values.
    return str(text).replace("%", "%%")


class _Connection(http.client.HTTPConnection):
    def __init__(self, where: Path) -> None:
        super().__init__("supervisor", timeout=30)
        self._where = where

    def connect(self) -> None:
        # Kept before it connects: `close` closes it, whatever happens.
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._where))


_Host = tuple[str, dict[str, str]] | str


class _Transport(xmlrpc.client.Transport):
    def __init__(self, where: Path) -> None:
        super().__init__()
        self._where = where

    def make_connection(self, host: _Host) -> http.client.HTTPConnection:
        connection = _Connection(self._where)
        # Where the base class looks for what it has to close.
        self._connection = host, connection
        return connection
