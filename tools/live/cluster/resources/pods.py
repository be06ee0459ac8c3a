"""What a pod is meant to run, and where."""

from pydantic import Field, ValidationError

from tools.live.cluster import neighbours
from tools.live.cluster.objects import Template
from tools.live.cluster.resources.base import Amount, Fields


class KeyRef(Fields):
    """A key of a ConfigMap or a Secret, or all of it."""

    name: str = ""
    key: str = ""
    optional: bool = False


class EnvSource(Fields):
    """Where a variable comes from."""

    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None


class EnvVar(Fields):
    """A variable; its value is read for the addresses of services alone, and never told."""

    name: str = ""
    value: str = Field(default="", repr=False)
    value_from: EnvSource = EnvSource()


class EnvFrom(Fields):
    """All keys of a ConfigMap or Secret as variables."""

    config_map_ref: KeyRef | None = None
    secret_ref: KeyRef | None = None


class Port(Fields):
    """A port that a container says it listens on."""

    name: str = ""
    container_port: int = 0
    protocol: str = "TCP"


class Action(Fields):
    """What a probe asks over the network; `port` may be the name of one."""

    path: str = "/"
    port: int | str = 0
    scheme: str = "HTTP"


class Command(Fields):
    """What a probe runs."""

    command: tuple[str, ...] = ()


class Check(Fields):
    """A probe; times in seconds, with the API's defaults."""

    http_get: Action | None = None
    tcp_socket: Action | None = None
    grpc: Action | None = None
    exec: Command | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3

    @property
    def port(self) -> int | str | None:
        """The port that it asks; None of a command."""
        asked = self.http_get or self.tcp_socket or self.grpc
        return asked.port if asked is not None else None


class Amounts(Fields):
    """What a container asks for, and may use at most."""

    requests: dict[str, Amount] = Field(default={})
    limits: dict[str, Amount] = Field(default={})


class ContainerSpec(Fields):
    """One container as it is meant."""

    name: str = ""
    image: str = ""
    command: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    resources: Amounts = Amounts()
    liveness_probe: Check | None = None
    readiness_probe: Check | None = None
    startup_probe: Check | None = None
    restart_policy: str = ""


class ClaimRef(Fields):
    """A volume's claim."""

    claim_name: str = ""


class SecretRef(Fields):
    """A Secret that is mounted."""

    secret_name: str = ""
    name: str = ""


class Projection(Fields):
    """A part of a volume of several sources."""

    config_map: KeyRef | None = None
    secret: SecretRef | None = None


class Projected(Fields):
    """A volume of several sources."""

    sources: tuple[Projection, ...] = ()


class Volume(Fields):
    """A volume, as far as it is a claim, a ConfigMap or a Secret."""

    name: str = ""
    persistent_volume_claim: ClaimRef | None = None
    config_map: KeyRef | None = None
    secret: SecretRef | None = None
    projected: Projected = Projected()

    def config_maps(self) -> tuple[str, ...]:
        """The ConfigMaps in it."""
        found = [self.config_map, *(one.config_map for one in self.projected.sources)]
        return tuple(one.name for one in found if one is not None)

    def secrets(self) -> tuple[str, ...]:
        """The Secrets in it."""
        found = [self.secret, *(one.secret for one in self.projected.sources)]
        return tuple(one.secret_name or one.name for one in found if one is not None)


class Toleration(Fields):
    """A taint that does not keep a pod away."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""


class Resolver(Fields):
    """How names are resolved, where a pod says it itself."""

    nameservers: tuple[str, ...] = ()


class PodSpec(Fields):
    """What a pod is meant to be."""

    node_name: str = ""
    node_selector: dict[str, str] = Field(default={})
    tolerations: tuple[Toleration, ...] = ()
    containers: tuple[ContainerSpec, ...] = ()
    init_containers: tuple[ContainerSpec, ...] = ()
    volumes: tuple[Volume, ...] = ()
    service_account_name: str = ""
    dns_policy: str = ""
    dns_config: Resolver = Resolver()
    scheduler_name: str = "default-scheduler"
    host_network: bool = False
    restart_policy: str = "Always"

    def container(self, name: str) -> ContainerSpec | None:
        """The container of a name, of whatever kind."""
        return next((one for one in (*self.containers, *self.init_containers) if one.name == name), None)

    def claims(self) -> tuple[str, ...]:
        """The names of the claims that it mounts."""
        found = (one.persistent_volume_claim for one in self.volumes)
        return tuple(claim.claim_name for claim in found if claim is not None)


class Pod(neighbours.Pod):
    """A pod, with what it is meant to be."""

    spec: PodSpec = PodSpec()


class _Labels(Fields):
    labels: dict[str, str] = Field(default={})


class PodTemplate(Fields):
    """What a workload makes its pods of."""

    metadata: _Labels = _Labels()
    spec: PodSpec = PodSpec()

    @property
    def labels(self) -> dict[str, str]:
        """The labels of each pod."""
        return self.metadata.labels


def pod_template(found: Template) -> PodTemplate:
    """The template of a workload; one in a form that is not known is an empty one."""
    try:
        return PodTemplate.model_validate(found)
    except ValidationError:
        return PodTemplate()
