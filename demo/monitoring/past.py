"""A Prometheus that has a past: samples of earlier times, filled in before it starts."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from demo.processes import START_SECONDS, Process, free_port, kept, wait_for


@contextmanager
def running_past(folder: Path, samples: Sequence[str], *more: str) -> Iterator[str]:
    """The address of a real Prometheus whose past holds these samples.

    Args:
        folder: for its data.
        samples: lines of OpenMetrics with times.
        more: further flags.
    """
    folder.mkdir(parents=True)
    (folder / "samples.txt").write_text("".join(f"{line}\n" for line in (*samples, "# EOF")))
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    argv = [
        shutil.which("promtool") or "promtool",
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(folder / "samples.txt"),
        str(folder / "data"),
    ]
    subprocess.run(argv, check=True, capture_output=True)  # noqa: S603 - an installed program on our files
    port = free_port()
    command = kept(
        shutil.which("prometheus") or "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        *more,
    )
    process = Process("prometheus", command, output=folder / "output.txt")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("prometheus ready", lambda: answers(f"{url}/-/ready"), seconds=START_SECONDS)
        yield url
    finally:
        process.stop()


def answers(url: str) -> bool | None:
    """Whether somebody answers there, in the form that `wait_for` looks for."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - 127.0.0.1
            return True
    except OSError:
        return None


def open_metrics(metrics: pl.DataFrame) -> Iterator[str]:
    """The samples of a recording as lines of OpenMetrics; an edge has the label `peer`."""
    for row in metrics.sort("metric", "service", "instance", "peer", "time").iter_rows(named=True):
        edge = f',peer="{row["peer"]}"' if row["peer"] else ""
        labels = f'service="{row["service"]}",instance="{row["instance"]}"{edge}'
        yield f"{row['metric']}{{{labels}}} {row['value']} {row['time'].timestamp():.3f}"
