"""An alert, whichever system sent it."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field, ValidationInfo, field_validator

from incidents.match import Match
from incidents.value import Moment, Value

#: A start before this is taken for a default that nobody set, or for a unit that was mixed up.
OLDEST = timedelta(days=366)
#: How the fingerprint of a silence begins: an alert by Nexus itself that a heartbeat stays away.
SILENCE = "silent:"
#: How far clocks of machines drift apart without anything being wrong.
CLOCK_SKEW = timedelta(minutes=1)


def can_be_meant(at: datetime, received_at: datetime) -> bool:
    """Whether a sender's time can be counted from; else (not set, absurd, ahead) its receipt is."""
    return -CLOCK_SKEW <= received_at - at <= OLDEST


class AlertStatus(StrEnum):
    """Whether the condition holds or is over."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Label(Value):
    """One name and value that the sender attached; untrusted text."""

    name: str
    value: str


class Link(Value):
    """An address that the sender attached: a dashboard, a runbook, a silence; untrusted."""

    name: str
    url: str


class Alert(Value):
    """One alert. `fingerprint` is the sender's identity of the condition, stable while it lasts.

    `condition` is the same for every replica, value and severity that it is told with; `group` is what the
    sender bundled it by. A `repeat` tells nothing new by its sender's own word; a `heartbeat` always fires.
    """

    source: str
    title: str
    service: str | None
    status: AlertStatus = AlertStatus.FIRING
    received_at: Moment
    starts_at: Moment
    start_sent: bool = Field(default=True, description="false: none that counts, `starts_at` is the receipt")
    ends_at: Moment | None = None
    fingerprint: str
    severity: str | None = None
    description: str = ""
    labels: tuple[Label, ...] = ()
    annotations: tuple[Label, ...] = ()
    links: tuple[Link, ...] = ()
    condition: str = ""
    group: str = ""
    repeat: bool = False
    heartbeat: bool = False
    remarks: tuple[str, ...] = Field(default=(), description="what people must know of how it was read")
    matched_by: Match | None = Field(
        default=None, description="how its service was found; None: not looked for"
    )

    @field_validator("starts_at", "ends_at")
    @classmethod
    def _can_be_counted_from(cls, at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Arithmetic on a sent time never leaves the calendar, whoever made the value or kept it."""
        received: datetime | None = info.data.get("received_at")
        return at if at is None or received is None or can_be_meant(at, received) else received

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes a redelivery the same alert: fingerprint, start (to the ms, as it is kept), status."""
        return (self.fingerprint, self.starts_at.isoformat(timespec="milliseconds"), self.status.value)

    @property
    def firing(self) -> bool:
        """Whether the condition holds."""
        return self.status is AlertStatus.FIRING

    @property
    def tells_silence(self) -> bool:
        """Whether it is about the monitoring itself: a heartbeat is not heard."""
        return self.source == "nexus" and self.fingerprint.startswith(SILENCE)

    @property
    def unassigned(self) -> bool:
        """Whether its service was looked for and is not known."""
        return self.service is None and self.matched_by is not None and self.matched_by.unknown

    @property
    def since(self) -> Moment:
        """Since when its status holds, at the latest since it was told: a sender's clock may run ahead."""
        said = self.starts_at if self.firing else self.ends_at or self.received_at
        return min(said, self.received_at)

    def label(self, name: str) -> str | None:
        """The value of a label, or None."""
        return next((label.value for label in self.labels if label.name == name), None)


def known_to_be_over(alert: Alert, last: Alert | None) -> bool:
    """Whether it tells of a firing whose end was told before, and when: deliveries overtake each other."""
    if last is None or last.firing or last.ends_at is None:
        return False
    return alert.firing and last.starts_at == alert.starts_at
