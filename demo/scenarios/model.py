"""What a scenario is: how the shop is broken, what is true about it, and how that shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from demo.changes import Change
from demo.launcher import Shop
from incidents.action import Action, ActionKind, Arguments
from incidents.findings import Category

Step = Callable[[Shop], Change | None]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a scorer may know; the moment and the change are filled in by the run.

    Attributes:
        severity: By the definitions of the runbook.
        service: The service that is the cause.
        category: None where none of the four fits.
        metric: The series that shows it best, if one does.
        note: What happened, in words.
        right: Any of these ends the incident.
        harmless: They change nothing, or more than is needed.
        wrong: They make it worse, or treat something healthy.
        none_is_right: Whether to propose nothing is right, too; without a right action it has to be.
        red_herrings: Ids of changes that look like the cause and are not; the prelude makes them.
        data_breach: Whether somebody got data that was not theirs.
        user_data: Whether data of users is affected.
    """

    severity: Literal["P0", "P1", "P2", "P3"]
    service: str
    category: Category | None
    metric: str | None
    note: str
    right: tuple[Action, ...] = ()
    harmless: tuple[Action, ...] = ()
    wrong: tuple[Action, ...]
    none_is_right: bool = False
    red_herrings: tuple[str, ...] = ()
    data_breach: bool = False
    user_data: bool = False


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A series that shows the fault: a PromQL query whose highest value lies between two bounds.

    Attributes:
        says: What it means, in words.
        query: `@{window}` stands for the span of rates. No series at all counts as 0.
        above: The value is higher.
        below: The value is lower.
    """

    says: str
    query: str
    above: float = float("-inf")
    below: float = float("inf")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A log line that the fault leaves behind: a regular expression for the message."""

    service: str
    pattern: str

    @property
    def says(self) -> str:
        """In words."""
        return f"{self.service} logs /{self.pattern}/"


def nothing(_shop: Shop) -> None:
    """A step in which nothing is done."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way to break the shop.

    Attributes:
        id: Names the case.
        title: What people would call the incident.
        alert: The alert that reports it.
        prelude: What happens before and has nothing to do with it.
        fault: What breaks the shop.
        truth: What is true.
        signs: What the telemetry shows while it is broken.
        remedy: The action that heals it; None where it ends by itself.
        flaps: Whether the alert comes and goes by itself.
        on: What the shop runs on.
    """

    id: str
    title: str
    alert: str
    prelude: Step = nothing
    fault: Step
    truth: Truth
    signs: tuple[Sign | Line, ...] = field(default=())
    remedy: Action | None
    flaps: bool = False
    on: type[Shop] = Shop


#: What three preludes make: the catalogue's larger pages, the first change of their run.
LARGER_PAGES = "config-1-catalogue-2026.11.4"


def rollback(service: str, version: str) -> Action:
    """Go back to a version."""
    return Action(kind=ActionKind.ROLLBACK, service=service, arguments=Arguments(version=version))


def restart(service: str) -> Action:
    """Restart a service."""
    return Action(kind=ActionKind.RESTART, service=service)


def scale(service: str, replicas: int) -> Action:
    """Run so many instances."""
    return Action(kind=ActionKind.SCALE, service=service, arguments=Arguments(replicas=replicas))


def flag(service: str, name: str, enabled: bool) -> Action:
    """Set a feature flag."""
    return Action(
        kind=ActionKind.FEATURE_FLAG, service=service, arguments=Arguments(flag=name, enabled=enabled)
    )


def simply(kind: ActionKind, service: str) -> Action:
    """An action without arguments."""
    return Action(kind=kind, service=service)


def failing(service: str, *, above: float) -> Sign:
    """The share of a service's requests that fail."""
    requests = "rate(http_server_request_duration_seconds_count"
    return Sign(
        says=f"{service}: failing share above {above:g}",
        query=(
            f'sum({requests}{{service="{service}",http_response_status_code=~"5.."}}[@{{window}}]))'
            f' / sum({requests}{{service="{service}"}}[@{{window}}]))'
        ),
        above=above,
    )


def healthy(service: str, *, below: float = 0.05) -> Sign:
    """That few of a service's requests fail."""
    query = failing(service, above=0).query
    return Sign(says=f"{service}: failing share below {below:g}", query=query, below=below)


def slow(service: str, *, above: float = -1.0, below: float = float("inf")) -> Sign:
    """The 95th percentile of a service's latency, in seconds."""
    bounds = f"above {above:g}" if above > 0 else f"below {below:g}"
    return Sign(
        says=f"{service}: p95 {bounds} s",
        query=(
            "histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket"
            f'{{service="{service}"}}[@{{window}}])))'
        ),
        above=above,
        below=below,
    )
