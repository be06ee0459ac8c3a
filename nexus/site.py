"""`nexus.yaml`: the system that a live Nexus looks after. Secrets stand in it by reference only."""

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from incidents.action import ActionKind
from incidents.catalogue import Catalogue, Service
from incidents.document import hint, parse_document, read_yaml
from incidents.duration import Duration
from incidents.errors import SettingsError
from incidents.policy import ApprovalPolicy, Rule
from incidents.safety import Freeze, Limits
from incidents.value import Value
from tools.live.secrets import SecretRef
from tools.live.spec import Backends
from tools.ports import Spans

FILE = "nexus.yaml"


class Person(Value):
    """Somebody who may decide; without `may` on every kind of change."""

    name: str = Field(min_length=1)
    may: tuple[ActionKind, ...] = ()


class Approval(Value):
    """How changes are approved."""

    rules: tuple[Rule, ...] = ()
    valid_for: Duration = Field(default=timedelta(minutes=30), description="how long an approval counts")


class Thresholds(Value):
    """Where the escalation matrix needs a number of yours."""

    revenue: float | None = Field(default=None, ge=0, description="the $X of the row on revenue")


class Windows(Value):
    """How far an incident looks back, counted from its opening."""

    lookback: Duration = Field(default=timedelta(minutes=20), description="of what is searched for the cause")
    quiet: Duration = Field(default=timedelta(minutes=60), description="before that: how things usually are")
    recent: Duration = Field(
        default=timedelta(minutes=2), description="what counts as now: twice an alert rule's `for` at most"
    )
    lead: Duration = Field(
        default=timedelta(minutes=4), description="an alert may be this much later than its fault"
    )

    @property
    def spans(self) -> Spans:
        """How the world is looked at."""
        return Spans(lookback=self.lookback, recent=self.recent, lead=self.lead)


class Intake(Value):
    """The door for alerts."""

    token: SecretRef | None = Field(default=None, description="what a sender has to show as a bearer token")
    join_within: Duration = Field(
        default=timedelta(minutes=15), description="an alert of a connected service joins a younger incident"
    )


class Site(Value):
    """Everything that `nexus.yaml` says."""

    format: Literal[1] = 1
    environment: str = "production"
    services: tuple[Service, ...] = Field(min_length=1)
    backends: Backends = Backends()
    people: tuple[Person, ...] = ()
    approval: Approval = Approval()
    freezes: tuple[Freeze, ...] = ()
    limits: Limits = Limits()
    thresholds: Thresholds = Thresholds()
    windows: Windows = Windows()
    intake: Intake = Intake()

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [service.name for service in self.services]
        servers = [server.name for server in self.backends.mcp]
        for part, listed in (("services", names), ("backends.mcp", servers)):
            if doubled := sorted({name for name in listed if listed.count(name) > 1}):
                raise ValueError(f"{part}: {doubled[0]!r} stands twice")
        for place, name in self._names_used():
            if name not in names:
                near = get_close_matches(name, names, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
                raise ValueError(f"{place}: there is no service {name!r}; {hint}")
        return self

    def _names_used(self) -> list[tuple[str, str]]:
        """Every service that is named somewhere, with where."""
        used = [
            (f"services.{service.name}.depends_on", name)
            for service in self.services
            for name in service.depends_on
        ]
        for number, action in enumerate(self.backends.actions):
            used += [(f"backends.actions[{number}].services", name) for name in _served(action.services)]
        if (screens := self.backends.screens) is not None:
            used += [(f"backends.screens.pages.{page.name}.service", page.service) for page in screens.pages]
        for number, freeze in enumerate(self.freezes):
            used += [(f"freezes[{number}].services", name) for name in freeze.services]
        return used

    def need_roles(self, slugs: Iterable[str]) -> None:
        """Make sure that the roles exist which are given further tools.

        Raises:
            SettingsError: one does not.
        """
        known = tuple(slugs)
        for server in self.backends.mcp:
            for role in server.roles:
                if role not in known:
                    near = hint(role, list(known))
                    raise SettingsError(
                        f"backends.mcp.{server.name}.roles: there is no role {role!r}; {near}"
                    )

    @property
    def catalogue(self) -> Catalogue:
        """The services."""
        return Catalogue(services=self.services)

    @property
    def policy(self) -> ApprovalPolicy:
        """Who may decide on what, when nothing is changed, and how much at once."""
        return ApprovalPolicy(
            rules=self.approval.rules,
            environment=self.environment,
            people=tuple(person.name for person in self.people),
            rights={person.name: person.may for person in self.people if person.may},
            freezes=self.freezes,
            limits=self.limits,
            approved_for=self.approval.valid_for,
        )


def load_site(path: Path) -> Site:
    """Read a `nexus.yaml`; relative paths in it are taken from its folder by who runs Nexus there.

    Raises:
        SettingsError: it cannot be read or breaks a rule; one line for each mistake, with its path in
            the file, the value and the nearest right one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}: the configuration cannot be read: {error}; `nexus init` writes a first one"
        ) from None
    content = read_yaml(text, source=str(path), error=SettingsError)
    return parse_document(content, Site, source=str(path), error=SettingsError)


def _served(services: tuple[str, ...] | dict[str, str]) -> tuple[str, ...]:
    return tuple(services.values()) if isinstance(services, dict) else services
