"""Endpoints over HTTP: those of the catalogue, and those that an OpenAPI document lists."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx2

from incidents.catalogue import Endpoint, Service
from incidents.errors import Declined, ToolFailed
from incidents.health import Probe
from tools.clock import Clock
from tools.live.http import NOT_LET_IN, Backend
from tools.live.link_local import guarded
from tools.live.secrets import Secrets
from tools.live.settings_health import OpenApi
from tools.live.trust import system_trust
from tools.redaction.redact import redact

#: How long an endpoint may take, in seconds.
ENDPOINT_TIMEOUT = 5.0
#: Operations of one document that are asked.
MOST = 20
#: What is read of an answer that is not healthy, in bytes.
_HEAD = 400


class EndpointProbes:
    """Asks endpoints of services. Only GET; no redirect is followed, no credentials are sent.

    Args:
        clock: when a probe was made.
        patience: how long an endpoint may take, in seconds.
    """

    def __init__(self, clock: Clock, patience: float = ENDPOINT_TIMEOUT) -> None:
        self._clock = clock
        self._patience = patience
        self._client: httpx2.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def probe(self, service: Service, endpoint: Endpoint) -> Probe:
        """Ask one endpoint; one that does not answer is an unhealthy one, not an error.

        Raises:
            Declined: it answers, and does not tell whoever comes without credentials how it is.
        """
        self._client = self._client or httpx2.AsyncClient(
            timeout=self._patience, verify=system_trust(), event_hooks=guarded()
        )
        at, began = self._clock.now(), time.perf_counter()
        try:
            async with (
                asyncio.timeout(self._patience),  # of the whole answer; the client's is of each read
                self._client.stream("GET", str(endpoint.url)) as answer,
            ):
                head = await _head(answer)
            healthy = answer.status_code == endpoint.expect
            if not healthy and answer.status_code in NOT_LET_IN:
                raise Declined(
                    f"GET {endpoint.name} of {service.name} answers and refuses to tell how it is "
                    f"({answer.status_code}: {head or 'no reason given'}); that is no outage"
                )
            said = f"{answer.status_code}" + ("" if healthy else f" (expected {endpoint.expect}): {head}")
        except (TimeoutError, httpx2.HTTPError) as error:
            healthy, said = False, f"no answer: {type(error).__name__}"
        return Probe(
            service=service.name,
            target=f"GET {endpoint.name}",
            at=at,
            healthy=healthy,
            said=said,
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
        )


async def _head(answer: httpx2.Response) -> str:
    """The first line of an answer's body, redacted."""
    read = b""
    async for part in answer.aiter_bytes():
        read += part
        if len(read) >= _HEAD:
            break
    return redact(" ".join(read[:_HEAD].decode("utf-8", errors="replace").split()))[:120]


async def documented(spec: OpenApi, secrets: Secrets) -> tuple[Endpoint, ...]:
    """The GET operations without required parameters that an OpenAPI document lists.

    Raises:
        ToolFailed: the document cannot be fetched or is none.
    """
    backend = Backend("OpenAPI document", spec, secrets)
    try:
        document = await backend.get(spec.document)
    finally:
        await backend.aclose()
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise ToolFailed(f"{backend.where}{spec.document} is no OpenAPI document: it has no `paths`")
    found = [
        Endpoint.model_validate({"name": path, "url": backend.where + path})
        for path in _plain(document["paths"])
    ]
    return tuple(found[:MOST])


def _plain(paths: dict[str, Any]) -> Iterator[str]:
    for path, operations in sorted(paths.items()):
        get = operations.get("get") if isinstance(operations, dict) else None
        if not isinstance(get, dict) or "{" in path or not path.startswith("/"):
            continue
        listed = [operations.get("parameters") or [], get.get("parameters") or []]
        parameters = [one for some in listed if isinstance(some, list) for one in some]
        if not any(isinstance(one, dict) and one.get("required") for one in parameters):
            yield path
