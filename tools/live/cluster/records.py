"""What else tells of changes: who wrote configuration last, and what Helm, Argo CD and Flux delivered."""

from typing import Any

from pydantic import Field

from incidents.value import Moment
from tools.live.cluster.objects import Part
from tools.live.cluster.resources.base import Fields

#: Asks for metadata alone. It is no protection: who may list Secrets may read them.
METADATA = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}


class Written(Part):
    """When somebody last wrote fields of an object, and which: an entry of `managedFields`."""

    manager: str = ""
    time: Moment | None = None
    fields: dict[str, Any] = Field(default={}, alias="fieldsV1")

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of a ConfigMap or Secret that they wrote, without their values."""
        found = [
            name
            for part in ("f:data", "f:binaryData", "f:stringData")
            for name in self.fields.get(part) or ()
        ]
        return tuple(name.removeprefix("f:") for name in found if name.startswith("f:"))


class BareMeta(Part):
    """An object's metadata without its annotations.

    Metadata that is asked for alone still brings them, and `kubectl apply` keeps all of a Secret in one
    (`kubectl.kubernetes.io/last-applied-configuration`).
    """

    name: str
    created: Moment | None = Field(default=None, alias="creationTimestamp")
    version: str = Field(default="", alias="resourceVersion")
    labels: dict[str, str] = Field(default={})
    written: tuple[Written, ...] = Field(default=(), alias="managedFields")


class Bare(Part):
    """An object of which no more than its metadata is read."""

    meta: BareMeta = Field(alias="metadata")


class Initiator(Fields):
    """Who asked for a delivery."""

    username: str = ""
    automated: bool = False


class Synced(Fields):
    """One delivery of an Argo CD Application."""

    id: int = 0
    revision: str = ""
    revisions: tuple[str, ...] = ()
    deployed_at: Moment | None = None
    deploy_started_at: Moment | None = None
    initiated_by: Initiator = Initiator()

    @property
    def named(self) -> str:
        """The revision, or those of several sources."""
        return self.revision or ", ".join(self.revisions)


class Operation(Fields):
    """The last delivery that was tried."""

    phase: str = ""
    message: str = ""
    finished_at: Moment | None = None


class Destination(Fields):
    """Where it delivers to."""

    namespace: str = ""


class ApplicationSpec(Fields):
    """What an Application is meant to be."""

    destination: Destination = Destination()


class ApplicationStatus(Fields):
    """What an Application has delivered."""

    history: tuple[Synced, ...] = ()
    operation_state: Operation | None = None


class Application(Fields):
    """An Application of Argo CD."""

    metadata: BareMeta
    spec: ApplicationSpec = ApplicationSpec()
    status: ApplicationStatus = ApplicationStatus()


class Release(Fields):
    """One release that Flux made through Helm."""

    name: str = ""
    namespace: str = ""
    version: int = 0
    status: str = ""
    chart_name: str = ""
    chart_version: str = ""
    first_deployed: Moment | None = None
    last_deployed: Moment | None = None


class Reconciled(Fields):
    """One state that Flux applied (Flux 2.7 and later)."""

    first_reconciled: Moment | None = None
    last_reconciled_status: str = ""
    metadata: dict[str, str] = Field(default={})


class HelmReleaseStatus(Fields):
    """What became of a HelmRelease, the newest first."""

    history: tuple[Release, ...] = ()


class HelmRelease(Fields):
    """A HelmRelease of Flux."""

    metadata: BareMeta
    status: HelmReleaseStatus = HelmReleaseStatus()


class KustomizationSpec(Fields):
    """Where a Kustomization delivers to."""

    target_namespace: str = ""


class KustomizationStatus(Fields):
    """What a Kustomization applied, the newest first."""

    history: tuple[Reconciled, ...] = ()


class Kustomization(Fields):
    """A Kustomization of Flux."""

    metadata: BareMeta
    spec: KustomizationSpec = KustomizationSpec()
    status: KustomizationStatus = KustomizationStatus()
