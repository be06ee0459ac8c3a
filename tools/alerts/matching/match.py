"""Finds the service that an alert is about. Pure: labels, the catalogue and what backends know decide.

The rules of `conventions.yaml` are asked in their order, and the first that names one service of the
catalogue decides. What tells about others (an exporter, a scraper) is never taken for what is meant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from incidents.match import UNKNOWN, Match
from tools.alerts.identity import workload_of
from tools.alerts.matching.conventions import (
    Conventions,
    ExporterKind,
    Form,
    LabelRule,
    conventions,
    exporter_kind,
)
from tools.alerts.matching.names import ServiceNames
from tools.alerts.matching.spellings import host_of, spellings
from tools.alerts.matching.topology import NOTHING_KNOWN, Thing, Topology
from tools.wording import plain

#: The pseudo label under which the rules name what the sender itself calls the service.
SENDER = "sender"
#: Labels in which a scraper may have written its own name.
_SCRAPERS = frozenset({"service label", "container", "job", "pod", "process", "unit", "exported job"})
_MACHINE = frozenset({Form.HOST, Form.TARGET})
#: Forms that name something that runs, not a place.
_WORKLOADS = frozenset({
    Form.NAME, Form.OTEL, Form.ROUTE, Form.WORKLOAD, Form.POD, Form.CLAIM, Form.CONTAINER, Form.STACKED,
    Form.UNIT,
})  # fmt: skip
_THINGS = {
    Form.POD: Thing.POD,
    Form.WORKLOAD: Thing.WORKLOAD,
    Form.CLAIM: Thing.CLAIM,
    Form.ROUTE: Thing.WORKLOAD,
}


@dataclass(frozen=True)
class Matcher:
    """Matches alerts against one catalogue.

    Args:
        names: of its services.
        topology: what the backends know.
    """

    names: ServiceNames
    topology: Topology = NOTHING_KNOWN

    def match(self, labels: Mapping[str, str], source: str = "", sent: str | None = None) -> Match:
        """What an alert is about.

        Args:
            labels: as the sender attached them.
            source: the name of the sender's form.
            sent: what the sender itself calls the service, if it has a field for that.
        """
        known = conventions()
        written = known.plain_labels(labels)
        # What the sender calls the service may be taken from a label that has a rule of its own.
        if sent and all(value != sent for name, (_, value) in written.items() if name in known.asked):
            written[SENDER] = (SENDER, sent)
        values = {plain_name: value for plain_name, (_, value) in written.items()}
        spelled = {plain_name: name for plain_name, (name, _) in written.items()}
        return _Question(self.names, self.topology, values, spelled, source, known).answer()


@dataclass(frozen=True)
class _Question:
    names: ServiceNames
    topology: Topology
    labels: Mapping[str, str]
    spelled: Mapping[str, str]
    source: str
    known: Conventions

    def answer(self) -> Match:
        return (
            self._confirmed()
            or self._labelled()
            or next(self._by_rules(), None)
            or self._alone_in_namespace()
            or self._place()
            or self._exporter_itself()
            or self._unknown()
        )

    @cached_property
    def _namespace(self) -> str:
        return self._first(self.known.namespaces)

    @cached_property
    def _scraper(self) -> ExporterKind | None:
        """The kind of exporter that tells this, if one does."""
        own = (self.labels.get(name, "") for name in ("job", "service"))
        kinds = [exporter_kind(name) for name in own if name]
        return next((kind for kind in kinds if kind), None)

    def _first(self, labels: tuple[str, ...]) -> str:
        return next((self.labels[name] for name in labels if name in self.labels), "")

    def _found(self, service: str, rule: str, label: str, value: str, how: str = "") -> Match:
        name = plain(self.spelled.get(label, label), 60)
        what = "what the sender names" if label == SENDER else f"the label {name}"
        sentence = f"{service}: by {what}, {plain(value, 80)!r}{how}"
        return Match(service=service, rule=rule, sentence=sentence)

    def _confirmed(self) -> Match | None:
        if not self.names.has_aliases:
            return None
        for _, label, value in self._telling:
            for text in (value, host_of(value), workload_of(value)):
                if service := self.names.said(text):
                    return self._found(service, "alias", label, value, ", as a person confirmed")
        return None

    def _labelled(self) -> Match | None:
        found = self.names.labelled(self.labels, self.source)
        return self._found(*found[:1], "catalogue", *found[1:], ", as nexus.yaml says") if found else None

    @cached_property
    def _telling(self) -> list[tuple[LabelRule, str, str]]:
        """The labels that a rule asks for, with their values, in the order in which they are asked."""
        places = sorted((place, label) for label in self.labels for place in self.known.places_of(label))
        return [(self.known.rules[place.rule], label, self.labels[label]) for place, label in places]

    def _by_rules(self) -> Iterator[Match]:
        for rule, label, value in self._telling:
            if self._is_scrapers_own(rule, label, value):
                continue
            if rule.form in _MACHINE:
                match = self._at_machine(rule, label, value)
            else:
                match = self._named(rule, label, value)
            if match:
                yield match

    def _is_scrapers_own(self, rule: LabelRule, label: str, value: str) -> bool:
        if rule.form in _MACHINE and label == "instance":
            return self._scraper is ExporterKind.AGGREGATORS and "://" not in value
        name = workload_of(value) if rule.form is Form.POD else value
        return rule.rule in _SCRAPERS and exporter_kind(name) is not None

    def _named(self, rule: LabelRule, label: str, value: str) -> Match | None:
        space = self._namespace
        if rule.rule in ("mesh", "gateway"):
            space = self._first(self.known.gateway_namespaces)
        if thing := _THINGS.get(rule.form):
            known = self.topology.on(thing, value, space) or self.topology.on(thing, value, self._namespace)
            if service := self._only(known):
                return self._found(service, rule.rule, label, value, self._as_of)
        form = rule.form
        if form is Form.COMPOSED and self.known.tells_of_containers(self.labels.get("job", "")):
            form = Form.CONTAINER
        service = self.names.find(spellings(value, form, space), form, space)
        return self._found(service, rule.rule, label, value) if service else None

    def _at_machine(self, rule: LabelRule, label: str, value: str) -> Match | None:
        """By an address: the catalogue's, then what the backends know of it, then how it is called."""
        if service := self.names.at(value):
            return self._found(service, rule.rule, label, value, ", an address of it in nexus.yaml")
        if label == "instance" and self._scraper is not ExporterKind.HOST:
            service = self._only(self.topology.at_instance(value))
            if service:
                return self._found(service, rule.rule, label, value, self._as_of)
        if "://" in value and (service := self._only(self.topology.behind(value))):
            return self._found(service, rule.rule, label, value, self._as_of)
        if rule.form is Form.HOST and (on_it := self._on_host(value)):
            alone = self._only(on_it) if self._is_whole_host(value) else None
            return (
                self._found(alone, rule.rule, label, value, f", which nothing else stands on{self._as_of}")
                if alone
                else None
            )
        service = self.names.find(spellings(value, rule.form, self._namespace), Form.HOST)
        return self._found(service, rule.rule, label, value) if service else None

    def _on_host(self, value: str) -> tuple[str, ...]:
        return self.topology.on(Thing.HOST, self._host(value))

    def _host(self, value: str) -> str:
        """The host of an address, by its node's name if it is one of a cluster."""
        return self.topology.nodes.get(host_of(value), host_of(value))

    def _is_whole_host(self, value: str) -> bool:
        """Whether an alert about this machine is one about what alone stands on it: no node of a cluster."""
        return host_of(value) not in self.topology.nodes

    @staticmethod
    def _only(services: tuple[str, ...]) -> str | None:
        return services[0] if len(services) == 1 else None

    @property
    def _as_of(self) -> str:
        at = self.topology.at
        return f", by its series as of {at:%H:%M} UTC" if at else ""

    def _alone_in_namespace(self) -> Match | None:
        if self._thing or self._scraper is ExporterKind.HOST or not self._namespace:
            return None
        service = self.names.alone_in(self._namespace)
        how = ", which it has for itself"
        return self._found(service, "namespace", "namespace", self._namespace, how) if service else None

    def _place(self) -> Match | None:
        """The host, zone or cluster that it is about, unless it names something that stands there."""
        if self.known.is_cluster_job(self.labels.get("job", "")):
            return self._standing("cluster", self._first(self.known.places[-1].labels))
        if self._thing:
            return None
        for rule in self.known.places:
            if value := self._first(rule.labels):
                return self._standing(rule.place, value)
        return self._standing("namespace", self._namespace) if self._namespace else None

    def _standing(self, place: str, value: str) -> Match:
        name = self._host(value) if place == "host" else value
        services = self.topology.on(Thing(place), name)
        shown = plain(f"{place} {name}".strip(), 80)
        if not services and place in ("host", "namespace"):
            return self._unknown(shown)
        on_it = (
            f"on it stand {', '.join(services)}{self._as_of}"
            if services
            else "what stands on it is not known"
        )
        return Match(place=shown, services=services, rule=place, sentence=f"{shown}: {on_it}")

    def _exporter_itself(self) -> Match | None:
        """Of an exporter that the catalogue lists, and an alert that names nothing else."""
        for label in ("service", "app", "job"):
            value = self.labels.get(label, "")
            if exporter_kind(value) is not None:
                service = self.names.find(spellings(value, Form.NAME), Form.NAME, self._namespace)
                if service:
                    return self._found(service, "exporter", label, value)
        return None

    def _unknown(self, place: str = "") -> Match:
        named = self._thing or self._called(frozenset(Form))
        what = f"; the alert calls it {named!r}" if named else ""
        return Match(place=place, rule=UNKNOWN, sentence=f"service unknown{what}", named=named)

    @cached_property
    def _thing(self) -> str:
        """How the alert calls the workload that it is about, if it names one."""
        return self._called(_WORKLOADS)

    def _called(self, forms: frozenset[Form]) -> str:
        """How the alert calls what is not known, by its most telling label of these forms."""
        for rule, label, value in self._telling:
            if rule.form in forms and not self._is_scrapers_own(rule, label, value):
                name = workload_of(value) if rule.form is Form.POD else value
                return plain(host_of(name) if rule.form in _MACHINE else name, 80)
        return ""
