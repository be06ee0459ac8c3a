"""An alert, whichever system sent it."""

from enum import StrEnum

from incidents.value import Moment, Value


class AlertStatus(StrEnum):
    """Whether the condition holds or is over."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Label(Value):
    """One name and value that the sender attached; untrusted text."""

    name: str
    value: str


class Alert(Value):
    """One alert. `fingerprint` is the sender's identity of the condition, stable while it lasts."""

    source: str
    title: str
    service: str | None
    status: AlertStatus = AlertStatus.FIRING
    starts_at: Moment
    received_at: Moment
    fingerprint: str
    severity: str | None = None
    description: str = ""
    labels: tuple[Label, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes a redelivery the same alert: fingerprint, start and status."""
        return (self.fingerprint, self.starts_at.isoformat(), self.status.value)

    @property
    def firing(self) -> bool:
        """Whether the condition holds."""
        return self.status is AlertStatus.FIRING

    def label(self, name: str) -> str | None:
        """The value of a label, or None."""
        return next((label.value for label in self.labels if label.name == name), None)
