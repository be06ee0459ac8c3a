"""The queue: who works, what is due, what broke off; by its page and its data twin."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from nexus.store.leading import FailingJob
from nexus.store.leases import this_process
from nexus.store.records import DEFAULT_SITE
from nexus.store.workers import SILENT, WorkerBeat
from tests.nexus.sample import ID
from tests.nexus.server.rooms import ENDED, Room, room

OTHER = "elsewhere:7"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as one:
        yield one


def beats(made: Room, name: str, seconds_ago: float = 0) -> None:
    """A worker says that it works; `OTHER` is of a machine of which nothing can be proven."""
    process = this_process()
    if name == OTHER:
        process = process.model_copy(update={"host": "elsewhere", "machine": ""})
    worker = WorkerBeat(owner=name, name=name, site=DEFAULT_SITE, process=process, at_once=8, version="0.2.0")
    now = made.home.store.now() - timedelta(seconds=seconds_ago)
    asyncio.run(made.home.store.beat(worker, now))


def leased(made: Room, owner: str) -> int:
    now = made.home.store.now()
    number = asyncio.run(made.home.store.lease(ID, owner, now + timedelta(minutes=1), now))
    assert number is not None
    return number


def test_what_is_due_waits_in_its_order_where_nobody_works(made: Room) -> None:
    told = made.get("/queue", "viewer").json()
    assert [one["incident"] for one in told["due"]] == [ID, ENDED]
    assert (told["more"], told["workers"]) == (False, [])
    assert told["oldest_due"] == min(one["since"] for one in told["due"])
    page = made.browser("viewer").get("/queue").text
    assert "No worker drives anything" in page
    assert f'href="/incidents/{ID}"' in page
    assert "The oldest work has been due for" in page


def test_workers_stand_with_what_they_drive_and_the_lost_among_them(made: Room) -> None:
    beats(made, "here:1")
    beats(made, OTHER, seconds_ago=SILENT + 5)
    leased(made, "here:1")
    told = made.get("/workers", "viewer").json()["items"]
    assert {one["name"]: (one["state"], one["drives"]) for one in told} == {
        "here:1": ("live", [ID]), OTHER: ("lost", []),
    }  # fmt: skip
    queue = made.get("/queue", "viewer").json()
    assert [(one["name"], one["seen_at"]) for one in queue["workers"]] == [
        (one["name"], one["seen_at"]) for one in told
    ]
    assert [one["incident"] for one in queue["due"]] == [ENDED]
    page = made.browser("viewer").get("/queue").text
    assert "1 worker, 1 due" in page
    assert "last heard of" in page


def test_what_broke_off_is_told_with_its_reason(made: Room) -> None:
    store, now = made.home.store, made.home.store.now()
    asyncio.run(store.fail(ID, leased(made, "here:1"), now + timedelta(minutes=2), "the model is gone"))
    job = FailingJob(site=DEFAULT_SITE, name="retention", tries=3, since=now, why="the disk is full")
    asyncio.run(store.job_failed(job))
    told = made.get("/queue", "viewer").json()
    assert [(one["incident"], one["why"]) for one in told["broken_off"]] == [(ID, "the model is gone")]
    assert [one["name"] for one in told["failing_jobs"]] == ["retention"]
    page = made.browser("viewer").get("/queue").text
    for words in ("the model is gone", "1 time, again", "retention", "the disk is full"):
        assert words in page


def test_a_restricted_incident_is_in_nobodys_hands_for_a_stranger(made: Room) -> None:
    beats(made, "here:1")
    leased(made, "here:1")
    said = {"why": "breach", "people": ["approver"]}
    assert made.post(f"/incidents/{ID}/restrict", said, "commander").status_code == 200
    for path in ("/queue", "/workers", "/now"):
        assert ID not in made.get(path, "viewer").text
        assert ID in made.get(path, "approver").text
    assert ID not in made.browser("viewer").get("/queue").text


def test_runbook_roles_and_services_are_those_of_the_settings(made: Room) -> None:
    settings = made.get("/settings", "viewer").json()
    assert made.get("/runbook", "viewer").json() == settings["runbook"]
    assert made.get("/roles", "viewer").json()["items"] == settings["roles"]
    assert made.get("/services", "viewer").json() == settings["catalogue"]
