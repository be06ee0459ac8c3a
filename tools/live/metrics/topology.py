"""What a Prometheus knows of where the services of the catalogue run."""

import re
import string
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

import yaml
from pydantic import TypeAdapter

from tools.alerts.matching.learn import learn
from tools.alerts.matching.names import ServiceNames
from tools.alerts.matching.topology import Topology
from tools.clock import Clock
from tools.live.http import Backend
from tools.live.metrics.answers import ask
from tools.live.secrets import Secrets
from tools.live.settings import Prometheus


class _Query(string.Template):
    delimiter = "@"


class PrometheusTopology:
    """Implements `tools.ports.ServiceTopology`.

    Args:
        backend: where to ask.
        names: how the services are called, by what is known when it asks.
        clock: says as of when it is.
    """

    def __init__(self, backend: Backend, names: Callable[[], ServiceNames], clock: Clock) -> None:
        self._backend = backend
        self._names = names
        self._clock = clock

    async def topology(self) -> Topology:
        """One question after the other, so that a busy backend stays free for the incidents.

        Raises:
            ToolFailed: one was not answered. A part could make a machine of two services one of the other's.
        """
        names, at = self._names(), self._clock.now()
        # Twice a stroke: the pattern stands in a string of PromQL.
        units = "|".join(f".*{re.escape(name)}.*" for name in names.spelled).replace("\\", "\\\\")
        series = {
            name: await self._labels(_Query(query).substitute(units=units))
            for name, query in _queries().items()
        }
        return learn(series, names, at)

    async def _labels(self, query: str) -> tuple[Mapping[str, str], ...]:
        answer = await ask(self._backend, "/api/v1/query", {"query": query})
        return tuple(one.metric for one in answer.data.result)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._backend.aclose()


def live_topology(
    spec: Prometheus, names: Callable[[], ServiceNames], secrets: Secrets, clock: Clock
) -> PrometheusTopology:
    """The topology of what `backends.metrics` describes."""
    return PrometheusTopology(Backend("Prometheus", spec, secrets), names, clock)


@cache
def _queries() -> Mapping[str, str]:
    text = resources.files("tools.live.metrics").joinpath("topology.yaml").read_text(encoding="utf-8")
    return TypeAdapter(dict[str, str]).validate_python(yaml.load(text, yaml.CSafeLoader))
