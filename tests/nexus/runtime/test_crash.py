"""A real process, killed with SIGKILL at many points: the incident goes on and nothing runs twice."""

import json
import sqlite3
from pathlib import Path

from tests.nexus.command_line import Terminal
from tests.nexus.served import typed


def kill_after(lines: int, home: Path, *words: str | Path) -> bool:
    """Start a command and kill it as soon as it has printed that many lines; False if it ended before."""
    with typed(home, *map(str, words)) as (running, printed):
        for _ in range(lines):
            if not printed.readline():
                running.join()
                return False
        running.kill()
        running.join()
        return True


#: After how many lines a process is killed; test_live_kills.py kills one in every step of the graph.
LINES = 10


def test_killed_again_and_again_the_incident_still_ends_and_acts_once(nexus: Terminal, case: Path) -> None:
    home = nexus.home
    killed = kill_after(LINES, home, "run", "--world", case, "--approve", "all", "--engine", "playbook")
    kills = 0
    while killed and kills < 60:
        kills += 1
        killed = kill_after(LINES, home, "resume", "--approve", "all")
    assert kills >= 2, "the process was killed in the middle of its work"
    (summary,) = json.loads(nexus("incidents", "--json").out)
    assert summary["status"] == "resolved"
    body = json.loads(nexus("show", summary["id"], "--json").out)
    assert [action["state"] for action in body["actions"]] == ["done"]
    assert body["post_mortem"]
    assert body["backlog"]
    ledger = home / "incidents" / summary["id"] / "world.jsonl"
    executed = [json.loads(line)["key"] for line in ledger.read_text().splitlines()]
    assert len(executed) == 1
    _whole(home / "nexus.db", summary["id"])


def _whole(store: Path, incident: str) -> None:
    """No event is left in the inbox, and every line of the timeline is there once."""
    with sqlite3.connect(store) as database:
        (check,) = database.execute("pragma integrity_check").fetchone()
        (left,) = database.execute(
            "select count(*) from inbox where handled is null or handled = 0"
        ).fetchone()
        rows = database.execute("select id from timeline where incident = ?", (incident,)).fetchall()
    database.close()
    assert check == "ok"
    assert left == 0
    assert len(rows) == len(set(rows))
