"""The ports: small protocols that a world answers. Adapters for backends and recordings stand behind them.

Frames have the columns of the recording format (docs/recording-format.md): an adapter returns every column,
rows ordered by time, and no row where there is no data. A backend that does not answer raises `ToolFailed`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import polars as pl

from incidents.action import Action, Outcome, Plan
from incidents.catalogue import Catalogue
from incidents.changes import Change, PipelineRun
from incidents.findings import Evidence, Window
from incidents.health import Probe
from incidents.inventory import Inventory
from tools.alerts.matching.topology import Topology
from tools.fence import Fence
from tools.source_code import Blame, Bundle, Difference, Hits, Listing, ShownCommit, SourceFile, Trial
from tools.spans import Spans

if TYPE_CHECKING:
    from tools.telemetry.alert_rules import AlertRule


class Metrics(Protocol):
    """Time series: time, service, instance, metric, peer, value, unit."""

    async def metrics(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The samples of a window, of all services or of those named."""
        ...


@runtime_checkable
class AlertRules(Protocol):
    """What the team itself holds for bad."""

    async def alert_rules(self) -> "tuple[AlertRule, ...]":
        """The rules that were understood; none where they cannot be read, which is noted as a gap."""
        ...


class ServiceTopology(Protocol):
    """What runs where: which services stand on a pod, an instance, a machine."""

    async def topology(self) -> Topology:
        """All that is known now.

        Raises:
            ToolFailed: a part was not answered; nothing of it may be used then.
        """
        ...

    async def aclose(self) -> None:
        """Close its connections; the next question opens them again."""
        ...


class Logs(Protocol):
    """Log lines: time, service, instance, level, message, trace_id, span_id."""

    async def logs(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The lines of a window, of all services or of those named."""
        ...


class Traces(Protocol):
    """Spans: time (start), duration_us, trace_id, span_id, parent_id, service, operation, status."""

    async def spans(self, window: Window, services: Sequence[str] = ()) -> pl.DataFrame:
        """The spans that start in a window, of all services or of those named."""
        ...


class Changes(Protocol):
    """Deploys, configuration, flags, scaling, infrastructure."""

    async def changes(self, window: Window) -> tuple[Change, ...]:
        """The changes of a window, oldest first."""
        ...


class Health(Protocol):
    """Parts of the system that can be asked directly, without changing anything."""

    async def probe(self, services: Sequence[str] = ()) -> tuple[Probe, ...]:
        """Ask every part of the services named, or of all; unhealthy ones first.

        A part that does not answer is an unhealthy one; one that could not be asked is a gap
        (`tools.telemetry.data_gaps`).
        """
        ...


class Pipelines(Protocol):
    """Builds, tests and deliveries, where a system keeps their runs."""

    async def runs(self, window: Window) -> tuple[PipelineRun, ...]:
        """The runs that began in a window, newest first."""
        ...


class Actions(Protocol):
    """What can change the world. Only the execute node of the graph calls `execute`."""

    async def plan(self, action: Action) -> Plan:
        """A dry run: the observed state, the effects, the undo. Changes nothing.

        Raises:
            ActionRefused: the target or an argument is not in the inventory.
            ToolFailed: the target does not answer.
        """
        ...

    async def execute(self, action: Action, key: str, fence: Fence) -> Outcome:
        """Do it, once per key: a second call with the same key changes nothing and repeats the outcome.

        Args:
            action: what was approved.
            key: the idempotency key.
            fence: asked right before each request or program that changes something.

        Raises:
            ActionRefused: as in `plan`; nothing was begun.
            StaleLease: the fence is closed.
            InProgress: what was begun under the key may still be running.
            ToolFailed: the target fell silent; `status` says what became of it.
        """
        ...

    async def status(self, key: str) -> Outcome | None:
        """What became of that key, or None if it is proven that nothing was begun or took effect.

        Raises:
            InProgress: it may still be running.
            ToolFailed: nobody can say, or not yet.
        """
        ...


@dataclass(frozen=True)
class Shot:
    """The picture of a page.

    Attributes:
        page: its name in the configuration, and whose it is: `service`.
        title: what the page calls itself; untrusted text, redacted and short.
        status: of HTTP, if it told one.
        complete: whether the part that the configuration waits for appeared.
        png: what could be seen. Only people look at it: text in it reaches no model.
    """

    page: str
    service: str
    title: str
    status: int | None
    complete: bool
    at: datetime
    png: bytes

    @property
    def said(self) -> str:
        """Status, title and completeness in words."""
        status = "no status" if self.status is None else f"HTTP {self.status}"
        missing = "" if self.complete else ", the part that is waited for did not appear"
        return f"{status}, title {self.title!r}{missing}"


class Screens(Protocol):
    """Dashboards and pages that users see, opened in a browser."""

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages, in their order."""
        ...

    async def shoot(self, page: str) -> Shot:
        """The picture of a page as it is now.

        Raises:
            UnknownName: no page of that name is configured.
            ToolFailed: there is no browser, or the page does not open.
        """
        ...


class Code(Protocol):
    """The sources of services, read as commits of a repository; nothing outside of it can be reached.

    `at`, `old` and `new` name a commit (or the beginning of its name), a tag or a version that a tag tells;
    empty is the newest one of the branch that is released from. Every question raises

        UnknownName: there is no such commit or file; the nearest that exist are named.
        ToolFailed: no code of that service is configured, a path leads out of the repository, git fails.
    """

    @property
    def services(self) -> tuple[str, ...]:
        """Whose sources can be read."""
        ...

    async def listing(self, service: str, at: str = "", under: str = "") -> Listing:
        """The files under a folder; without one, those of the service."""
        ...

    async def file(self, service: str, path: str, at: str = "") -> SourceFile:
        """A text file, whole."""
        ...

    async def search(self, service: str, text: str, at: str = "", under: str = "") -> Hits:
        """The lines that hold a text, taken literally, in a folder or in all of the repository."""
        ...

    async def blame(self, service: str, path: str, lines: tuple[int, int], at: str = "") -> Blame:
        """The commits that wrote the lines from the first to the last one named, 1-based."""
        ...

    async def difference(self, service: str, old: str, new: str = "", path: str = "") -> Difference:
        """What changed between two commits; without a path, of the service."""
        ...

    async def commit(self, service: str, name: str, path: str = "") -> ShownCommit:
        """One commit with what it changed, in all or below a path."""
        ...

    async def bundle(self, service: str, at: datetime) -> Bundle:
        """The sources as they could be released at a moment, with their history: for a recording."""
        ...


class Patches(Protocol):
    """Where a patch can be tried: on a throw-away copy of the repository, with its own tests."""

    @property
    def services(self) -> tuple[str, ...]:
        """For whose sources a patch can be tried."""
        ...

    async def attempt(self, service: str, diff: str, title: str) -> Trial:
        """Apply a unified diff to the newest commit and run the tests; no branch and no file is changed.

        Raises:
            ToolFailed: no patch of that service can be tried, or git fails.
        """
        ...


@dataclass(frozen=True)
class World:
    """The ports of one world, wired together, with the time span that counts as quiet.

    `quiet` is a window of normal operation inside the same sources, if one is known. `baseline` answers for
    a quiet time that is kept apart (another folder, another day), if there is one. Recorded worlds have no
    `health`: what was not asked then cannot be asked now; nor `pipelines`, `screens` and `patches`. Without
    a `code` no sources are configured, or none were recorded. `lacks` names the other parts that nobody
    configured or recorded (metrics, logs, traces, changes, actions): no tool can answer from them, ever.
    """

    catalogue: Catalogue
    metrics: Metrics
    logs: Logs
    traces: Traces
    changes: Changes
    actions: Actions
    health: Health | None = None
    quiet: Window | None = None
    baseline: "World | None" = None
    pipelines: Pipelines | None = None
    screens: Screens | None = None
    spans: Spans = field(default_factory=Spans)
    code: Code | None = None
    patches: Patches | None = None
    rules: AlertRules | None = None
    inventory: "Inventories | None" = None
    lacks: frozenset[str] = frozenset()


class Inventories(Protocol):
    """What runs, as whatever changes it sees it."""

    async def inventory(self, service: str) -> Inventory:
        """What is known of a service; what is not known is None.

        Raises:
            ToolFailed: the target does not answer.
        """
        ...


class EvidenceStore(Protocol):
    """Where tool results are kept, each once."""

    async def put(self, evidence: Evidence, body: bytes) -> None:
        """Keep a result; the same id again changes nothing."""
        ...

    async def evidence(self, incident: str) -> tuple[Evidence, ...]:
        """All evidence of an incident, oldest first."""
        ...

    async def body(self, incident: str, evidence: str) -> bytes | None:
        """The stored bytes of one evidence, or None."""
        ...

    async def bodies(self, incident: str, evidence: Collection[str]) -> dict[str, bytes]:
        """The stored bytes of each of these evidences, by its id; one that is not there is passed over."""
        ...
