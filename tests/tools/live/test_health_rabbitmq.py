"""RabbitMQ asked through its management API: a real broker on this machine, in the states of incidents."""

import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from incidents.catalogue import Catalogue, Service
from incidents.health import Probe
from tests.tools.live.real import running_rabbitmq
from tools.clock import VirtualClock
from tools.live.health import LiveHealth
from tools.live.health.rabbitmq import Node, Overview, Queue, Queues, Reading, judged
from tools.live.secrets import Secrets
from tools.live.settings_health import RabbitMq
from tools.telemetry.data_gaps import collect_gaps

CLOCK = VirtualClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
PASSWORD = "hunter2-hunter2"
SPEC = RabbitMq.model_validate({"kind": "rabbitmq", "service": "bus", "url": "http://bus"})


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_rabbitmq(tmp_path_factory.mktemp("rabbitmq")) as found:
        for user, tags, hosts in (("nexus", "monitoring", ["%2F"]), ("blind", "monitoring", []),
                                  ("manager", "management", ["%2F"]), ("plain", "", ["%2F"])):  # fmt: skip
            send(found, "PUT", f"/api/users/{user}", {"password": PASSWORD, "tags": tags})
            for host in hosts:
                none = {"configure": "^$", "write": "^$", "read": "^$"}
                send(found, "PUT", f"/api/permissions/{host}/{user}", none)
        yield found


def send(url: str, method: str, path: str, body: object) -> None:
    """A change by the broker's own user."""
    headers = {"Authorization": f"Basic {b64encode(b'guest:guest').decode()}"}
    request = urllib.request.Request(  # noqa: S310 - 127.0.0.1
        f"{url}{path}",
        json.dumps(body).encode(),
        headers | {"Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - as above


def queue(url: str, name: str, messages: int) -> None:
    send(url, "PUT", f"/api/queues/%2F/{name}", {})
    for number in range(messages):
        message = {
            "properties": {},
            "routing_key": name,
            "payload": str(number),
            "payload_encoding": "string",
        }
        send(url, "POST", "/api/exchanges/%2F/amq.default/publish", message)


async def told(url: str, user: str = "nexus", **more: object) -> tuple[tuple[Probe, ...], str]:
    """What the broker says to a user, and the gaps."""
    spec = RabbitMq.model_validate(
        {
            "kind": "rabbitmq",
            "service": "bus",
            "url": url,
            "auth": {"user": user, "password": "env:P"},
            **more,
        }
    )
    health = LiveHealth([spec], Catalogue(services=(Service(name="bus"),)), Secrets({"P": PASSWORD}), CLOCK)
    with collect_gaps() as gaps:
        found = await health.probe()
    await health.aclose()
    return found, "; ".join(gaps)


async def test_queues_that_nobody_takes_from_and_deep_ones_are_named_and_parked_ones_are_not(
    url: str,
) -> None:
    queue(url, "mails", 3)
    queue(url, "mails.dlq", 2)
    while "mails (3), mails.dlq (2)" not in (await told(url))[0][0].said:
        pass
    (found,), gaps = await told(url)
    assert (found.healthy, gaps) == (False, "")
    assert found.said == (
        "nobody takes from queue mails, in which 3 messages wait; 2 queues; "
        "most waits in mails (3), mails.dlq (2)"
    )
    assert {one.name: one.value for one in found.figures}["messages that wait"] == 5
    (deep,), _ = await told(url, waiting=1)
    assert deep.said.startswith(
        "3 messages wait in queue mails, nobody takes from it; 2 messages wait in queue"
    )
    (parked,), _ = await told(url, parked=["mails*"])
    assert parked.healthy


async def test_a_user_who_sees_no_queue_is_told_so_instead_of_hearing_that_there_is_none(url: str) -> None:
    """3.10 lists only queues of virtual hosts that a user has permissions on, also to one who monitors."""
    queue(url, "orders", 0)
    while "; 0 queues" in (await told(url))[0][0].said:
        pass
    (found,), gaps = await told(url, "blind")
    assert "0 queues" in found.said
    assert "shows 0 of " in gaps
    assert "`rabbitmqctl set_permissions -p VHOST USER" in gaps


async def test_what_a_user_may_not_ask_is_a_gap_that_names_the_right(url: str) -> None:
    found, gaps = await told(url, "manager")
    assert len(found) == 1
    assert "nodes and alarms are for users with the tag `monitoring`" in gaps
    for user, why in (("plain", "Not management user"), ("nobody", "Login failed")):
        none, gaps = await told(url, user)
        assert (none, why in gaps, PASSWORD in gaps) == ((), True, False)


async def test_a_virtual_host_is_asked_by_its_name_alone(url: str) -> None:
    (found,), gaps = await told(url, vhost="/")
    assert (" queues" in found.said, gaps) == (True, "")
    none, gaps = await told(url, vhost="a/b")
    assert (none, "answered 404" in gaps) == ((), True)


def test_alarms_cuts_and_queues_that_do_not_serve_are_wrong() -> None:
    nodes = [
        Node(name="a", running=True, mem_alarm=True, disk_free_alarm=True, partitions=("b",)),
        Node(name="b", running=False),
    ]
    queues = Queues(items=(Queue(name="q", vhost="shop", state="minority"),), total_count=1)
    found = judged(Reading(Overview(rabbitmq_version="3.10.8"), nodes, queues), SPEC)
    assert found.wrong == (
        "node a is out of memory: whoever publishes is held up",
        "node a is out of disk: whoever publishes is held up",
        "node a is cut off from b",
        "node b is not running",
        "queue shop/q is minority",
    )
