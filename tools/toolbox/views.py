"""What the tools answer: typed views that the playbook reads and `say` puts into words.

Times are UTC. None is no data, which is not zero. Shares are ratios from 0 to 1, durations milliseconds.
"""

from pydantic import Field

from incidents.catalogue import ServiceKind
from incidents.changes import Change, PipelineRun, SentBy
from incidents.findings import Window
from incidents.value import Moment, Value
from tools.analysis import RankedChange
from tools.analysis.model import OwnChange
from tools.telemetry.calls import Calls, Limits
from tools.telemetry.levels import Level
from tools.telemetry.sampling import Sampling
from tools.telemetry.service_state import ServiceState


class Overview(Value):
    """Every service, worst first."""

    window: Window
    now: Window = Field(description="the part of the window that counts as now")
    reference: str = Field(description="what the levels are compared with, in words")
    services: tuple[ServiceState, ...] = ()
    silent: tuple[str, ...] = Field(default=(), description="services of the catalogue without any data now")
    gaps: tuple[str, ...] = ()


class MetricsView(Value):
    """The series of one service, deviating ones first."""

    service: str
    window: Window
    now: Window
    reference: str
    levels: tuple[Level, ...] = ()
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")
    gaps: tuple[str, ...] = ()
    asked: str | None = Field(default=None, description="the filter, in words; None: none was asked for")
    others: tuple[str, ...] = Field(default=(), description="series that there are, if none fits the filter")


class LevelCount(Value):
    """How many log lines of one level, now and per minute against the baseline."""

    level: str
    lines: int
    per_minute: float
    baseline_per_minute: float | None


class LogTemplate(Value):
    """Log lines that differ only in their parameters."""

    service: str
    level: str
    template: str
    lines: int
    per_minute: float
    baseline_per_minute: float | None = Field(description="None: there is no baseline of logs")
    novel: bool = Field(description="not once in the reference time")
    first: Moment
    sample: str
    trace_id: str = ""
    cut: int = Field(default=0, description="how long the sample is, if it is shown cut")


class FieldValue(Value):
    """How often a field has a value in the lines, now and per minute against the baseline. Untrusted."""

    value: str
    lines: int
    per_minute: float
    baseline_per_minute: float | None


class LogFilter(Value):
    """What lines were asked for, and how many there are without that, by level."""

    level: str | None = None
    text: str | None = None
    unfiltered: int = Field(description="lines of the service, or of all, whatever their level and text")
    levels: tuple[LevelCount, ...] = ()
    elsewhere: int = Field(default=0, description="lines of other services, if this one has none")


class FieldCount(Value):
    """The values of one field in the lines that were asked for, most frequent first."""

    field: str
    distinct: int
    without: int = Field(description="lines that have no such field")
    values: tuple[FieldValue, ...] = ()
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")


class LogsView(Value):
    """What is logged since the onset against before, most telling first. Texts are untrusted."""

    service: str | None
    window: Window
    now: Window
    action: str | None = Field(default=None, description="the change after which the newest lines are told")
    reference: str
    lines: int = 0
    levels: tuple[LevelCount, ...] = ()
    templates: tuple[LogTemplate, ...] = ()
    left_out: int = 0
    gaps: tuple[str, ...] = ()
    filter: LogFilter | None = None
    counted: FieldCount | None = None
    offset: int | None = Field(default=None, description="how many rows were passed over; None: none")
    thinned: int | None = Field(default=None, description="lines which say that others were not written")


class OperationState(Value):
    """One operation of a service, now and in the reference time."""

    service: str
    operation: str
    now: Calls | None
    baseline: Calls | None
    deviates: bool = False


class EdgeState(Value):
    """The calls from one service to another, as traces show them."""

    caller: str
    callee: str
    now: Calls | None
    baseline: Calls | None
    deviates: bool = False


class SpanLine(Value):
    """One call within a trace; `own_ms` is without the recorded calls to others."""

    depth: int
    at: Moment
    service: str
    operation: str
    status: str
    total_ms: float
    own_ms: float


class TraceLine(Value):
    """One log line that carries a trace's id. Untrusted."""

    at: Moment
    service: str
    level: str
    text: str


class TraceView(Value):
    """One trace: its spans depth first, and its log lines."""

    trace: str
    spans: tuple[SpanLine, ...] = ()
    lines: tuple[TraceLine, ...] = ()
    spans_left_out: int = 0
    lines_left_out: int = 0


class TracesView(Value):
    """Operations and edges of one service, deviating ones first."""

    service: str
    window: Window
    now: Window
    reference: str
    operations: tuple[OperationState, ...] = ()
    edges: tuple[EdgeState, ...] = ()
    slowest: tuple[str, ...] = Field(
        default=(), description="trace ids worth a look, slowest or failed first"
    )
    trace: TraceView | None = Field(default=None, description="the one trace that was asked for")
    sampling: Sampling | None = None
    at_now: bool = Field(default=False, description="whether `now` is that of the whole look")
    looked: str = Field(default="", description="how all tools of this look looked, in a line")
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")
    gaps: tuple[str, ...] = ()


class ChangesView(Value):
    """What was changed near the onset, best fit first."""

    window: Window
    onset: Moment = Field(description="from which the distances are measured")
    of: str | None = Field(default=None, description="whose first sign the onset is; None: the alert's")
    ours: tuple[OwnChange, ...] = Field(default=(), description="what Nexus did itself")
    changes: tuple[RankedChange, ...] = ()
    nothing_changed: bool = True
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")
    recorded: int = Field(default=0, description="changes on record in the window, near the onset or not")


class Deployment(Value):
    """One release of one service."""

    service: str
    version: str
    version_from: str
    at: Moment
    author: str
    commit: str
    summary: str
    change: str = Field(description="the id of the change")
    running: bool = False
    sent: SentBy | None = None


class DeploymentsView(Value):
    """The releases of one service, newest first."""

    service: str
    deployments: tuple[Deployment, ...] = ()
    running: str | None = Field(default=None, description="the version that runs now, as recorded")
    running_since: Moment | None = None
    previous: str | None = Field(default=None, description="the version that ran before the running one")
    previous_healthy: bool | None = Field(
        default=None, description="whether the quiet time ran on `previous`; None: not known"
    )
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")
    others: int = Field(default=0, description="releases of other services on record, if it has none")


class DependencyState(Value):
    """One part that a service needs, by itself and as the service sees it."""

    name: str
    kind: ServiceKind
    state: ServiceState | None = Field(description="its own signals; None: it reports nothing")
    edge: EdgeState | None = None
    levels: tuple[Level, ...] = Field(default=(), description="the caller's series about it")
    deviates: bool = False


class DependenciesView(Value):
    """What a service calls and how those parts do, worst first."""

    service: str
    window: Window
    now: Window
    reference: str
    dependencies: tuple[DependencyState, ...] = ()
    callers: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


class DatabaseState(Value):
    """One database: its own series and how its callers see it."""

    state: ServiceState
    levels: tuple[Level, ...] = ()
    edges: tuple[EdgeState, ...] = ()


class DatabaseView(Value):
    """All services of kind database, worst first."""

    window: Window
    now: Window
    reference: str
    databases: tuple[DatabaseState, ...] = ()
    gaps: tuple[str, ...] = ()


class EndpointState(Value):
    """One operation of an entry service before, during and after; None is no calls recorded."""

    service: str
    operation: str
    before: Calls | None
    during: Calls | None
    after: Calls | None = Field(description="since the last action took effect; None: no action or no calls")
    normal: bool | None = Field(
        description="whether the latest part is like before; None: not enough calls to tell"
    )
    limits: Limits | None = Field(
        default=None, description="from where on it is not normal; None: too few calls before"
    )


class EndpointsView(Value):
    """The endpoints of one or all entry services."""

    services: tuple[str, ...]
    before: Window | None
    during: Window
    after: Window | None = Field(description="None: no action, or it has not settled yet")
    action: str | None = Field(default=None, description="id of the action that parts during and after")
    counts_from: Moment | None = Field(default=None, description="when the action has settled")
    sampling: tuple[Sampling, ...] = Field(default=(), description="of each service, in the latest minutes")
    endpoints: tuple[EndpointState, ...] = ()
    left_out: int = 0
    offset: int = Field(default=0, description="how many were passed over")
    gaps: tuple[str, ...] = ()


class PipelinesView(Value):
    """What is recorded of delivery; `ci_recorded` says whether anything keeps the runs of pipelines."""

    window: Window
    deployments: tuple[Deployment, ...] = ()
    other_changes: tuple[Change, ...] = ()
    ci_recorded: bool = False
    runs: tuple[PipelineRun, ...] = ()
    failed: int = 0
    left_out: int = 0
