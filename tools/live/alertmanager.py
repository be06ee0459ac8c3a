"""Asks an Alertmanager for the alerts of a group: those that its notification left out.

Grafana (`/api/alertmanager/grafana`) and Mimir (`/alertmanager`) answer the same API below a path of theirs.
Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

import json
import re
from typing import Any

from incidents.alert import Label
from incidents.errors import ToolFailed
from tools.alerts.reading import AlertGroup
from tools.live.http import Backend
from tools.live.secrets import Secrets
from tools.live.settings import Http

#: A name that a matcher may write without quotes.
_PLAIN = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Alertmanager:
    """One Alertmanager's API v2; close it afterwards."""

    def __init__(self, spec: Http, secrets: Secrets) -> None:
        self._backend = Backend("Alertmanager", spec, secrets)

    async def alerts(self, group: AlertGroup) -> tuple[dict[str, Any], ...]:
        """The alerts of a group that fire now, as the API writes them; silenced and inhibited ones are not.

        Raises:
            ToolFailed: it does not answer, or answers something else.
        """
        query: dict[str, str | tuple[str, ...]] = {
            "active": "true",
            "silenced": "false",
            "inhibited": "false",
        }
        if group.labels:
            query["filter"] = tuple(matcher(label) for label in group.labels)
        if group.receiver:
            query["receiver"] = re.escape(group.receiver)
        found = await self._backend.get("/api/v2/alerts", query)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            where = self._backend.where
            raise ToolFailed(f"Alertmanager at {where} answered no list of alerts; check the URL")
        return tuple(found)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()


def matcher(label: Label) -> str:
    """A label as Alertmanager's matchers write it: `severity="page"`."""
    name = label.name if _PLAIN.fullmatch(label.name) else json.dumps(label.name, ensure_ascii=False)
    return f"{name}={json.dumps(label.value, ensure_ascii=False)}"
