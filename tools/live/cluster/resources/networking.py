"""Services, their endpoints, ingresses and network policies."""

from pydantic import Field

from tools.live.cluster.neighbours import Selector
from tools.live.cluster.objects import Meta, Target
from tools.live.cluster.resources.base import Fields


class ServicePort(Fields):
    """A port of a service and where it leads: a number, or the name of a container's port."""

    name: str = ""
    port: int = 0
    target_port: int | str | None = None
    protocol: str = "TCP"

    @property
    def target(self) -> int | str:
        """Where it leads; the same number where none is given."""
        return self.port if self.target_port in {None, 0, ""} else self.target_port or self.port


class ServiceSpec(Fields):
    """What a service is meant to be."""

    type: str = "ClusterIP"
    selector: dict[str, str] = Field(default={})
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = Field(default="", alias="clusterIP")


class Service(Fields):
    """A service."""

    metadata: Meta
    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Fields):
    """Whether an endpoint can be used; not told means that it can."""

    ready: bool = True


class Endpoint(Fields):
    """One pod behind a service."""

    conditions: EndpointConditions = EndpointConditions()
    target_ref: Target | None = None


class EndpointSlice(Fields):
    """Some of the endpoints of a service."""

    metadata: Meta
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def service(self) -> str:
        """Whose endpoints these are."""
        return self.metadata.labels.get("kubernetes.io/service-name", "")


class BackendPort(Fields):
    """A port of a service, by number or name."""

    number: int = 0
    name: str = ""


class BackendService(Fields):
    """The service that gets requests."""

    name: str = ""
    port: BackendPort = BackendPort()


class Backend(Fields):
    """Where requests go."""

    service: BackendService | None = None


class IngressPath(Fields):
    """A path and where it leads."""

    path: str = "/"
    backend: Backend = Backend()


class IngressPaths(Fields):
    """The paths of a rule."""

    paths: tuple[IngressPath, ...] = ()


class IngressRule(Fields):
    """What a host leads to."""

    host: str = ""
    http: IngressPaths = IngressPaths()


class IngressSpec(Fields):
    """What an ingress is meant to be."""

    ingress_class_name: str = ""
    default_backend: Backend | None = None
    rules: tuple[IngressRule, ...] = ()

    def backends(self) -> tuple[BackendService, ...]:
        """Every service that it leads to, each once."""
        paths = (path.backend for rule in self.rules for path in rule.http.paths)
        found = [self.default_backend, *paths]
        return tuple(dict.fromkeys(one.service for one in found if one is not None and one.service))


class Balancers(Fields):
    """The addresses that a controller gave it."""

    ingress: tuple[dict[str, object], ...] = ()


class IngressStatus(Fields):
    """What became of an ingress."""

    load_balancer: Balancers = Balancers()


class Ingress(Fields):
    """An ingress."""

    metadata: Meta
    spec: IngressSpec = IngressSpec()
    status: IngressStatus = IngressStatus()


class IngressClass(Fields):
    """What can serve ingresses."""

    metadata: Meta

    @property
    def is_default(self) -> bool:
        """Whether it serves those that name no class."""
        return self.metadata.annotations.get("ingressclass.kubernetes.io/is-default-class") == "true"


class AddressBlock(Fields):
    """Addresses as a network policy names them."""

    cidr: str = ""


class Peer(Fields):
    """Who may come, or where one may go."""

    pod_selector: Selector | None = None
    namespace_selector: Selector | None = None
    ip_block: AddressBlock | None = None


class PolicyPort(Fields):
    """A port that is open; none: every one of the protocol."""

    port: int | str | None = None
    end_port: int | None = None
    protocol: str = "TCP"


class PolicyRule(Fields):
    """What is let through; without peers from anywhere, without ports on any."""

    coming: tuple[Peer, ...] = Field(default=(), alias="from")
    going: tuple[Peer, ...] = Field(default=(), alias="to")
    ports: tuple[PolicyPort, ...] = ()


class PolicySpec(Fields):
    """Which pods a policy is of, and what it lets through."""

    pod_selector: Selector = Selector()
    policy_types: tuple[str, ...] = ("Ingress",)
    ingress: tuple[PolicyRule, ...] = ()
    egress: tuple[PolicyRule, ...] = ()


class NetworkPolicy(Fields):
    """A network policy."""

    metadata: Meta
    spec: PolicySpec = PolicySpec()
