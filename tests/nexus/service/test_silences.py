"""A silence in Alertmanager is somebody's word that they have it: of a real one, and of a fake one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from demo.processes import Process, free_port, wait_for
from graph.duties import DutyKind, agenda
from graph.events import apply_event
from graph.reminders import reminder
from incidents.errors import ToolFailed
from incidents.events import Acknowledged, Event, SilenceEnded
from incidents.incident import Incident
from incidents.paging import is_over_by_itself, pause_of_paging
from incidents.policy import ApprovalPolicy
from nexus.service.holding import who_has_it
from nexus.service.silences import SilenceWatch
from nexus.store.memory import MemoryStore
from tests.graph.harness import RUNBOOK
from tests.nexus.leasing import saved
from tests.nexus.service.test_left_out import REAL, _ready
from tests.nexus.service.test_rematching import World
from tests.patience import PATIENCE
from tests.tools.live.fakes.server import Answer, Asked, serving, told

SITE = """services: [{{name: mail}}, {{name: web}}]
people: [{{name: Ann Bell, id: ann@shop.example.org, token: 'env:ANN'}}]
intake: {{senders: {{alertmanager: {{api: {{url: '{url}', timeout: 2s}}}}}}}}
"""
LABELS = {"QueueGrows": {"service": "mail", "queue": "q1"}, "PageSlow": {"service": "mail"}}


class Duty(World):
    """A world whose incidents are moved on by hand as their inbox says."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder, MemoryStore(), SITE.format(url=url))
        self.silences = SilenceWatch(self.intake)
        self.seen = set[str]()

    async def looks(self, identity: str) -> Sequence[Event]:
        """What a look has put into the inbox."""
        await self.silences.look()
        fresh = [e for e in await self.store.events(identity) if e.kind != "alerts" and e.id not in self.seen]
        self.seen |= {event.id for event in fresh}
        return fresh

    async def turns(self, identity: str) -> Incident:
        """The incident after everything that waits in its inbox."""
        now, known = self.clock.now(), await self.store.load(identity)
        assert known is not None
        for event in await self.store.events(identity):
            known = apply_event(known, event, ApprovalPolicy(), RUNBOOK, now).incident
        await saved(self.store, known, now)
        return known

    def paged_at(self, known: Incident) -> datetime | None:
        """When people are paged again if nobody is heard."""
        due = [one for one in agenda(known, RUNBOOK, None) if one.kind is DutyKind.HOLDER_SILENT]
        return due[0].at if due else None


class Real:
    """A real Alertmanager, asked as `amtool` asks it."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/api/v2"

    def fires(self, *names: str, **more: str) -> dict[str, str]:
        """The fingerprints of alerts that fire there now."""
        labels = {name: {"alertname": name, **LABELS[name], **more} for name in names}
        assert httpx2.post(f"{self.url}/alerts", json=[{"labels": one} for one in labels.values()]).is_success
        listed = httpx2.get(f"{self.url}/alerts").json()
        return {one["labels"]["alertname"]: one["fingerprint"] for one in listed}

    def silences(self, by: str, *matchers: str, starts: int = 0, ends: int = 3600, **more: Any) -> str:
        """Make one; a matcher is written as `name=value`, `!=`, `=~` or `!~`, times are seconds from now."""
        now = datetime.now(UTC)
        body = {
            "matchers": [_matcher(one) for one in matchers], "createdBy": by,
            "comment": "I look at the queue",
            "startsAt": (now + timedelta(seconds=starts)).isoformat(),
            "endsAt": (now + timedelta(seconds=ends)).isoformat(),
        }  # fmt: skip
        answer = httpx2.post(f"{self.url}/silences", json=body | more)
        assert answer.is_success, answer.text
        return str(answer.json()["silenceID"])

    def ends(self, identity: str) -> None:
        assert httpx2.delete(f"{self.url}/silence/{identity}").is_success


def _matcher(text: str) -> dict[str, Any]:
    sign = next(one for one in ("!=", "=~", "!~", "=") if one in text)
    name, _, value = text.partition(sign)
    return {"name": name, "value": value, "isRegex": "~" in sign, "isEqual": "!" not in sign}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    port, file = free_port(), tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}))
    argv = [
        "prometheus-alertmanager", f"--config.file={file}", f"--storage.path={tmp_path / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
    ]  # fmt: skip
    process = Process("alertmanager", argv, output=tmp_path / "alertmanager.txt")
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for("alertmanager", lambda: _ready(url), seconds=PATIENCE, pause=0.05)
        yield Real(url)
    finally:
        process.stop()


async def fired(duty: Duty, keys: dict[str, str]) -> str:
    """The incident of what has fired."""
    alerts = [
        {"labels": {"alertname": name, **LABELS[name]}, "startsAt": datetime.now(UTC).isoformat(),
         "fingerprint": key}
        for name, key in keys.items()
    ]  # fmt: skip
    body = {"version": "4", "groupKey": "{}:{}", "status": "firing", "alerts": alerts}
    taken = await duty.intake.receive(httpx2.Request("POST", "http://x", json=body).content)
    assert taken.incident is not None
    return taken.incident


@pytest.fixture
def duty(tmp_path: Path, real: Real) -> Duty:
    made = Duty(tmp_path, real.url.removesuffix("/api/v2"))
    made.clock.advance_to(datetime.now(UTC))
    return made


@REAL
async def test_a_silence_rests_the_paging_until_it_is_ended(duty: Duty, real: Real) -> None:
    identity = await fired(duty, real.fires("QueueGrows"))
    assert await duty.looks(identity) == []
    silence = real.silences("ann@shop.example.org", "alertname=QueueGrows")
    (said,) = await duty.looks(identity)
    assert isinstance(said, Acknowledged)
    assert (said.by, said.note, said.source) == ("Ann Bell", "I look at the queue", "Alertmanager")
    assert duty.rung[-1] == identity
    assert await duty.looks(identity) == [], "it is told once"
    known, now = await duty.turns(identity), duty.clock.now()
    assert known.holder == "Ann Bell"
    pause = pause_of_paging(known, RUNBOOK.bounds, now)
    assert pause is not None
    assert "by a silence that lasts until" in who_has_it(known)
    real.ends(silence)
    (over,) = await duty.looks(identity)
    assert isinstance(over, SilenceEnded)
    after = await duty.turns(identity)
    assert pause_of_paging(after, RUNBOOK.bounds, now) is None
    assert duty.paged_at(after) == now
    text = reminder(DutyKind.HOLDER_SILENT, "", after, RUNBOOK)
    assert "Ann Bell has it by a silence, which is over since" in text
    assert await duty.looks(identity) == []


@REAL
async def test_one_that_ends_by_itself_resumes_paging_though_nobody_is_asked(duty: Duty, real: Real) -> None:
    identity = await fired(duty, real.fires("QueueGrows"))
    real.silences("Kim", "service=~ma.*", ends=600)
    await duty.looks(identity)
    known, now = await duty.turns(identity), duty.clock.now()
    assert is_over_by_itself(known, RUNBOOK.bounds)
    over = known.heard_until
    assert over is not None
    assert abs(over - now - timedelta(seconds=600)) < timedelta(seconds=PATIENCE)
    assert duty.paged_at(known) == over
    assert pause_of_paging(known, RUNBOOK.bounds, over - timedelta(seconds=1)) is not None
    assert pause_of_paging(known, RUNBOOK.bounds, over) is None


@REAL
@pytest.mark.parametrize(
    ("matchers", "counts"),
    [
        (("alertname=QueueGrows",), True),
        (("alertname=~Queue.*", "queue=q1"), True),
        (("service=~mail|web",), True),
        (("alertname!=PageSlow",), True),
        (("alertname!~Page.*",), True),
        (("queue!=",), True),
        (("alertname=~Queue",), False),  # a regular expression is of the whole value
        (("alertname=QueueGrows", "queue=q2"), False),
        (("alertname!=QueueGrows",), False),
        (("alertname!~Q.*",), False),
        (("region=",), True),  # no such label is an empty one
    ],
    ids=str,
)
async def test_its_matchers_are_read_by_alertmanager(
    duty: Duty, real: Real, matchers: tuple[str, ...], counts: bool
) -> None:
    identity = await fired(duty, real.fires("QueueGrows"))
    if matchers == ("region=",):
        matchers = ("region=", "alertname=QueueGrows")
    real.silences("Kim", *matchers)
    assert [event.kind for event in await duty.looks(identity)] == ["acknowledge"] * counts


@REAL
async def test_what_is_not_yet_or_no_more_a_silence_counts_for_nothing(duty: Duty, real: Real) -> None:
    identity = await fired(duty, real.fires("QueueGrows"))
    real.silences("Kim", "alertname=QueueGrows", starts=600)
    real.ends(real.silences("Sam", "alertname=QueueGrows"))
    assert await duty.looks(identity) == []


@REAL
async def test_all_that_fires_has_to_be_silenced_and_the_last_one_says_who(duty: Duty, real: Real) -> None:
    identity = await fired(duty, real.fires("QueueGrows", "PageSlow"))
    real.silences("Kim", "alertname=QueueGrows", ends=900)
    assert await duty.looks(identity) == [], "another alert of it still calls"
    real.silences("Sam", "alertname=PageSlow", ends=7200)
    (said,) = await duty.looks(identity)
    assert isinstance(said, Acknowledged)
    assert said.by == "Sam"
    assert said.until is not None
    assert said.until < datetime.now(UTC) + timedelta(seconds=900)


@REAL
async def test_made_longer_it_is_a_new_word_and_another_persons_hold_stays(duty: Duty, real: Real) -> None:
    identity = await fired(duty, real.fires("QueueGrows"))
    real.silences("Kim", "alertname=QueueGrows", ends=900)
    await duty.looks(identity)
    first = await duty.turns(identity)
    real.silences("Kim", "alertname=QueueGrows", ends=1200)
    (again,) = await duty.looks(identity)
    longer = await duty.turns(identity)
    assert (again.kind, longer.holder, longer.held_since) == ("acknowledge", "Kim", first.held_since)
    assert longer.heard_until is not None
    assert first.heard_until is not None
    assert longer.heard_until > first.heard_until
    own = Acknowledged(id="own", incident=identity, at=duty.clock.now(), by="Kim")
    assert (await _after(duty, identity, own)).heard_until is None, "they said so themselves since"


async def _after(duty: Duty, identity: str, event: Event) -> Incident:
    known = await duty.store.load(identity)
    assert known is not None
    return apply_event(known, event, ApprovalPolicy(), RUNBOOK, duty.clock.now()).incident


@REAL
async def test_a_silence_from_before_the_alert_is_no_answer_to_it(duty: Duty, real: Real) -> None:
    real.silences("maintenance", "service=mail")
    identity = await fired(duty, real.fires("QueueGrows"))
    assert await duty.looks(identity) == []


NOW = "2026-11-29T02:59:30.000Z"


def standing(state: str, *silences: str) -> dict[str, Any]:
    status = {"state": state, "silencedBy": list(silences), "inhibitedBy": []}
    return {"fingerprint": "QueueGrows", "startsAt": "2026-11-29T02:59:00.000Z", "status": status}


class Fake:
    """An Alertmanager that answers what it is told to; a proxy or a fork may answer anything."""

    def __init__(self, *silences: str, ends: str = "2026-11-29T05:00:00Z") -> None:
        self.silences, self.ends, self.down = silences, ends, False

    def __call__(self, asked: Asked) -> Answer:
        if self.down:
            return Answer("bad gateway", 502)
        if asked.path == "/api/v2/alerts":
            quiet = asked.one("silenced") == "true"
            return told([standing("suppressed", *self.silences)] if quiet == bool(self.silences) else [])
        assert asked.path.startswith("/api/v2/silence/")
        return told({"id": "s1", "createdBy": "", "comment": "password=hunter2", "updatedAt": NOW,
                     "endsAt": self.ends, "status": {"state": "active"}})  # fmt: skip


async def test_while_alertmanager_does_not_answer_nothing_ends_by_it_but_its_end_is_known(
    tmp_path: Path,
) -> None:
    fake = Fake("s1")
    with serving(fake) as server:
        at = Duty(tmp_path, server.url)
        identity = await at.fires("QueueGrows", service="mail")
        (said,) = await at.looks(identity)
        assert isinstance(said, Acknowledged)
        assert said.by == "somebody"
        assert "hunter2" not in said.note
        known, before = await at.turns(identity), await at.store.events(identity)
        fake.down = True
        with pytest.raises(ToolFailed, match="502"):
            await at.looks(identity)
        assert await at.store.events(identity) == before, "what it said stands until its end"
        assert pause_of_paging(known, RUNBOOK.bounds, at.clock.now()) is not None
        fake.down, fake.silences = False, ()
        (over,) = await at.looks(identity)
        assert isinstance(over, SilenceEnded)


async def test_a_process_that_begins_finds_what_another_has_heard(tmp_path: Path) -> None:
    fake = Fake("s1")
    with serving(fake) as server:
        at = Duty(tmp_path, server.url)
        identity = await at.fires("QueueGrows", service="mail")
        await at.looks(identity)
        await at.turns(identity)
        at.silences, fake.silences = SilenceWatch(at.intake), ()
        assert [event.kind for event in await at.looks(identity)] == ["silence_ended"]


async def test_who_is_asked_for_nothing_where_nothing_is_silenced(tmp_path: Path) -> None:
    fake = Fake()
    with serving(fake) as server:
        at = Duty(tmp_path, server.url)
        await at.silences.look()
        before = len(server.asked)
        await at.silences.look()
        assert len(server.asked) == before + 1, "one question tells that nothing is"
