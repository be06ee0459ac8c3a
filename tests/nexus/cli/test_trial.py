"""War rooms to try, typed at the command line: of a shop that breaks, and of what was replayed."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from demo.processes import wait_for
from tests.demo.needs import MONITORING, SHOP
from tests.nexus.command_line import Terminal, process
from tests.nexus.served import Serving, served
from tests.nexus.server.rooms import csrf_of
from tests.patience import PATIENCE


def browser(link: str) -> httpx2.Client:
    """A browser of its own, at the server of a link."""
    origin = str(httpx2.URL(link).join("/")).rstrip("/")
    headers = {"User-Agent": "Firefox/142.0", "Accept": "text/html", "Origin": origin}
    return httpx2.Client(base_url=origin, headers=headers, timeout=PATIENCE)


@pytest.fixture
def shop(nexus: Terminal, tmp_path: Path) -> Iterator[Serving]:
    with served(tmp_path, nexus.home, "--demo", "--engine", "playbook") as running:
        yield running


def children(pid: int) -> list[int]:
    """The processes that one started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for task in tasks for one in task.read_text().split()]


@SHOP
@MONITORING
def test_the_demo_is_looked_at_by_its_link_and_interrupted_in_the_middle_of_its_start(shop: Serving) -> None:
    link = shop.url
    with browser(link) as mine, browser(link) as anothers:
        assert mine.head(link).status_code == 303
        entered = mine.get(link)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
        assert "All is quiet" in mine.get("/").text
        assert mine.get(link).status_code == 303, "who is in needs no link"
        assert anothers.get(link).status_code == 409
        assert anothers.get("/").headers["location"] == "/login"
        assert "nexus_build_info" in anothers.get("/metrics").text
    shop.until("starting the shop")
    started = wait_for("what it starts", lambda: children(shop.pid) or None, seconds=PATIENCE)
    shop.stop()
    wait_for("their end", lambda: None if any(map(runs, started)) else True, seconds=PATIENCE)
    assert shop.exit_code == 0


def runs(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").exists()


@SHOP
@MONITORING
@pytest.mark.long  # three minutes of real time
def test_the_demo_is_decided_in_the_browser_and_recovers(shop: Serving) -> None:
    with browser(shop.url) as mine:
        mine.get(shop.url)
        page = re.search(r"\S+/incidents/INC-\S+", shop.until("is open")[-1])
        assert page is not None
        shop.until("wait: for a person to decide on A1")
        decision = f"{page[0]}/decisions/A1"
        shown = mine.get(decision).text
        digest = re.search(r'name="digest" value="(\w+)"', shown)
        assert digest is not None
        signed = {"csrf": csrf_of(shown), "digest": digest[1], "answer": "approve"}
        assert mine.post(decision, data=signed).status_code == 303
        shop.until("approved A1")
        shop.until("is over; its pages stay until Ctrl-C")
        assert "resolved" in mine.get(page[0]).text
    shop.stop()
    assert shop.exit_code == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (("--host", "0.0.0.0"), "only this machine may"),  # noqa: S104 - it is refused
        (("--config", "nexus.yaml"), "leave out --config"),
        (("--no-worker",), "leave out --config and what begins with --no-"),
    ],
)
def test_a_demo_that_cannot_be_is_refused(nexus: Terminal, more: tuple[str, ...], why: str) -> None:
    typed = nexus("serve", "--demo", *more)
    assert (typed.code, typed.out) == (2, "")
    assert why in typed.err


@SHOP
def test_without_prometheus_the_demo_says_how_to_get_it(nexus: Terminal, tmp_path: Path) -> None:
    nexus.set("PATH", str(tmp_path))
    typed = nexus("serve", "--demo")
    assert typed.code == 1
    assert "apt-get install prometheus prometheus-alertmanager" in typed.err


def test_a_replayed_incident_offers_its_page_in_the_browser_there_is(tmp_path: Path) -> None:
    opened, program = tmp_path / "opened", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    program.chmod(0o755)
    words = ("demo", "--yes", "--engine", "playbook", "--open")
    with process(tmp_path / "home", *words, BROWSER=f"{program} %s") as running:
        link = wait_for("a browser", lambda: text_of(opened), seconds=PATIENCE)
        with browser(link) as mine:
            entered = mine.get(link)
            page = entered.headers["location"]
            assert re.fullmatch(r"/incidents/INC-2026-11-23-\d+", page), entered.text
            shown = mine.get(page).text
            assert "resolved" in shown
            named = mine.post(f"{page}/note", data={"csrf": csrf_of(shown), "text": "mine"})
            assert (named.status_code, "viewer" in named.text) == (403, True), (
                "who only looks changes nothing"
            )
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=PATIENCE)
    assert (running.returncode, err) == (0, "")
    assert f"Its page:     {link}" in out


def text_of(file: Path) -> str | None:
    return file.read_text().strip() if file.exists() else None


def test_a_page_for_people_is_no_output_for_machines(nexus: Terminal) -> None:
    typed = nexus("demo", "--open", "--json")
    assert (typed.code, typed.out) == (2, "")
    assert "leave out --json" in typed.err
