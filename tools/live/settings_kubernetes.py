"""What `nexus.yaml` says of Kubernetes: where changes are read, what may be changed, whose pods are asked."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from incidents.duration import Duration
from incidents.value import Value
from tools.live.secrets import SecretRef
from tools.live.settings_http import Auth, Http

#: A deployment, or another kind as kubectl names it: `statefulset/db`, `ds/agent`, `rollout/till`.
WorkloadName = Annotated[
    str, Field(pattern=r"^((deployments?|deploy|statefulsets?|sts|daemonsets?|ds|rollouts?|ro)/)?[^/\s]+$")
]


class ExecPlugin(Value):
    """A program that prints an ExecCredential (client.authentication.k8s.io/v1), as clouds bring one.

    It is asked again when its token expires, or when the server takes the token no more.
    """

    command: tuple[str, ...] = Field(min_length=1, description="argv, without a shell")
    environment: dict[str, SecretRef] = Field(default={}, description="what it gets beside PATH")
    timeout: Duration = timedelta(seconds=10)


class KubernetesAuth(Auth):
    """How to log in at an API server."""

    exec: ExecPlugin | None = Field(default=None, description="instead of `bearer`")


class KubernetesHistory(Http):
    """The rollout history of deployments, stateful sets, daemon sets and Argo Rollouts."""

    kind: Literal["kubernetes"]
    auth: KubernetesAuth = KubernetesAuth()
    namespace: str = "default"
    deployments: dict[str, WorkloadName] = Field(
        default={},
        description="by service, where names differ: a deployment, or `statefulset/db`, `ds/agent`",
    )
    secrets: bool = Field(
        default=False,
        description="also who wrote Secrets when, and Helm's releases, by metadata alone; "
        "the right to list Secrets is one to read them",
    )
    deliveries: tuple[str, ...] = Field(
        default=(), description="namespaces that hold Argo CD's Applications or Flux's objects"
    )


class HelmCli(Value):
    """Helm's own program, for workloads that belong to a release of it."""

    command: tuple[str, ...] = Field(default=("helm",), min_length=1, description="argv, without a shell")
    environment: dict[str, SecretRef] = Field(
        default={}, description="what it gets beside PATH, such as KUBECONFIG"
    )
    timeout: Duration = Field(default=timedelta(seconds=20), description="of a question to it")


class ActAccounts(Value):
    """Service accounts with the right to one change each; Nexus itself may only ask for their tokens."""

    prefix: str = Field(
        default="nexus", pattern=r"^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$", description="of their names"
    )
    lasts: Duration = Field(
        default=timedelta(minutes=10), ge=timedelta(minutes=10), le=timedelta(hours=1),
        description="what is asked for; no API server gives less than ten minutes",
    )  # fmt: skip


class KubernetesActions(Http):
    """Roll back, restart and scale deployments, stateful sets, daemon sets and Argo Rollouts."""

    kind: Literal["kubernetes"]
    auth: KubernetesAuth = KubernetesAuth()
    namespace: str = "default"
    services: tuple[str, ...] = Field(min_length=1)
    deployments: dict[str, WorkloadName] = Field(
        default={},
        description="by service, where names differ: a deployment, or `statefulset/db`, `ds/agent`",
    )
    patience: Duration = Field(default=timedelta(minutes=3), description="until a rollout must be complete")
    max_replicas: int = Field(default=20, ge=1, le=1000)
    helm: HelmCli | None = Field(
        default=None, description="rolls back what Helm owns through its release; none: the workload alone"
    )
    accounts: ActAccounts | None = Field(
        default=None, description="each change runs with a token for it alone; none: with what `auth` may"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.accounts is not None and self.helm is not None:
            raise ValueError(
                "`accounts` and `helm` do not go together: Helm's program has a standing right of its own; "
                "leave one of them out"
            )
        return self


class KubernetesHealth(Http):
    """What a namespace says of a service: its pods, what they need, and what is wrong with it."""

    kind: Literal["kubernetes"]
    auth: KubernetesAuth = KubernetesAuth()
    service: str | None = Field(
        default=None, description="none: every service of the catalogue that has a workload in the namespace"
    )
    namespace: str = "default"
    workload: WorkloadName | None = Field(
        default=None, description="a deployment, `statefulset/db`, ...; none: the deployment of the same name"
    )
    deployments: dict[str, WorkloadName] = Field(
        default={}, description="the same by service, where all services are asked"
    )

    @model_validator(mode="after")
    def _one_service(self) -> Self:
        if self.workload is not None and self.service is None:
            raise ValueError(
                "`workload` is of one `service`; name it, or write `deployments: {service: workload}`"
            )
        return self
