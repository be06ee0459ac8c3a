"""What `nexus.yaml` says of Kubernetes: where changes are read, what may be changed, whose pods are asked."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from incidents.duration import Duration
from tools.live.settings_http import Http

#: A deployment, or another kind as kubectl names it: `statefulset/db`, `ds/agent`, `rollout/till`.
WorkloadName = Annotated[
    str, Field(pattern=r"^((deployments?|deploy|statefulsets?|sts|daemonsets?|ds|rollouts?|ro)/)?[^/\s]+$")
]


class KubernetesHistory(Http):
    """The rollout history of deployments, stateful sets, daemon sets and Argo Rollouts."""

    kind: Literal["kubernetes"]
    namespace: str = "default"
    deployments: dict[str, WorkloadName] = Field(
        default={},
        description="by service, where names differ: a deployment, or `statefulset/db`, `ds/agent`",
    )


class KubernetesActions(Http):
    """Roll back, restart and scale deployments, stateful sets, daemon sets and Argo Rollouts."""

    kind: Literal["kubernetes"]
    namespace: str = "default"
    services: tuple[str, ...] = Field(min_length=1)
    deployments: dict[str, WorkloadName] = Field(
        default={},
        description="by service, where names differ: a deployment, or `statefulset/db`, `ds/agent`",
    )
    patience: Duration = Field(default=timedelta(minutes=3), description="until a rollout must be complete")
    max_replicas: int = Field(default=20, ge=1, le=1000)


class KubernetesHealth(Http):
    """What the pods of a service say, and the last warnings about them."""

    kind: Literal["kubernetes"]
    service: str
    namespace: str = "default"
    workload: WorkloadName | None = Field(
        default=None, description="a deployment, `statefulset/db`, ...; none: the deployment of the same name"
    )
