"""Nodes, volumes, quotas, jobs: what workloads run on and beside."""

from pydantic import Field

from incidents.value import Moment
from tools.live.cluster.neighbours import Protection
from tools.live.cluster.objects import Condition, Meta, Target
from tools.live.cluster.resources.base import Amount, Fields


class Taint(Fields):
    """What keeps pods away that do not tolerate it."""

    key: str = ""
    value: str = ""
    effect: str = ""

    def __str__(self) -> str:
        """As kubectl writes it."""
        return f"{self.key}{f'={self.value}' if self.value else ''}:{self.effect}"


class NodeSpec(Fields):
    """What a node is meant to take."""

    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeStatus(Fields):
    """How a node stands."""

    conditions: tuple[Condition, ...] = ()
    allocatable: dict[str, Amount] = Field(default={})


class Node(Fields):
    """A machine of the cluster."""

    metadata: Meta
    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ClaimSpec(Fields):
    """What a claim asks for; an empty class means none at all, a missing one the default."""

    storage_class_name: str | None = None
    volume_name: str = ""


class Phase(Fields):
    """How far something is."""

    phase: str = ""


class Claim(Fields):
    """A PersistentVolumeClaim."""

    metadata: Meta
    spec: ClaimSpec = ClaimSpec()
    status: Phase = Phase()


class StorageClass(Fields):
    """How volumes are made."""

    metadata: Meta
    provisioner: str = ""
    volume_binding_mode: str = "Immediate"


class AutoscalerStatus(Fields):
    """How an autoscaler stands."""

    current_replicas: int = 0
    desired_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class AutoscalerSpec(Fields):
    """What an autoscaler sizes, and between what."""

    scale_target_ref: Target = Target()
    min_replicas: int = 1
    max_replicas: int = 1


class HorizontalAutoscaler(Fields):
    """A HorizontalPodAutoscaler."""

    metadata: Meta
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class BudgetStatus(Fields):
    """How many pods may go."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] = ()


class DisruptionBudget(Fields):
    """A PodDisruptionBudget with what it allows now."""

    metadata: Meta
    spec: Protection = Protection()
    status: BudgetStatus = BudgetStatus()


class JobSpec(Fields):
    """What a job is meant to do."""

    suspend: bool = False
    backoff_limit: int = 6


class JobStatus(Fields):
    """How far a job is."""

    active: int = 0
    failed: int = 0
    succeeded: int = 0
    start_time: Moment | None = None
    conditions: tuple[Condition, ...] = ()


class Job(Fields):
    """A job."""

    metadata: Meta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class CronSpec(Fields):
    """When jobs are made."""

    schedule: str = ""
    suspend: bool = False


class CronStatus(Fields):
    """When jobs were made."""

    last_schedule_time: Moment | None = None
    last_successful_time: Moment | None = None


class CronJob(Fields):
    """What makes jobs by the clock."""

    metadata: Meta
    spec: CronSpec = CronSpec()
    status: CronStatus = CronStatus()
