"""`nexus.yaml`: the system that a live Nexus looks after. Secrets stand in it by reference only."""

from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from incidents.autonomy import Autonomy
from incidents.catalogue import Catalogue, Service
from incidents.causes import Card, mistakes
from incidents.change_limits import Freeze, Limits
from incidents.currency import Currency
from incidents.document import hint, parse_document, read_yaml
from incidents.duration import Duration, DurationOrNone
from incidents.errors import AlertError, SettingsError
from incidents.language import Language, LanguageSetting
from incidents.policy import ApprovalPolicy, Rule
from incidents.value import Value
from nexus.config.causes import shipped_causes
from nexus.config.database import StoreSettings
from nexus.config.notify import Notify
from nexus.config.people import Person, same_people
from nexus.config.permitted import permitted_too_much
from nexus.config.senders import Senders
from nexus.config.server import Server
from nexus.config.shadow import ShadowSettings
from nexus.config.status_page import StatusPageSettings
from nexus.notify.tickets.settings import AnyTracker
from nexus.oncall.settings import AnySchedule
from nexus.store.records import DEFAULT_SITE
from tools.alerts.body import plain_word
from tools.alerts.form import Form
from tools.alerts.mapping import form_of
from tools.alerts.matching.names import clashes
from tools.alerts.registry import forms_named
from tools.extras import Extra, install_command, missing_extras
from tools.live.secrets import SecretRef
from tools.live.settings import Backends, Http
from tools.live.settings_references import services_named
from tools.spans import Spans

FILE = "nexus.yaml"
#: A configuration that is larger is none, in bytes.
LARGEST = 1_000_000


class Approval(Value):
    """How changes are approved."""

    rules: tuple[Rule, ...] = ()
    valid_for: Duration = Field(default=timedelta(minutes=30), description="how long an approval counts")
    chat: bool = Field(default=True, description="false: a change is decided on its page, never in a chat")


class Thresholds(Value):
    """Where the escalation matrix needs a number of yours."""

    revenue: float | None = Field(default=None, ge=0, description="the $X of the row on revenue")
    currency: Currency | None = Field(default=None, description="that in which revenue is measured")


class ArrivalDelays(Value):
    """How long after its time a row of each channel can be read; a backtest shows none earlier."""

    metrics: DurationOrNone = timedelta(seconds=30)
    logs: DurationOrNone = timedelta(seconds=10)
    traces: DurationOrNone = Field(default=timedelta(seconds=30), description="from the end of a span")
    changes: DurationOrNone = timedelta()


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
    arrival: ArrivalDelays = ArrivalDelays()

    @property
    def spans(self) -> Spans:
        """How the world is looked at."""
        return Spans(lookback=self.lookback, recent=self.recent, lead=self.lead)


class Intake(Value):
    """The door for alerts."""

    token: SecretRef | None = Field(default=None, description="what a sender has to show as a bearer token")
    join_within: DurationOrNone = Field(
        default=timedelta(minutes=15),
        description="an alert of a connected service joins a younger incident; 0m: never",
    )
    heartbeats: dict[str, Duration] = Field(
        default={}, description="how often an alert is expected that always fires, by its name"
    )
    backlog: int = Field(
        default=20_000, ge=1, description="past so many waiting alerts only known ones and P0 are taken"
    )
    keep_bodies: Duration = Field(default=timedelta(days=30), description="what was sent is kept this long")
    most_body_bytes: int = Field(
        default=1_000_000_000, ge=1_000_000, description="of all that was sent, the oldest goes first"
    )
    senders: Senders = Field(default={}, description="how senders show who they are; forms of one's own")

    @property
    def proves_senders(self) -> bool:
        """Whether nobody is let in without showing something."""
        return self.token is not None or any(sender.shows for sender in self.senders.values())

    def api_of(self, named: str | None, form: str) -> Http | None:
        """Where a sender can be asked: by the name that its address has, else by that of its form."""
        known = {plain_word(name): one.api for name, one in self.senders.items() if one.api is not None}
        own = known.get(plain_word(named)) if named else None
        return own or next((api for name, api in known.items() if form in _forms_called(name)), None)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that are described here."""
        return tuple(form_of(name, one.reads) for name, one in self.senders.items() if one.reads is not None)


def _forms_called(name: str) -> tuple[str, ...]:
    try:
        return tuple(one.name for one in forms_named(name))
    except AlertError:
        return ()


class DrillTarget(Value):
    """A service on which a drill may really make a change and take it back, such as a staging service."""

    service: str
    stands_for: tuple[str, ...] = Field(default=(), description="services for which that counts, too")
    watch: Duration = Field(default=timedelta(minutes=5), description="after the change, and after its undo")


class Hands(Value):
    """How many incidents one process drives at the same time, and for how long it holds one."""

    at_once: int = Field(default=8, ge=1, description="hands; with two or more, one takes nothing but P0")
    lease: Duration = Field(
        default=timedelta(seconds=30), description="after this much silence another process goes on"
    )
    drain_for: Duration = Field(
        default=timedelta(seconds=20), description="how long steps may go on after SIGTERM"
    )


class Site(Value):
    """Everything that `nexus.yaml` says."""

    format: Literal[1] = 1
    site: str = Field(
        default=DEFAULT_SITE, pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="whose incidents these are"
    )
    environment: str = "production"
    language: LanguageSetting = Field(
        default=Language.EN, description="in which people are told of incidents"
    )
    services: tuple[Service, ...] = Field(min_length=1)
    backends: Backends = Backends()
    people: tuple[Person, ...] = ()
    oncall: tuple[AnySchedule, ...] = Field(default=(), description="where it is planned who is on duty")
    approval: Approval = Approval()
    autonomy: Autonomy | None = Field(
        default=None, description="how many people sign which change, down to none; not given: always one"
    )
    causes: tuple[Card, ...] = Field(
        default=(), description="cause cards of your own; one of a word that ships takes its place"
    )
    shadow: ShadowSettings = Field(default=ShadowSettings(), description="what nothing leaves Nexus of")
    freezes: tuple[Freeze, ...] = ()
    limits: Limits = Limits()
    thresholds: Thresholds = Thresholds()
    drills: tuple[DrillTarget, ...] = Field(default=(), description="where `nexus drill --really` may act")
    windows: Windows = Windows()
    intake: Intake = Intake()
    worker: Hands = Hands()
    server: Server = Server()
    store: StoreSettings = StoreSettings()
    status: StatusPageSettings = StatusPageSettings()
    notify: Notify = Notify()
    tickets: AnyTracker | None = Field(default=None, description="the tracker that action items go to")

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        names = [service.name for service in self.services]
        listed = {
            "services": names,
            "people": [person.name for person in self.people],
            "oncall": [one.name for one in self.oncall],
            "backends.mcp": [server.name for server in self.backends.mcp],
        }
        wrong = [
            f"{part}: {name!r} stands twice"
            for part, given in listed.items()
            for name in dict.fromkeys(given)
            if given.count(name) > 1
        ]
        wrong += [
            f"{place}: there is no service {name!r}; {hint(name, list(dict.fromkeys(names)))}"
            for place, name in self._names_used()
            if name not in names
        ]
        known = [one.name for one in self.notify.destinations]
        wrong += [
            f"people.{one.name}.contacts: there is no destination {way.to!r}; {hint(way.to, known)}"
            for one in self.people
            for way in one.contacts
            if way.to not in known
        ]
        wrong += same_people(self.people)
        wrong += clashes(self.services)
        wrong += permitted_too_much(self.autonomy, self._approval, told=bool(self.notify.destinations))
        wrong += mistakes(self.causes, shipped_causes().cards) if self.causes else []
        if self.status.mail is not None and self.server.public_url is None:
            wrong.append("status.mail: its links need `server.public_url`, where browsers reach Nexus")
        wrong += [f"services[{n}].name: it is empty" for n, name in enumerate(names) if not name.strip()]
        if wrong:
            raise PydanticCustomError("mistakes", "{lines}", {"lines": "\n".join(wrong)})
        return self

    def _names_used(self) -> list[tuple[str, str]]:
        """Every service that is named somewhere, with where."""
        used = [
            (f"services.{service.name}.depends_on", name)
            for service in self.services
            for name in service.depends_on
        ]
        for number, target in enumerate(self.drills):
            used += [(f"drills[{number}]", name) for name in (target.service, *target.stands_for)]
        used += services_named(self.backends)
        used += [(f"people.{one.name}.services", name) for one in self.people for name in one.services]
        for number, route in enumerate(self.notify.routes):
            used += [(f"notify.routes[{number}].services", name) for name in route.services]
        used += [(f"oncall.{one.name}.services", name) for one in self.oncall for name in one.services]
        used += [("shadow.services", name) for name in self.shadow.services]
        for number, rule in enumerate(self.autonomy.rules if self.autonomy is not None else ()):
            used += [(f"autonomy.rules[{number}].services", name) for name in rule.services]
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

    def need_extras(self) -> None:
        """Make sure that everything is installed that the backends need.

        Raises:
            SettingsError: something is not; the message has the line that installs all of it.
        """
        backends = self.backends
        wanted: dict[Extra, str] = {}
        if backends.screens is not None:
            wanted["browser"] = "backends.screens"
        if backends.mcp:
            wanted["mcp"] = "backends.mcp"
        if any(one.kind == "cloudwatch" for one in backends.logs):
            wanted["aws"] = "backends.logs"
        if backends.metrics is not None and backends.metrics.kind == "cloudwatch":
            wanted["aws"] = "backends.metrics"
        if any(one.kind == "calendar" for one in self.oncall):
            wanted["calendar"] = "oncall"
        for number, health in enumerate(backends.health):
            if health.kind in ("postgres", "mariadb"):
                wanted.setdefault(health.kind, f"backends.health[{number}]")
        if missing := missing_extras(wanted):
            named = ", ".join(f"`{extra}` ({wanted[extra]})" for extra in missing)
            what = "the extra" if len(missing) == 1 else "the extras"
            raise SettingsError(
                f"nexus.yaml needs {what} {named}, not installed here; {install_command(*missing)}"
            )

    @cached_property
    def catalogue(self) -> Catalogue:
        """The services."""
        return Catalogue(services=self.services)

    @property
    def active_people(self) -> tuple[Person, ...]:
        """Those who are not disabled."""
        return tuple(person for person in self.people if not person.disabled)

    @property
    def _approval(self) -> ApprovalPolicy:
        return ApprovalPolicy(rules=self.approval.rules, environment=self.environment)

    @property
    def policy(self) -> ApprovalPolicy:
        """Who may decide on what, when nothing is changed, and how much at once."""
        return ApprovalPolicy(
            rules=self.approval.rules,
            environment=self.environment,
            autonomy=self.autonomy,
            people=tuple(person.name for person in self.active_people),
            authenticated=bool(self.people),
            rights={person.name: person.may for person in self.people if person.may or not person.decides},
            scopes={person.name: person.services for person in self.people if person.services},
            freezes=self.freezes,
            limits=self.limits,
            approved_for=self.approval.valid_for,
            chat=self.approval.chat,
        )


def load_site(path: Path) -> Site:
    """Read a `nexus.yaml`; a file of `notify` that says no whole path lies in its folder.

    Raises:
        SettingsError: it cannot be read or breaks a rule; one line for each mistake, with its path in
            the file, the value and the nearest right one.
    """
    try:
        if path.is_file() and (size := path.stat().st_size) > LARGEST:
            raise SettingsError(f"{path}: it has {size:,} bytes; a configuration has at most {LARGEST:,}")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise SettingsError(
            f"{path}: the configuration cannot be read: {why}; `nexus init` writes a first one"
        ) from None
    content = read_yaml(text, source=str(path), error=SettingsError)
    site = parse_document(content, Site, source=str(path), error=SettingsError)
    return site.model_copy(update={"notify": site.notify.beside(path.resolve().parent)})
