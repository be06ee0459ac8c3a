"""Asking a service whether it is well, and which version answers."""

import json
from collections.abc import Mapping
from typing import NamedTuple

import httpx2
from pydantic import HttpUrl

from tools.live.link_local import guarded
from tools.live.trust import system_trust
from tools.wording import plain

_SECONDS = 2.0
_LARGEST = 65_536


class Healthy(NamedTuple):
    """What the service answered; `version` is None where it says none."""

    ok: bool
    version: str | None
    said: str


class Health:
    """The health addresses of services; a service without one counts as well, and says so.

    Args:
        urls: by service. A 2xx answer is healthy; a JSON object with `version` tells what runs.
    """

    def __init__(self, urls: Mapping[str, HttpUrl]) -> None:
        self._urls = {service: str(url) for service, url in urls.items()}
        self._client = httpx2.AsyncClient(
            timeout=_SECONDS, verify=system_trust(), trust_env=False, event_hooks=guarded()
        )

    async def look(self, service: str) -> Healthy:
        """Ask once; a service that does not answer is not healthy, never an error."""
        url = self._urls.get(service)
        if url is None:
            return Healthy(ok=True, version=None, said="no health address is configured, its process runs")
        try:
            async with self._client.stream("GET", url) as response:
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        break
        except httpx2.HTTPError as error:
            return Healthy(
                ok=False, version=None, said=f"its health address does not answer ({type(error).__name__})"
            )
        version = _version(body)
        answered = f"its health address answers {response.status_code}"
        return Healthy(response.is_success, version, f"{answered} as {version}" if version else answered)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _version(body: bytes) -> str | None:
    try:
        found = json.loads(body).get("version")
    except (ValueError, AttributeError, RecursionError):
        return None
    return plain(found, 80) if isinstance(found, str) else None
