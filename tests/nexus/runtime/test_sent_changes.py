"""What senders tell of changes is evidence for causes: in a live world, and as a source by itself."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents.action import ActionKind, Arguments
from incidents.catalogue import Service
from incidents.changes import Change, ChangeKind
from incidents.errors import ToolFailed
from incidents.findings import Window
from nexus.config.service_aliases import ConfirmedAlias, aliases_beside, confirm_alias
from nexus.config.site import Site
from nexus.runtime.sent_changes import SentChanges
from nexus.store.deliveries import AlertDelivery, Disposition, Filing, IntakeView
from nexus.store.memory import MemoryStore
from nexus.store.sqlite.store import Store
from tests import patient
from tests.nexus.command_line import typed_before
from tests.nexus.live import Live, live
from tests.nexus.rig import BAD, GOOD

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
DAY = Window(start=NOON - timedelta(hours=12), end=NOON + timedelta(hours=12))


def deployed(version: str, ago: float, **more: object) -> dict[str, Any]:
    """GitHub's word of a deployment."""
    at = (datetime.now(UTC) - timedelta(seconds=ago)).isoformat()
    deployment: dict[str, object] = {
        "id": int(ago), "sha": "3f2a9c1d5e6b", "ref": version, "task": "deploy", "environment": "production",
        "creator": {"login": "kim"}, "payload": {},
    }  # fmt: skip
    return {
        "action": "created",
        "deployment_status": {"id": 1, "state": "success", "created_at": at},
        "deployment": deployment | more,
        "repository": {"name": "shop", "full_name": "acme/shop"},
    }


def tell(one: Live, body: dict[str, Any]) -> dict[str, Any]:
    """Post what a sender tells; the answer."""
    answer = patient.post(one.nexus.url, json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_deployment_that_was_posted_is_the_cause_and_its_undo_is_proposed() -> None:
    with live(tells_changes=False) as one:
        tell(one, deployed(GOOD, 90_000))
        told = tell(one, deployed(BAD, 105))
        tell(one, deployed("3.0", 100, environment="staging"))
        assert told["taken"] == "ignored"
        assert one.alert() == (202, "opened")
        one.nexus.until("for a person to decide on A1")
        one.saved("A1")
        found = one.stands()
        assert found.diagnosis is not None
        assert (found.diagnosis.service, found.diagnosis.change) == ("shop", "105")
        proposal = found.proposal("A1")
        assert proposal is not None
        assert (proposal.action.kind, proposal.action.service) == (ActionKind.ROLLBACK, "shop")
        assert proposal.action.arguments == Arguments(version=GOOD)
        with Store.existing(one.home) as store:
            asked = asyncio.run(store.evidence(one.incident))
        changes = {row.id: row.summary for row in asked if row.tool in {"changes", "deployments"}}
        cited = [text for identity, text in changes.items() if identity in proposal.evidence]
        assert any(f"[sent by github, delivery {told['delivery']}]" in text for text in cited)
        assert not any("3.0" in text for text in changes.values())
        body = typed_before(one.home, "alerts", "show", str(told["delivery"]))
        assert '"login"' in body


async def kept(*told: Change, sender: str = "ci") -> MemoryStore:
    store = MemoryStore()
    for change in told:
        filing = Filing(disposition=Disposition.IGNORED, changes=(change,))

        def decide(view: IntakeView, filing: Filing = filing) -> Filing:
            return filing

        await store.take_in(AlertDelivery(received_at=change.time, sender=sender), "default", decide)
    return store


def change(hours: float, version: str = "", **more: object) -> Change:
    made = Change(
        time=NOON + timedelta(hours=hours), id=f"{version}@{hours}", service="shop", kind=ChangeKind.DEPLOY,
        version_to=version,
    )  # fmt: skip
    return made.model_copy(update=more)


SITE = Site(services=(Service(name="shop"), Service(name="web")))


async def test_what_ran_before_is_what_was_deployed_before_and_did_not_fail(tmp_path: Path) -> None:
    store = await kept(
        change(-40, "1"), change(-3, "2", healthy=False), change(-2, "3"), change(-1, "3"), change(0, "1"),
        change(1, "9", version_from="8"),
    )  # fmt: skip
    found = await SentChanges.of(store, SITE, tmp_path / "nexus.yaml").changes(DAY)
    assert [(one.version_from, one.version_to) for one in found] == [
        ("1", "2"), ("1", "3"), ("1", "3"), ("3", "1"), ("8", "9"),
    ]  # fmt: skip


async def test_a_name_counts_once_somebody_says_what_it_means(tmp_path: Path) -> None:
    store = await kept(change(0, "1", service="kasse"), change(0, "2", service="acme/web"))
    port = SentChanges.of(store, SITE, tmp_path / "nexus.yaml")
    assert {one.service for one in await port.changes(DAY)} == {"kasse", "web"}
    alias = ConfirmedAlias(name="kasse", service="shop", by="ana", at=NOON)
    confirm_alias(aliases_beside(tmp_path / "nexus.yaml"), alias, ["shop", "web"])
    assert {one.service for one in await port.changes(DAY)} == {"shop", "web"}


async def test_where_nobody_ever_told_anything_it_is_not_known_that_nothing_changed(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no sender has told of a change"):
        await SentChanges.of(MemoryStore(), SITE, tmp_path / "nexus.yaml").changes(DAY)
    store = await kept(change(-40, "1"))
    assert await SentChanges.of(store, SITE, tmp_path / "nexus.yaml").changes(DAY) == ()
