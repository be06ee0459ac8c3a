"""What a Prometheus scrapes, and how often."""

from datetime import timedelta

from pydantic import Field

from incidents.errors import ToolFailed
from incidents.value import Value
from tools.live.http import Backend, Rejected, Reply
from tools.live.limits import span_told


class Target(Value):
    """One place that Prometheus scrapes."""

    job: str
    instance: str
    up: bool
    every: timedelta | None = None


class _Target(Reply):
    labels: dict[str, str]
    health: str = "unknown"
    every: str = Field(alias="scrapeInterval", default="")


class _Active(Reply):
    activeTargets: tuple[_Target, ...]  # noqa: N815 - Prometheus' own name


class _Targets(Reply):
    data: _Active


async def targets(backend: Backend) -> tuple[Target, ...] | None:
    """The targets, or None: what only stores series does not know them."""
    try:
        text = await backend.ask("GET", "/api/v1/targets", query={"state": "active"})
    except Rejected:
        return None
    return tuple(
        Target(
            job=one.labels.get("job", ""),
            instance=one.labels.get("instance", ""),
            up=one.health == "up",
            every=span_told(one.every),
        )
        for one in backend.read(_Targets, text).data.activeTargets
    )


async def longest_interval(backend: Backend) -> timedelta | None:
    """How rarely something is scraped; None where that is not told."""
    try:
        found = await targets(backend)
    except ToolFailed:
        return None
    return max((one.every for one in found or () if one.every is not None), default=None)
