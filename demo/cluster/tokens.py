"""The tokens of service accounts: one is given for some minutes, and lets one workload be changed."""

import re
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from demo.cluster.namespace import Json

#: An account for each workload and kind of change, as `nexus rights kubernetes` prints them.
_ACCOUNT = re.compile(r"nexus-deployment-(?P<workload>[a-z0-9-]+)-(?:rollback|restart|scale)")


class Tokens:
    """Gives and knows them; threads may share it.

    Attributes:
        used: the accounts by which something was changed, in that order.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._given: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()
        self.used: list[str] = []

    def give(self, account: str, asked: Json) -> Json | None:
        """The answer to a TokenRequest; None: there is no such account."""
        if _ACCOUNT.fullmatch(account) is None:
            return None
        token = secrets.token_urlsafe(24)
        until = self._now() + timedelta(seconds=asked["spec"].get("expirationSeconds", 3600))
        with self._lock:
            self._given[token] = account, until
        shown = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        return asked | {"status": {"token": token, "expirationTimestamp": shown}}

    def refusal(self, token: str, workload: str) -> tuple[int, str, str] | None:
        """Why a token lets a workload not be changed: status, reason, message; None: it does."""
        with self._lock:
            account, until = self._given.get(token, ("", self._now()))
            if self._now() >= until:
                return 401, "Unauthorized", "Unauthorized"
            found = _ACCOUNT.fullmatch(account)
            if found is None or found["workload"] != workload:
                said = f'User "system:serviceaccount:shop:{account}" cannot patch resource "deployments"'
                return 403, "Forbidden", f'deployments.apps "{workload}" is forbidden: {said}'
            self.used.append(account)
        return None
