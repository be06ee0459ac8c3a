"""Backends that nobody here wrote, as plain processes; where one is absent its tests are skipped."""

import getpass
import os
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from demo.monitoring.past import answers, running_past
from demo.processes import Process, free_port, kept, wait_for
from tests.patience import PATIENCE

#: Programs that systemd keeps out of the search path lie here.
_PLACES = (*os.environ.get("PATH", "").split(os.pathsep), "/lib/systemd", "/usr/lib/systemd")
#: The password of a MariaDB that lives for a test.
MARIADB_ROOT = "of-the-tests-alone"


def program(name: str, package: str) -> str:
    """The path of a program; without it the test is skipped, and says what to install."""
    found = shutil.which(name, path=os.pathsep.join(_PLACES))
    if found is None:
        pytest.skip(f"{name} is not installed; apt-get install {package} has it")
    return found


@contextmanager
def running_prometheus(folder: Path, samples: Sequence[str], *more: str) -> Iterator[str]:
    """As `running_past`, where its programs are installed."""
    for name in ("prometheus", "promtool"):
        program(name, "prometheus")
    with running_past(folder, samples, *more) as url:
        yield url


@contextmanager
def running_prometheus_written_to(folder: Path) -> Iterator[str]:
    """The address of a real Prometheus that takes samples, native histograms among them, by remote write."""
    prometheus = program("prometheus", "prometheus")
    folder.mkdir(parents=True)
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    port = free_port()
    command = kept(
        prometheus,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.enable-remote-write-receiver",
        "--enable-feature=native-histograms",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    process = Process("prometheus", command, output=folder / "output.txt")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("prometheus ready", lambda: answers(f"{url}/-/ready"), seconds=PATIENCE)
        yield url
    finally:
        process.stop()


@contextmanager
def running_victoriametrics(folder: Path, samples: Sequence[str]) -> Iterator[str]:
    """The address of a real VictoriaMetrics that holds these samples (lines of the text format)."""
    folder.mkdir(parents=True)
    port = free_port()
    command = kept(
        program("victoria-metrics", "victoria-metrics"),
        f"-httpListenAddr=127.0.0.1:{port}",
        f"-storageDataPath={folder / 'data'}",
        "-retentionPeriod=100y",
    )
    process = Process("victoria-metrics", command, output=folder / "output.txt")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("victoria-metrics ready", lambda: answers(f"{url}/health"), seconds=PATIENCE)
        if samples:
            write_samples(url, samples)
        yield url
    finally:
        process.stop()


def write_samples(url: str, samples: Sequence[str]) -> None:
    """Give a VictoriaMetrics samples, with their times in milliseconds, and let them be found."""
    body = "".join(f"{line}\n" for line in samples).encode()
    for path, sent in (("/api/v1/import/prometheus", body), ("/internal/force_flush", b"")):
        request = urllib.request.Request(f"{url}{path}", data=sent, method="POST")  # noqa: S310 - 127.0.0.1
        urllib.request.urlopen(request, timeout=PATIENCE).close()  # noqa: S310 - 127.0.0.1


@contextmanager
def running_gatewayd(folder: Path, entries: Sequence[str]) -> Iterator[str]:
    """The address of a real journal gateway over a journal of these entries (the export format)."""
    remote = program("systemd-journal-remote", "systemd-journal-remote")
    gateway = program("systemd-journal-gatewayd", "systemd-journal-remote")
    activate = program("systemd-socket-activate", "systemd")
    journal = folder / "journal"
    journal.mkdir(parents=True)
    (folder / "entries.txt").write_text("".join(f"{entry}\n\n" for entry in entries))
    argv = [remote, "-o", str(journal / "remote.journal"), str(folder / "entries.txt")]
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 - an installed program on our files
    port = free_port()
    library = f"LD_LIBRARY_PATH={os.environ.get('LD_LIBRARY_PATH', '')}"
    command = kept(activate, "-l", f"127.0.0.1:{port}", "-E", library, gateway, "-D", str(journal))
    process = Process(
        "gatewayd", command, output=folder / "output.txt", environment=dict([library.split("=", 1)])
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("gatewayd ready", lambda: answers(f"{url}/machine"), seconds=PATIENCE)
        yield url
    finally:
        process.stop()


@contextmanager
def running_redis(folder: Path, *settings: str) -> Iterator[int]:
    """The port of a real Redis with these words of its configuration; it keeps nothing."""
    port = free_port()
    command = kept(
        program("redis-server", "redis-server"),
        *("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *settings),
    )
    process = Process("redis", command, output=folder / f"redis-{port}.txt")
    try:
        wait_for("redis", lambda: _listens(port), seconds=PATIENCE)
        yield port
    finally:
        process.stop()


@contextmanager
def running_mariadb(folder: Path, *settings: str, zone: str = "UTC") -> Iterator[int]:
    """The port of a real MariaDB of its own, with `root` and the password of `MARIADB_ROOT`."""
    server, install = program("mariadbd", "mariadb-server"), program("mariadb-install-db", "mariadb-server")
    user = getpass.getuser()
    data, port, init = folder / "data", free_port(), folder / "init.sql"
    argv = [install, "--no-defaults", f"--user={user}", f"--datadir={data}", "--skip-test-db",
            "--auth-root-authentication-method=normal"]  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 - an installed program on our files
    init.write_text(f"create or replace user root@'127.0.0.1' identified by '{MARIADB_ROOT}';\n"
                    "grant all on *.* to root@'127.0.0.1' with grant option;\n")  # fmt: skip
    command = kept(
        server, "--no-defaults", f"--user={user}", f"--datadir={data}", f"--socket={folder / 'socket'}",
        f"--port={port}", "--bind-address=127.0.0.1", f"--init-file={init}", "--skip-name-resolve",
        f"--pid-file={folder / 'pid'}", *settings,
    )  # fmt: skip
    environment = {"PATH": os.environ.get("PATH", ""), "TZ": zone}
    process = Process("mariadb", command, output=folder / "output.txt", environment=environment)
    try:
        wait_for("mariadb", lambda: _listens(port), seconds=PATIENCE)
        yield port
    finally:
        process.stop()


@contextmanager
def running_rabbitmq(folder: Path) -> Iterator[str]:
    """The address of the management API of a real RabbitMQ of one node; `guest` may do everything.

    Its port mapper is started beside it: one that it starts by itself would outlive it.
    """
    server, mapper = program("rabbitmq-server", "rabbitmq-server"), program("epmd", "erlang-base")
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # without the wrapper, which changes the user
    folder.mkdir(parents=True, exist_ok=True)
    epmd, distribution, broker, port = (str(free_port()) for _ in range(4))
    (folder / "plugins").write_text("[rabbitmq_management].\n")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{broker}\n"
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n"
        "collect_statistics_interval = 200\n"
    )
    environment = {
        "PATH": os.environ.get("PATH", ""), "HOME": str(folder), "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": epmd, "RABBITMQ_NODENAME": "nexus@localhost", "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"), "RABBITMQ_DIST_PORT": distribution,
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
    }  # fmt: skip
    names = Process("epmd", kept(mapper), output=folder / "epmd.txt", environment=environment)
    argv = kept(script if script.exists() else server)
    process = Process("rabbitmq", argv, output=folder / "output.txt", environment=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("rabbitmq", lambda: answers(f"{url}/"), seconds=PATIENCE)
        yield url
    finally:
        process.stop()
        names.stop()


def _listens(port: int) -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return None
    return True


def in_milliseconds(samples: Iterable[str]) -> Iterator[str]:
    """Lines of OpenMetrics as the older text format has them, which VictoriaMetrics reads."""
    for line in samples:
        series, _, seconds = line.rpartition(" ")
        yield f"{series} {round(float(seconds) * 1000)}"


def journal_entries(logs: pl.DataFrame) -> Iterator[str]:
    """The lines of a recording as entries of a journal."""
    priorities = {"error": 3, "warn": 4, "info": 6, "debug": 7}
    for number, row in enumerate(logs.sort("time", maintain_order=True).iter_rows(named=True)):
        yield "\n".join(
            [
                f"__REALTIME_TIMESTAMP={int(row['time'].timestamp() * 1e6)}",
                f"__MONOTONIC_TIMESTAMP={1000 + number}",
                "_BOOT_ID=0123456789abcdef0123456789abcdef",
                "_MACHINE_ID=0123456789abcdef0123456789abcdef",
                f"_SYSTEMD_UNIT={row['service']}.service",
                f"_HOSTNAME={row['instance']}",
                f"PRIORITY={priorities[row['level']]}",
                f"MESSAGE={row['message']}",
            ]
        )
