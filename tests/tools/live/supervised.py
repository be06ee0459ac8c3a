"""A small deploy target that is real: releases behind a link, kept by a supervisord of its own.

Of `shop` every version answers on one port with what it is; `3.0` is laid out but never ran, `sick` answers
500 and `broken` ends at once. `crew` is a group of three processes.
"""

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import HttpUrl

from demo.processes import Process, free_port, kept, wait_for
from tests.patience import PATIENCE
from tools.live.actions.supervise import Supervisord
from tools.live.settings import Releases

VERSIONS = ("1.0", "2.0", "3.0", "sick", "broken")
FIRST = {"shop": "2.0", "crew": "2.0"}
LOG: list[dict[str, object]] = [
    {"time": "2026-03-10T09:00:00Z", "id": "d1", "service": "shop", "kind": "deploy", "version_from": "sick",
     "version_to": "1.0", "author": "ana", "summary": "first", "commit": "aaa111"},
    {"time": "2026-03-12T10:16:00Z", "id": "d2", "service": "shop", "kind": "deploy", "version_from": "1.0",
     "version_to": "2.0", "author": "cleo", "summary": "bundles", "commit": "ccc333"},
    {"time": "2026-03-09T10:16:00Z", "id": "d0", "service": "shop", "kind": "deploy", "version_from": "0.9",
     "version_to": "broken", "healthy": False},
]  # fmt: skip

_APP = """
import http.server, json, pathlib, socketserver, sys, time
version = pathlib.Path(__file__).resolve().parent.name
if version == "broken":
    sys.exit(3)
started = time.time()

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"version": version, "started": started}).encode()
        self.send_response(500 if version == "sick" else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

class Server(http.server.ThreadingHTTPServer):
    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # without asking who we are

Server.server_name = "local"
Server(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""

_CONFIGURATION = """
[unix_http_server]
file = {folder}/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
logfile = {folder}/log
pidfile = {folder}/pid
childlogdir = {folder}
[program:shop]
command = {python} -S {folder}/deployed/shop/current/app.py {port}
autorestart = false
startsecs = 0
stopwaitsecs = 2
[program:crew]
command = sleep 1000
numprocs = 3
process_name = %(program_name)s_%(process_num)02d
startsecs = 0
"""


class Target:
    """The running deploy target; `reset` makes it as it was at first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "deployed"
        self.socket = folder / "s"
        self.port = free_port()
        self._process: Process | None = None

    def start(self) -> None:
        """Start the supervisor, which starts everything."""
        argv = kept(sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "-c", self.folder / "conf")
        environment = {"PATH": "/usr/bin:/bin"}
        self._process = Process("supervisord", argv, output=self.folder / "out", environment=environment)
        wait_for("shop", self.answering, seconds=PATIENCE, pause=0.02)

    def stop(self) -> None:
        """Stop the supervisor and what it keeps."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End all of it as if its machine had lost its power; the socket is gone too."""
        supervisor = int((self.folder / "pid").read_text())
        kept_by_it = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        for pid in (supervisor, *map(int, kept_by_it)):
            os.kill(pid, signal.SIGKILL)
        self.stop()
        self.socket.unlink(missing_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def spec(self, patience: float = 5.0) -> Releases:
        return Releases(
            kind="releases",
            root=self.root,
            services=("shop", "crew"),
            supervisor=str(self.socket),
            health={"shop": HttpUrl(self.url)},
            patience=timedelta(seconds=patience),
        )

    def lay_out(self) -> None:
        for service, first in FIRST.items():
            for version in VERSIONS:
                (self.root / service / version).mkdir(parents=True)
                (self.root / service / version / "app.py").write_text(_APP)
            (self.root / service / "current").symlink_to(first)

    def link(self, service: str = "shop") -> str:
        return (self.root / service / "current").readlink().name

    def answering(self) -> str | None:
        return self.answers()[0]

    def answers(self) -> tuple[str | None, float]:
        """Which version answers, and when its process began."""
        try:
            with urllib.request.urlopen(self.url, timeout=2) as response:  # noqa: S310 - our own, on loopback
                said = json.load(response)
        except OSError:
            return None, 0.0
        return str(said["version"]), float(said["started"])

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.root / "releases.log").read_text().splitlines()]

    async def reset(self) -> None:
        (self.root / "nexus.log").unlink(missing_ok=True)
        (self.root / "releases.log").write_text("".join(json.dumps(line) + "\n" for line in LOG))
        manager = Supervisord(str(self.socket), timedelta(seconds=10))
        for service, first in FIRST.items():
            link = self.root / service / "current"
            if link.readlink().name != first:
                link.unlink()
                link.symlink_to(first)
        if self.answering() != FIRST["shop"]:
            await manager.restart("shop", lambda: None)
            wait_for("shop", lambda: self.answering() == FIRST["shop"] or None, seconds=PATIENCE, pause=0.01)
        await manager.resize("crew", 2, lambda: None)
        await manager.aclose()


@contextmanager
def supervised() -> Iterator[Target]:
    """A target of its own, in a folder with a name short enough for a unix socket."""
    with TemporaryDirectory(prefix="nx-") as place:
        target = Target(Path(place))
        target.lay_out()
        configuration = target.folder / "conf"
        configuration.write_text(_CONFIGURATION.format(folder=place, python=sys.executable, port=target.port))
        try:
            target.start()
            yield target
        finally:
            target.stop()
