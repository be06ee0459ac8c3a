"""Asks an Alertmanager which alerts are silenced now, and whose silences these are.

Which alerts a silence is of is the Alertmanager's to say: it has evaluated the matchers (regular and
negative ones too) and names the silences beside each alert (`status.silencedBy`). Pending and expired ones
are not among them: seen with 0.25.0, from the second on in which one ends.
Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from datetime import datetime
from urllib.parse import quote

from pydantic import Field

from tools.live.http import Backend, Reply
from tools.live.secrets import Secrets
from tools.live.settings import Http


class Silence(Reply):
    """One silence.

    Attributes:
        by: who made it, as they wrote it.
        updated_at: when it was made, changed or ended last.
    """

    id: str
    by: str = Field(default="", validation_alias="createdBy")
    comment: str = ""
    updated_at: datetime = Field(validation_alias="updatedAt")
    ends_at: datetime = Field(validation_alias="endsAt")


class _Status(Reply):
    silenced_by: tuple[str, ...] = Field(default=(), validation_alias="silencedBy")


class FiringAlert(Reply):
    """An alert that fires there, under the fingerprint with which it is sent."""

    fingerprint: str
    starts_at: datetime = Field(validation_alias="startsAt")
    status: _Status

    @property
    def silenced_by(self) -> tuple[str, ...]:
        """The ids of the silences that keep it quiet."""
        return self.status.silenced_by


class _Alerts(Reply):
    items: tuple[FiringAlert, ...]


class Silences:
    """One Alertmanager's API v2; close it afterwards. Whatever it does not answer is `ToolFailed`."""

    def __init__(self, spec: Http, secrets: Secrets) -> None:
        self._backend = Backend("Alertmanager", spec, secrets)

    async def silenced(self) -> tuple[FiringAlert, ...]:
        """Every alert that a silence keeps quiet, whether it is inhibited too or not."""
        found = await self._alerts(active="false", silenced="true", inhibited="true")
        return tuple(one for one in found if one.silenced_by)

    async def calling(self) -> frozenset[str]:
        """The fingerprints of those that nothing keeps quiet."""
        found = await self._alerts(active="true", silenced="false", inhibited="false")
        return frozenset(one.fingerprint for one in found)

    async def known(self) -> frozenset[str]:
        """The fingerprints of all that fires there, whatever keeps it quiet."""
        found = await self._alerts(active="true", silenced="true", inhibited="true", unprocessed="true")
        return frozenset(one.fingerprint for one in found)

    async def silence(self, identity: str) -> Silence:
        """The silence of an id."""
        path = f"/api/v2/silence/{quote(identity, safe='')}"
        return self._backend.read(Silence, await self._backend.ask("GET", path))

    async def _alerts(self, **which: str) -> tuple[FiringAlert, ...]:
        text = await self._backend.ask("GET", "/api/v2/alerts", query=which)
        return self._backend.read(_Alerts, f'{{"items": {text}}}').items

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()
