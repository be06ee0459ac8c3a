"""What the `backends` part of `nexus.yaml` says: one frozen value per adapter, told apart by `kind`."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, HttpUrl, field_validator
from pydantic_core import PydanticCustomError

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef
from tools.live.settings_aws import CloudWatchLogs, CloudWatchMetrics
from tools.live.settings_changes import GitLab as GitLab
from tools.live.settings_health import HealthSpec as HealthSpec
from tools.live.settings_http import Auth as Auth
from tools.live.settings_http import Http as Http
from tools.live.settings_kubernetes import KubernetesActions as KubernetesActions
from tools.live.settings_kubernetes import KubernetesHealth as KubernetesHealth
from tools.live.settings_kubernetes import KubernetesHistory as KubernetesHistory
from tools.live.settings_tools import BrowserSpec, Declared, McpServer


def time_zone(name: str) -> tzinfo:
    """A zone by its name, or by its hours east of Greenwich.

    Raises:
        PydanticCustomError: there is no such zone.
    """
    try:
        if name[:1] in ("+", "-"):
            return datetime.fromisoformat(f"2000-01-01T00:00:00{name}").tzinfo or UTC
        return UTC if name in ("UTC", "Z") else ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise PydanticCustomError("zone", "a time zone such as `Europe/Berlin` or `+02:00`") from None


class Labels(Value):
    """What the labels are called that tell the services apart."""

    service: str = Field(default="service", description="the service that a series is about")
    instance: str = "instance"
    peer: str = Field(default="peer", description="the service that is called, on series of an edge")


class Series(Value):
    """One query that answers a metric of every service. In it, `@{window}` stands for the span of rates."""

    metric: str
    unit: str = ""
    query: str
    service: str = Field(default="service", description="the label that names the service")
    instance: str = Field(default="instance", description="the label that names the instance")
    peer: str | None = Field(default=None, description="the label that names the callee, for an edge")


class Prometheus(Http):
    """The Prometheus HTTP API, and what speaks it: Mimir, Thanos, VictoriaMetrics."""

    kind: Literal["prometheus"]
    conventions: tuple[str, ...] = Field(
        default=(), description="names of shipped sets of series, see tools/live/metrics/conventions.yaml"
    )
    labels: Labels = Field(default=Labels(), description="of the shipped sets, which group by them")
    series: tuple[Series, ...] = Field(default=(), description="series of your own")
    rate_window: Duration = Field(default=timedelta(minutes=2), description="the span of rates")
    step: Duration = Field(default=timedelta(seconds=15), description="between two samples")


class LogFiles(Value):
    """Log files, JSON lines or text. `{service}` in a path is the service's name; `*` is a wildcard.

    How text lines are laid out is learnt from them; where JSON lines lack one of the keys, another usual
    one is taken.
    """

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)
    time: str = Field(default="time", description="JSON key of the time; text lines begin with theirs")
    message: str = "message"
    level: str = "level"
    service: str = Field(default="service", description="JSON key of the service, if the path names none")
    instance: str = "instance"
    trace_id: str = "trace_id"
    span_id: str = "span_id"
    zone: str = Field(
        default="UTC", description="time zone of times that name none, as in `Europe/Berlin` or `+02:00`"
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        time_zone(zone)
        return zone


class Journal(Http):
    """systemd's journal through systemd-journal-gatewayd; a unit is a service by `units`."""

    kind: Literal["journal"]
    units: dict[str, str] = Field(default={}, description="service by unit; a unit without entry is itself")


class Loki(Http):
    """Grafana Loki, `query_range`."""

    kind: Literal["loki"]
    selector: str = Field(default='{service=~".+"}', description="the log stream selector")
    service: str = Field(default="service", description="the label that names the service")
    instance: str = "instance"
    level: str = "level"


class Elastic(Http):
    """Elasticsearch or OpenSearch, `_search`; the fields are those of ECS unless said otherwise."""

    kind: Literal["elasticsearch"]
    index: str = "logs-*"
    time: str = "@timestamp"
    message: str = "message"
    level: str = "log.level"
    service: str = "service.name"
    instance: str = "host.name"
    trace_id: str = "trace.id"
    span_id: str = "span.id"


class VictoriaLogs(Http):
    """VictoriaLogs, `/select/logsql/query`; the fields are those of OpenTelemetry unless said otherwise."""

    kind: Literal["victorialogs"]
    query: str = Field(default="*", description="in LogsQL: which lines count")
    message: str = "_msg"
    level: str = "level"
    service: str = "service.name"
    instance: str = "host.name"
    trace_id: str = "trace_id"
    span_id: str = "span_id"


class Jaeger(Http):
    """Jaeger's query API, also that of VictoriaTraces (its address ends with `/select/jaeger`)."""

    kind: Literal["jaeger"]
    limit: int = Field(default=1500, ge=1, le=20000, description="traces per service and question")


class JaegerV2(Http):
    """Jaeger 2: its `/api/v3`, in OpenTelemetry's JSON."""

    kind: Literal["jaeger_v2"]
    limit: int = Field(default=1500, ge=1, le=20000, description="traces per service and question")


class Tempo(Http):
    """Grafana Tempo's search and trace API."""

    kind: Literal["tempo"]
    limit: int = Field(default=300, ge=1, le=5000, description="traces per question")


class TraceFiles(Value):
    """Spans in JSON-lines or parquet files, named as in docs/recording-format.md; `*` is a wildcard."""

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)


class ReleaseLog(Value):
    """The log of a releases folder: JSON lines with the fields of a change (`incidents.changes.Change`)."""

    kind: Literal["releases"]
    log: Path


class Git(Value):
    """A repository's tags `deploy/<environment>/<service>/<time>` and the history between two of them."""

    kind: Literal["git"]
    repository: Path
    environment: str = "production"
    services: tuple[str, ...] = Field(
        default=(), description="whose history this is; none: every service that a tag names"
    )


class GitHub(Http):
    """GitHub: deployments, commits, compare, Actions runs."""

    kind: Literal["github"]
    url: HttpUrl = HttpUrl("https://api.github.com")
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="owner/name")
    environment: str = "production"
    service: str | None = Field(
        default=None, description="the service that it holds; none: by payload or name"
    )


class Releases(Value):
    """Capistrano's layout, with a supervisor: `<root>/<service>/<version>/`, a link `current`."""

    kind: Literal["releases"]
    root: Path
    services: tuple[str, ...] = Field(min_length=1)
    supervisor: str | None = Field(default=None, description="unix socket or URL of supervisord's XML-RPC")
    systemd: bool = Field(default=False, description="restart `<service>.service` through systemctl instead")
    programs: dict[str, str] = Field(default={}, description="program or unit by service, where names differ")
    health: dict[str, HttpUrl] = Field(default={}, description="asked after a restart, by service")
    keep_log: bool = Field(default=True, description="write what was done to <root>/releases.log")
    patience: Duration = Field(default=timedelta(seconds=30), description="until a service must be healthy")
    max_replicas: int = Field(default=8, ge=1, le=1000)
    scales: tuple[str, ...] | None = Field(default=None, description="services that may be scaled; none: all")


class Ofrep(Http):
    """A server of flags that speaks OFREP, the OpenFeature Remote Evaluation Protocol."""

    context: dict[str, str | bool | int | float] = Field(
        default={}, description="for whom flags are evaluated, beside `targetingKey`"
    )
    patience: Duration = Field(default=timedelta(seconds=30), description="until a switch must be served")


class Flags(Value):
    """Feature flags in a file of the OpenFeature (flagd) format."""

    kind: Literal["flags"]
    file: Path
    services: dict[str, str] = Field(
        description="the service of each flag; a flag without entry is not touched"
    )
    fallbacks: dict[str, str] = Field(default={}, description="the flag that activates a service's fallback")
    served: Ofrep | None = Field(
        default=None, description="where services get them: a switch is done once it is served there"
    )


class ActCredential(Value):
    """A program that prints a short-lived secret, a line, right before a change; then that is forgotten.

    In `command` the same parts stand for the action's arguments as in `run`.
    """

    command: tuple[str, ...] = Field(min_length=1, description="argv, without a shell")
    variable: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="in which `run` and `undo` get it")
    environment: dict[str, SecretRef] = Field(default={}, description="what it gets itself beside PATH")
    timeout: Duration = timedelta(seconds=10)


class Command(Declared):
    """A team's own script as a typed action: argv without a shell, allowed values from the inventory.

    In `run`, `dry_run`, `undo` and `status` an element is taken as it is, except `{service}`, `{version}`,
    `{replicas}`, `{commit}`, `{flag}`, `{enabled}` and `{key}`, which stand for the action's arguments.
    """

    kind: Literal["command"]
    run: tuple[str, ...] = Field(min_length=1)
    dry_run: tuple[str, ...] = Field(min_length=1, description="prints the observed state and the effects")
    undo: tuple[str, ...] = ()
    status: tuple[str, ...] = Field(default=(), description="exit 0: key was done, 1: was never begun")
    environment: dict[str, SecretRef] = Field(default={}, description="what the script gets beside PATH")
    credential: ActCredential | None = Field(default=None, description="what it gets for one change alone")


#: Files that decide what a pipeline runs, and how git reads the others.
PIPELINES = (
    ".github/*", ".gitlab/*", ".gitlab-ci.yml", ".circleci/*", ".buildkite/*", ".ci/*", ".travis.yml",
    "Jenkinsfile", "azure-pipelines*.yml", "bitbucket-pipelines.yml", ".gitattributes", ".gitmodules",
)  # fmt: skip


class Proposing(Value):
    """A repository in which a revert is tried in a throw-away worktree and proposed as a branch."""

    repository: Path
    services: tuple[str, ...] = Field(min_length=1)
    paths: dict[str, str] = Field(
        default={}, description="the folder of each service; without entry the whole repository"
    )
    base: str = Field(default="main", pattern=r"^\w[\w./-]*$", description="the branch that is released from")
    test: tuple[str, ...] = Field(min_length=1, description="the repository's tests; exit 0: they pass")
    timeout: Duration = Field(default=timedelta(minutes=5), description="of the tests")
    remote: str = Field(default="origin", pattern=r"^\w.*$", description="where a branch is pushed to")
    github: GitHub | None = Field(default=None, description="where the pull request is opened")


class Hotfix(Proposing):
    """A revert of a commit, tested in a throw-away worktree, as a branch; with GitHub as a pull request."""

    kind: Literal["hotfix"]
    patches: bool = Field(
        default=False, description="models may write a patch: `test` then runs code that nobody has read yet"
    )
    keeps: tuple[str, ...] = Field(default=PIPELINES, description="patterns of paths that no patch may touch")


class GitOps(Proposing):
    """Rollbacks of what Argo CD or Flux keeps: the revert of the commit that brought a version, proposed.

    It stands before `kind: kubernetes` in `actions`: the first that can make a change makes it.
    """

    kind: Literal["gitops"]


MetricSpec = Annotated[Prometheus | CloudWatchMetrics, Field(discriminator="kind")]
LogSpec = Annotated[
    LogFiles | Journal | Loki | Elastic | VictoriaLogs | CloudWatchLogs, Field(discriminator="kind")
]
TraceSpec = Annotated[Jaeger | JaegerV2 | Tempo | TraceFiles, Field(discriminator="kind")]
ChangeSpec = Annotated[ReleaseLog | Git | GitHub | GitLab | KubernetesHistory, Field(discriminator="kind")]
ActionSpec = Annotated[
    Releases | KubernetesActions | Flags | Command | Hotfix | GitOps, Field(discriminator="kind")
]


class Backends(Value):
    """Everything that a live world is wired from; what is not named is a gap that the findings tell."""

    metrics: MetricSpec | None = None
    logs: tuple[LogSpec, ...] = ()
    traces: TraceSpec | None = None
    changes: tuple[ChangeSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    health: tuple[HealthSpec, ...] = Field(default=(), description="beside the endpoints of the catalogue")
    screens: BrowserSpec | None = None
    mcp: tuple[McpServer, ...] = Field(default=(), description="further tools for roles, and actions")

    @property
    def prometheus(self) -> Prometheus | None:
        """The metrics backend, if it is one that also knows targets and alerts."""
        return self.metrics if isinstance(self.metrics, Prometheus) else None

    @property
    def acts(self) -> bool:
        """Whether anything can be changed."""
        return bool(self.actions) or any(server.actions for server in self.mcp)
