"""What a cluster's own objects say is wrong: one kind of fault each, with the place where it is read."""

from enum import StrEnum

from incidents.findings import Category
from incidents.value import Value


class FaultKind(StrEnum):
    """The kinds of fault that are told from Kubernetes' objects; docs/kubernetes.md says from which."""

    IMAGE = "image_not_pulled"
    CONFIG_MISSING = "config_missing"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - a kind of fault
    NOT_STARTED = "container_not_started"
    CRASH = "container_crashes"
    INIT_CRASH = "init_container_fails"
    ENDS = "container_ends_by_itself"
    OUT_OF_MEMORY = "out_of_memory"
    ARCHITECTURE = "wrong_architecture"
    PORT_TAKEN = "port_taken"
    PROBE_WRONG = "probe_is_wrong"
    PROBE_FAILS = "probe_fails"
    NOT_READY = "pod_not_ready"
    EVICTED = "pod_evicted"
    TURNED_AWAY = "pod_turned_away_by_node"
    STUCK_ENDING = "pod_does_not_end"
    SANDBOX = "pod_gets_no_network"
    NODE_SELECTOR = "no_node_fits_selector"
    TAINT = "no_node_is_tolerated"
    AFFINITY = "no_node_fits_affinity"
    RESOURCES = "no_node_has_room"
    UNSCHEDULED = "pod_not_scheduled"
    VOLUME = "volume_not_mounted"
    CLAIM_MISSING = "claim_missing"
    CLAIM_UNBOUND = "claim_not_bound"
    STORAGE_CLASS = "storage_class_missing"
    QUOTA = "quota_refuses"
    LIMIT_RANGE = "limit_range_refuses"
    WEBHOOK_REFUSES = "webhook_refuses"
    WEBHOOK_DOWN = "webhook_does_not_answer"
    ADMISSION = "admission_refuses"
    SERVICE_ACCOUNT = "service_account_missing"
    RIGHT_MISSING = "right_missing"
    CREDENTIALS = "credentials_refused"
    SELECTOR = "service_selector_wrong"
    SERVICE_PORT = "service_port_wrong"
    SERVICE_MISSING = "service_missing"
    NO_ENDPOINTS = "service_without_endpoints"
    SCALED_TO_ZERO = "scaled_to_zero"
    INGRESS_CLASS = "ingress_class_missing"
    INGRESS_BACKEND = "ingress_backend_wrong"
    NETWORK_POLICY = "network_policy_blocks"
    DNS = "names_not_resolved"
    NODE_DOWN = "node_not_ready"
    NODE_PRESSURE = "node_under_pressure"
    AUTOSCALER = "autoscaler_cannot_scale"
    AUTOSCALER_FULL = "autoscaler_at_its_most"
    BUDGET = "disruption_budget_blocks"
    JOB = "job_failed"
    CRON_JOB = "cron_job_does_not_run"


class Standing(StrEnum):
    """What a finding is of a part: its cause, a sign of one elsewhere, what follows, or only near it."""

    CAUSE = "cause"
    SIGN = "sign"
    CONSEQUENCE = "consequence"
    BESIDE = "beside"


#: What is wrong with one workload and felt by others that it concerns too; the first named is at fault.
_OF_ONE = frozenset({FaultKind.NETWORK_POLICY, FaultKind.SERVICE_PORT, FaultKind.SERVICE_MISSING})


class Finding(Value):
    """One fault that the cluster itself shows.

    Attributes:
        kind: which fault.
        object: what it is of, as kubectl names it: `pod/till-a-1`.
        sentence: what is wrong; what it quotes of the cluster is redacted, on one line and short.
        evidence: where that stands, in the cluster's own words; redacted likewise.
        category: whose work mends it.
        standing: what it says of the part that it is told of; `beside`: it is of nothing that is watched.
        concerns: the workloads that it hurts, as kubectl names them (`deployment/till`), that at fault first.
    """

    kind: FaultKind
    object: str
    sentence: str
    evidence: tuple[str, ...] = ()
    category: Category = Category.INFRASTRUCTURE
    standing: Standing = Standing.CAUSE
    concerns: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The one workload at fault; empty where all that it concerns are hurt alike."""
        return self.concerns[0] if self.kind in _OF_ONE and self.concerns else ""

    @property
    def told(self) -> str:
        """Sentence and evidence in one line."""
        return f"{self.sentence} [{'; '.join(self.evidence)}]" if self.evidence else self.sentence
