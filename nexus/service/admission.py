"""Past a backlog only what is known or most severe is taken: what is not taken is sent again, not lost."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

import structlog

from incidents.alert import Alert
from incidents.errors import NexusError
from incidents.runbook import Runbook
from incidents.severity import Severity
from incidents.severity_floor import alert_severity
from nexus.store.deliveries import Disposition, Filing
from nexus.store.lists import Waiting
from nexus.store.port import IncidentStore
from tools.alerts.retrying import busy_status

log = structlog.get_logger(__name__)

#: For so long one look at the backlog counts.
LOOK_EVERY = timedelta(seconds=1)
#: When a sender that is sent away may try again, in seconds.
RETRY_AFTER = 30


class Busy(NexusError):
    """Too many alerts wait; nothing of the delivery was kept, and it has to be sent again.

    `status` is HTTP's: one on which its sender does so.
    """

    def __init__(self, sentence: str, status: HTTPStatus) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass
class Admission:
    """Admits deliveries of one site.

    Args:
        store: whose backlog.
        site: its name.
        most: as many alerts may wait.
        runbook: what severity words mean.
        turned_away: how many deliveries were sent away so far.
    """

    store: IncidentStore
    site: str
    most: int
    runbook: Runbook
    turned_away: int = 0
    _waiting: Waiting = field(default_factory=lambda: Waiting(alerts=0))
    _looked_at: datetime | None = None

    async def look(self, now: datetime) -> Waiting:
        """How much waits, at most a second ago."""
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            was_full, self._waiting = self._is_full, await self.store.waiting(self.site, now)
            if self._is_full is not was_full:
                state = "new alerts are sent away" if self._is_full else "every alert is taken again"
                log.warning(
                    state, waiting=self._waiting.sentence(now), most=self.most, so_far=self.turned_away
                )
        return self._waiting

    def check(self, filing: Filing, sender: str, alerts: Iterable[Alert], now: datetime) -> None:
        """Let what is known, ends something or is a P0 pass, and everything while there is room.

        What its sender would not send again is taken, too: a longer wait is better than a loss.

        Raises:
            Busy: it has to be sent again.
        """
        news = filing.opens or filing.disposition is Disposition.JOINED
        firing = [alert for alert in alerts if alert.firing]
        if not self._is_full or not news or not firing:
            return
        if alert_severity(firing, self.runbook) is Severity.P0:
            return
        if (status := busy_status(sender)) is None:
            return
        self.turned_away += 1
        raise Busy(f"{self._waiting.sentence(now)}; nothing of this was kept, send it again", status)

    @property
    def _is_full(self) -> bool:
        return self._waiting.alerts >= self.most
