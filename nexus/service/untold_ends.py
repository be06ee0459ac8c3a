"""Alerts whose end nobody was told of: they were silenced, and their Alertmanager has them no more.

It tells no end while a silence or another alert keeps an alert quiet, nor later, though it told that it fires
(seen with 0.25.0: `findings/alertmanager-untold-end.sh`).
"""

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: An Alertmanager that was started again has no alerts until they are sent again, each minute as a rule.
_GONE = timedelta(minutes=5)


@dataclass
class UntoldEnds:
    """What was seen silenced, by fingerprint, and since when whole answers have it no more. Pure."""

    _quiet: dict[str, datetime] = field(default_factory=dict)
    _gone: dict[str, datetime] = field(default_factory=dict)

    @property
    def watched(self) -> bool:
        """Whether anything was silenced of which the end is not known."""
        return bool(self._quiet)

    def seen(self, silenced: Set[str], calling: Set[str], now: datetime) -> dict[str, datetime]:
        """What has been neither silenced nor calling for long: when it was silenced last."""
        self._quiet |= dict.fromkeys(silenced, now)
        self._quiet = {key: at for key, at in self._quiet.items() if key not in calling}
        self._gone = {key: self._gone.get(key, now) for key in self._quiet.keys() - silenced}
        return {key: self._quiet[key] for key, since in self._gone.items() if now - since >= _GONE}

    def unanswered(self) -> None:
        """A look that was not whole: what is gone is counted anew."""
        self._gone.clear()

    def still_known(self, keys: Set[str]) -> None:
        """Another alert keeps these quiet: what is gone is counted anew."""
        self._gone = {key: at for key, at in self._gone.items() if key not in keys}

    def told(self, keys: Set[str]) -> None:
        """The ends of these are known."""
        self._quiet = {key: at for key, at in self._quiet.items() if key not in keys}
