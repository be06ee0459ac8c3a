"""The schedule that an entry of `oncall` in `nexus.yaml` describes."""

from typing import TYPE_CHECKING

from nexus.oncall.rotation import Rotation
from nexus.oncall.settings import (
    CalendarSettings,
    GoAlertSettings,
    GrafanaSettings,
    OpsgenieSettings,
    PagerDutySettings,
    RotationSettings,
)
from nexus.oncall.shifts import OnCall
from tools.live.secrets import Secrets

if TYPE_CHECKING:
    from nexus.oncall.settings import AnySchedule


def schedule_of(settings: "AnySchedule", secrets: Secrets) -> OnCall:
    """The source of a schedule; nothing is asked yet."""
    # Imported when they are wanted: who has a rotation needs no HTTP client.
    if isinstance(settings, RotationSettings):
        return Rotation(settings)
    if isinstance(settings, CalendarSettings):
        from nexus.oncall.calendar import CalendarFeed  # noqa: PLC0415

        return CalendarFeed(settings, secrets)
    from nexus.oncall.tools import GoAlert, Grafana, Opsgenie, PagerDuty  # noqa: PLC0415

    match settings:
        case PagerDutySettings():
            return PagerDuty(settings, secrets)
        case OpsgenieSettings():
            return Opsgenie(settings, secrets)
        case GoAlertSettings():
            return GoAlert(settings, secrets)
        case GrafanaSettings():
            return Grafana(settings, secrets)
