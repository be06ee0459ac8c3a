"""What a vendor says of itself: Statuspage's `summary.json`."""

import time

from incidents.errors import ToolFailed
from incidents.health import Figure, Probe
from tools.clock import Clock
from tools.live.http import Backend
from tools.live.secrets import Secrets
from tools.live.settings_health import StatusPageSpec
from tools.redaction.redact import redact


class StatusPage:
    """One vendor's page. The vendor is a service of the catalogue, of kind external."""

    def __init__(self, spec: StatusPageSpec, secrets: Secrets, clock: Clock) -> None:
        self._service = spec.service
        self._backend = Backend(f"the status page of {spec.service}", spec, secrets)
        self._clock = clock

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()

    async def probe(self) -> Probe:
        """The indicator and the open incidents.

        Raises:
            ToolFailed: the page does not answer, or is no Statuspage.
        """
        at, began = self._clock.now(), time.perf_counter()
        page = await self._backend.get("/api/v2/summary.json")
        status = page.get("status") if isinstance(page, dict) else None
        if not isinstance(status, dict) or not isinstance(status.get("indicator"), str):
            raise ToolFailed(f"{self._backend.where} is no Statuspage: summary.json has no status.indicator")
        listed = page.get("incidents")
        incidents = [one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, dict)]
        names = "; ".join(redact(str(one.get("name", "unnamed")))[:120] for one in incidents[:5])
        return Probe(
            service=self._service,
            target="status page",
            at=at,
            healthy=status["indicator"] == "none" and not incidents,
            said=f"{redact(str(status.get('description', status['indicator'])))[:120]}"
            + (f"; open incidents: {names}" if names else ""),
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
            figures=(Figure(name="open incidents", value=len(incidents)),),
        )
