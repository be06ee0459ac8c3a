"""RabbitMQ through its management API: queues and who takes from them, alarms, nodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import quote

from incidents.errors import Declined
from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.live.health.judged import Asking, Judged
from tools.live.http import Backend, Query, Reply
from tools.live.secrets import Secrets
from tools.live.settings_health import RabbitMq
from tools.telemetry.data_gaps import note_gap
from tools.wording import plain

#: The queues in which most waits; as many are read.
_MOST = 100
_NAMED = 3
#: States of a queue that serves.
_SERVES = frozenset({"running", "idle", "flow"})


class Totals(Reply):
    """How much there is of each."""

    queues: int = 0
    connections: int = 0


class Messages(Reply):
    """Of all queues: what waits, and what was handed out and not acknowledged."""

    messages_ready: int = 0
    messages_unacknowledged: int = 0


class Overview(Reply):
    """`/api/overview`."""

    rabbitmq_version: str
    object_totals: Totals = Totals()
    queue_totals: Messages = Messages()


class Node(Reply):
    """One of `/api/nodes`. One that is not running tells no alarms."""

    name: str
    running: bool
    mem_alarm: bool = False
    disk_free_alarm: bool = False
    partitions: tuple[str, ...] = ()


class Queue(Reply):
    """One of `/api/queues`. One that is down, or was just made, tells no numbers."""

    name: str
    vhost: str
    state: str = "running"
    messages_ready: int = 0
    consumers: int = 0

    @property
    def called(self) -> str:
        """Its name, behind its virtual host where that is not the usual one."""
        return plain(self.name if self.vhost == "/" else f"{self.vhost}/{self.name}", 80)


class Nodes(Reply):
    """All nodes; the API answers a bare list."""

    items: tuple[Node, ...] = ()


class Queues(Reply):
    """A page of queues, and how many there are that the user may see."""

    items: tuple[Queue, ...] = ()
    total_count: int = 0


@dataclass(frozen=True)
class Reading:
    """All that one question read."""

    overview: Overview
    nodes: Sequence[Node]
    queues: Queues


class RabbitMqHealth:
    """One cluster. The least rights: a user with the tag `monitoring` and empty permissions on each host."""

    def __init__(self, spec: RabbitMq, secrets: Secrets, clock: Clock) -> None:
        self._spec = spec
        self._clock = clock
        self._backend = Backend(f"RabbitMQ of {spec.service}", spec, secrets)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def probe(self) -> Probe:
        """How it is. Numbers are those of its last statistics, by default at most 5 s old.

        Raises:
            ToolFailed: the management API does not answer; the broker may well.
        """
        asking = Asking.now(self._spec.service, "RabbitMQ", self._clock)
        overview = self._backend.read(Overview, await self._backend.ask("GET", "/api/overview"))
        found = Reading(overview, await self._nodes(), await self._queues())
        hidden = overview.object_totals.queues - found.queues.total_count
        if self._spec.vhost is None and hidden > 0:
            note_gap(
                f"RabbitMQ of {self._spec.service} shows {found.queues.total_count} of "
                f"{overview.object_totals.queues} queues to this user: "
                "`rabbitmqctl set_permissions -p VHOST USER '^$' '^$' '^$'` for each virtual host"
            )
        return asking.told(judged(found, self._spec))

    async def _nodes(self) -> tuple[Node, ...]:
        columns = {"columns": ",".join(Node.model_fields)}
        try:
            text = await self._backend.ask("GET", "/api/nodes", query=columns)
        except Declined as error:
            note_gap(f"{error}; nodes and alarms are for users with the tag `monitoring`")
            return ()
        return self._backend.read(Nodes, f'{{"items": {text}}}').items

    async def _queues(self) -> Queues:
        query: Query = {
            "page": 1, "page_size": _MOST, "sort": "messages_ready", "sort_reverse": "true",
            "columns": ",".join(Queue.model_fields),
        }  # fmt: skip
        host = f"/{quote(self._spec.vhost, safe='')}" if self._spec.vhost is not None else ""
        return self._backend.read(Queues, await self._backend.ask("GET", f"/api/queues{host}", query=query))


def judged(found: Reading, spec: RabbitMq) -> Judged:
    """What is wrong with it, how it stands, its figures."""
    wrong = [*_nodes(found.nodes), *_queues(found.queues.items, spec)]
    waits = [one for one in found.queues.items if one.messages_ready][:_NAMED]
    stands = [f"{found.queues.total_count} queues"]
    if waits:
        stands.append("most waits in " + ", ".join(f"{one.called} ({one.messages_ready})" for one in waits))
    totals = found.overview.queue_totals
    return Judged(
        wrong=tuple(wrong),
        stands=tuple(stands),
        figures=(
            Figure(name="messages that wait", value=totals.messages_ready),
            Figure(name="messages not acknowledged", value=totals.messages_unacknowledged),
            Figure(name="queues", value=found.queues.total_count),
            Figure(name="connections", value=found.overview.object_totals.connections),
        ),
    )


def _nodes(nodes: Sequence[Node]) -> Iterator[str]:
    for node in nodes:
        name = plain(node.name, 80)
        if not node.running:
            yield f"node {name} is not running"
        if node.mem_alarm:
            yield f"node {name} is out of memory: whoever publishes is held up"
        if node.disk_free_alarm:
            yield f"node {name} is out of disk: whoever publishes is held up"
        if node.partitions:
            yield f"node {name} is cut off from {plain(', '.join(node.partitions), 160)}"


def _queues(queues: Sequence[Queue], spec: RabbitMq) -> Iterator[str]:
    for queue in queues:
        if queue.state not in _SERVES:
            yield f"queue {queue.called} is {plain(queue.state, 20)}"
    deep = [one for one in queues if one.messages_ready > spec.waiting]
    for queue in deep[:_NAMED]:
        taken = f"{queue.consumers} consumers" if queue.consumers else "nobody takes from it"
        yield f"{queue.messages_ready} messages wait in queue {queue.called}, {taken}"
    left = [one for one in queues if one.messages_ready and not one.consumers and one not in deep]
    for queue in [one for one in left if not any(fnmatchcase(one.name, name) for name in spec.parked)][
        :_NAMED
    ]:
        yield f"nobody takes from queue {queue.called}, in which {queue.messages_ready} messages wait"
