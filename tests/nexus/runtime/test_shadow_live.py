"""A whole incident in shadow beside every way out that there is, and the same one with shadow off."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

from demo.processes import wait_for
from incidents.action import ActionState
from incidents.severity import Status
from nexus.store.outbox import DeliveryState
from tests.nexus.live import SITE, Live, live
from tests.nexus.mailbox import Mailbox
from tests.nexus.notify.receiver import Receiver, beside
from tests.nexus.notify.test_webhook import SECRET
from tests.nexus.rig import GOOD
from tests.patience import PATIENCE

#: The ways to people over HTTP, by the path under which each comes out.
HTTP = ("slack", "slack_webhook", "teams", "ntfy", "webhook", "apprise")
#: What stands beside an incident of before.
SEEN_BEFORE = "Looking alike is not having the same cause"
#: Those that a page goes to alone: whoever signs before it is sent spares them.
PAGERS = ("pagerduty", "opsgenie")


def ways_out(receiver: Receiver, box: Mailbox, folder: Path) -> dict[str, Any]:
    """Every kind of destination, a tracker that is asked by itself, and a service on the public page."""

    def secret(name: str, value: str) -> str:
        (folder / name).write_text(value)
        return f"file:{folder / name}"

    base = f"http://127.0.0.1:{receiver.port}"
    word = secret("word", "a-word-of-many-letters-0123456789")
    more: dict[str, dict[str, object]] = {
        "slack": {"token": word, "channel": "C0CHANNEL", "url": f"{base}/slack"},
        "slack_webhook": {"url": secret("flow", f"{base}/slack_webhook")},
        "teams": {"url": secret("teams", f"{base}/teams")},
        "pagerduty": {"routing_key": word, "url": f"{base}/pagerduty"},
        "opsgenie": {"key": word, "url": f"{base}/opsgenie"},
        "ntfy": {"topic": word, "url": f"{base}/ntfy"},
        "webhook": {"url": f"{base}/webhook", "secret": secret("hook", SECRET)},
        "apprise": {"url": secret("apprise", f"json://127.0.0.1:{receiver.port}/apprise")},
        "file": {"path": str(folder / "told.jsonl")},
        "mail": {
            "to": "team@shop.example",
            "server": {"host": "127.0.0.1", "port": box.port, "tls": "none", "from": "nexus@shop.example"},
        },
    }
    services = [
        {"name": "web", "depends_on": ["shop"], "user_facing": True, "owner": "frontend", "public": "Shop"},
        {"name": "shop", "depends_on": ["payment"], "owner": "backend"},
        {"name": "payment", "owner": "backend"},
    ]
    tracker = {
        "kind": "github", "repository": "acme/shop", "url": f"{base}/github", "token": word, "automatic": True
    }  # fmt: skip
    return {
        "notify": {"destinations": [{"kind": kind, "name": kind, **how} for kind, how in more.items()]},
        "tickets": tracker,
        "services": services,
    }


def ends(one: Live) -> str:
    """Its alert is over, and so is the incident a watch later."""
    one.alert(status="resolved")
    one.seen(lambda incident: incident.closed)
    return one.incident


def test_nothing_of_a_shadow_leaves_and_all_of_it_does_once_it_is_off(tmp_path: Path) -> None:
    receiver, box = Receiver(), Mailbox()
    with beside(receiver), beside(box), live() as one:
        ways = ways_out(receiver, box, tmp_path)

        def says(changed: str, **more: object) -> None:
            one.made.broken(**SITE, **ways, **more)
            one.nexus.signal(signal.SIGHUP)
            one.nexus.complains(f"nexus.yaml was read again; changed: {changed}")

        def came_out() -> set[str]:
            over_http = {taken.path.split("/")[1] for taken in receiver.taken}
            by_file = {"file"} if (tmp_path / "told.jsonl").is_file() else set()
            return over_http | by_file | ({"mail"} if box.letters else set())

        def until(ways: set[str]) -> None:
            wait_for(f"each of {ways} is used", lambda: came_out() >= ways or None, seconds=PATIENCE)

        says("services (changed web), shadow, notify, tickets", shadow={"mode": "shadow"})
        one.alert()
        one.seen(lambda incident: incident.rests)
        status, refused = one.decide()
        assert (status, "stands in shadow: nobody is asked" in json.dumps(refused)) == (409, True), refused
        shadow = ends(one)
        stood = one.stands()
        assert [p.state for p in stood.proposals] == [ActionState.SHADOW]
        assert (stood.status, stood.handed_over_at) == (Status.RESOLVED, None)
        assert one.deeds == {}
        assert one.made.switches == []
        assert [taken.body for taken in receiver.taken] == []
        assert came_out() == set()

        says("shadow")
        one.alert()
        until({*PAGERS})
        one.approve()
        one.seen(lambda incident: incident.watch is not None)
        begun = ends(one)
        assert one.stands().proposals[0].state is ActionState.DONE
        until({*HTTP, *PAGERS, "github", "file", "mail"})
        assert one.made.switches == [GOOD]
        said = [*(taken.body.decode() for taken in receiver.taken), *map(str, box.letters)]
        said.append((tmp_path / "told.jsonl").read_text())
        assert any(begun in text for text in said)
        # The live one may name it as seen before; nothing else does.
        assert [text for text in said if shadow in text and SEEN_BEFORE not in text] == []
        with one.store() as store:
            assert asyncio.run(store.public_updates(begun))
            assert not asyncio.run(store.public_updates(shadow))
            assert not asyncio.run(store.tickets(shadow))
            kept = asyncio.run(store.deliveries_of(shadow))
        assert {each.state for each in kept} == {DeliveryState.WITHHELD}
